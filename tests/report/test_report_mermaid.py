from __future__ import annotations

from typing import Any

import mermaidx
import pytest

from stemsilver.config import Profile
from stemsilver.report import pipeline_mermaid


def with_section(profile: Profile, section: str, **values: Any) -> Profile:
    changed = getattr(profile, section).model_copy(update=values)
    return profile.model_copy(update={section: changed})


def test_the_diagram_shows_the_profile_s_own_values(profile: Profile) -> None:
    profile = with_section(profile, "beta_wiener", enabled=True)
    source = pipeline_mermaid(profile)
    assert source.startswith("flowchart TD\n")
    for model in profile.separation.models:
        assert model.model_name in source
    wanted = [
        f"fusion: {profile.separation.fusion}",
        f"STFT {profile.separation.fusion_fft} / {profile.separation.fusion_hop}",
        f"β {profile.beta_wiener.beta:g}, floor {profile.beta_wiener.floor:g}",
        "−16 LUFS",
        "high-pass 70 Hz",
        "shelf +1 dB at 12 kHz",
        profile.evaluation.asr.model_name,
        profile.evaluation.music.backend,
    ]
    assert [text for text in wanted if text not in source] == []


def test_a_step_that_does_not_run_is_not_shown(profile: Profile) -> None:
    source = pipeline_mermaid(with_section(profile, "beta_wiener", enabled=False))
    assert "wiener" not in source
    assert "denoise --> polish" in source
    quiet = with_section(profile, "postprocess", highpass_hz=0.0, high_shelf_db=0.0)
    assert "high-pass" not in pipeline_mermaid(quiet)
    assert "shelf" not in pipeline_mermaid(quiet)


def test_the_denoiser_or_its_absence(profile: Profile) -> None:
    none = pipeline_mermaid(with_section(profile, "enhancement", model_name="none"))
    assert "No denoiser" in none
    some = with_section(
        profile, "enhancement", model_name="deepfilternet3", dry_wet=0.35, residual_blend=0.05
    )
    assert "wet 35 %<br/>undenoised mixed in 5 %" in pipeline_mermaid(some)


def test_the_mixture_s_share_has_an_arrow_of_its_own(profile: Profile) -> None:
    some = with_section(profile, "enhancement", model_name="deepfilternet3", mixture_share=0.25)
    assert '"25 % of<br/>the mixture" --> denoise' in pipeline_mermaid(some)
    none = with_section(profile, "enhancement", mixture_share=0.0)
    assert "the mixture" not in pipeline_mermaid(none)


def test_one_separator_has_nothing_to_fuse(profile: Profile) -> None:
    alone = with_section(profile, "separation", models=profile.separation.models[:1])
    assert "fusion" not in pipeline_mermaid(alone)


def test_it_renders(profile: Profile) -> None:
    whole = with_section(profile, "beta_wiener", enabled=True)
    picture = mermaidx.render(pipeline_mermaid(whole)).svg()
    assert "Beta-Wiener mask" in picture
    assert "Syntax error" not in picture


@pytest.mark.parametrize(
    "name", ['x"]; click raw "javascript:alert(1)"', "<script>alert(1)</script>", "`a`\n#quot;end"]
)
def test_no_name_leaves_its_label(profile: Profile, name: str) -> None:
    model = profile.separation.models[0].model_copy(update={"model_name": name})
    hostile = with_section(profile, "separation", models=(model,)).model_copy(update={"name": name})
    calm = with_section(profile, "separation", models=profile.separation.models[:1])
    source = pipeline_mermaid(hostile)
    assert len(source.splitlines()) == len(pipeline_mermaid(calm).splitlines())
    assert "<script" not in source
    assert "`" not in source
    picture = mermaidx.render(source).svg()
    assert "<script" not in picture
    assert "<a" not in picture, "no link"
