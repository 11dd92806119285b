from __future__ import annotations

from typing import Any

import mermaidx
import pytest

from stemsilver.report import pipeline_mermaid

from .planted_batch import PROFILE

MODELS = PROFILE.separation.models


def diagram(section: str, name: str = PROFILE.name, **values: Any) -> str:
    changed = getattr(PROFILE, section).model_copy(update=values)
    return pipeline_mermaid(PROFILE.model_copy(update={section: changed, "name": name}))


def test_the_diagram_shows_the_profile_s_own_values() -> None:
    source = diagram("beta_wiener", enabled=True)
    assert source.startswith("flowchart TD\n")
    wanted = [
        *(model.model_name for model in MODELS),
        f"fusion: {PROFILE.separation.fusion}",
        f"STFT {PROFILE.separation.fusion_fft} / {PROFILE.separation.fusion_hop}",
        "Beta-Wiener mask",
        f"β {PROFILE.beta_wiener.beta:g}, floor {PROFILE.beta_wiener.floor:g}",
        "−16 LUFS",
        "high-pass 70 Hz",
        "shelf +1 dB at 12 kHz",
        PROFILE.evaluation.asr.model_name,
        PROFILE.evaluation.music.backend,
    ]
    assert [text for text in wanted if text not in source] == []


def test_a_step_that_does_not_run_is_not_shown() -> None:
    source = diagram("beta_wiener", enabled=False)
    assert "wiener" not in source
    assert "denoise --> polish" in source
    quiet = diagram("postprocess", highpass_hz=0.0, high_shelf_db=0.0)
    assert "high-pass" not in quiet
    assert "shelf" not in quiet
    assert "fusion" not in diagram("separation", models=MODELS[:1]), "one has nothing to fuse"


def test_the_denoiser_or_its_absence_and_what_the_mixture_adds() -> None:
    assert "No denoiser" in diagram("enhancement", model_name="none")
    dfn: dict[str, Any] = {"model_name": "deepfilternet3", "dry_wet": 0.35, "residual_blend": 0.05}
    source = diagram("enhancement", **dfn, mixture_share=0.25)
    assert "wet 35 %<br/>under 16 kHz: 80 %<br/>undenoised mixed in 5 %" in source
    assert '"25 % of<br/>the mixture" --> denoise' in source
    assert "the mixture" not in diagram("enhancement", **dfn, mixture_share=0.0)


@pytest.mark.parametrize(
    "name", ['x"]; click raw "javascript:alert(1)"', "<script>alert(1)</script>", "`a`\n#quot;end"]
)
def test_no_name_leaves_its_label(name: str) -> None:
    source = diagram(
        "separation", name, models=(MODELS[0].model_copy(update={"model_name": name}),)
    )
    calm = diagram("separation", models=MODELS[:1])
    assert len(source.splitlines()) == len(calm.splitlines())
    picture = mermaidx.render(source).svg()
    assert "`" not in source
    assert "<script" not in source + picture
    assert "<a" not in picture, "no link"
