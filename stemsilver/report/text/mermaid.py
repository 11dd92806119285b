"""The pipeline of a profile as Mermaid source."""

from __future__ import annotations

import re

from stemsilver.config import BetaWiener, Enhancement, Postprocess, Profile
from stemsilver.report.scorecard.models import music_settings, separator_settings
from stemsilver.report.text.wording import percent, setting, visible

_DOWN, _ACROSS = "flowchart TD\n", "flowchart LR\n"


def pipeline_mermaid(profile: Profile) -> str:
    """Return a top-down Mermaid flowchart of the steps that `profile` runs, with its values.

    Top-down, because a chain of steps then fits a phone's width without shrinking. Every label is
    quoted and encoded, so that no name can act as Mermaid source.
    """
    title = re.sub(r"[^\w .-]", " ", visible(profile.name))
    lines = [
        f"accTitle: Stemsilver pipeline with the profile {title}",
        'raw("Raw render") --> preprocess',
        *_separation(profile),
        'fuse -- "vocals" --> denoise',
        *_denoise(profile.enhancement),
        *_wiener(profile.beta_wiener),
        _node("polish", "Polish", *_polish(profile.postprocess)),
        'polish --> clean("Speech only")',
        "clean -.-> evaluate",
        _node("evaluate", "Evaluate raw and clean", *_evaluation(profile)),
        "classDef signal stroke:#0d9488,stroke-width:2px",
        "class raw,clean signal",
        "classDef absent stroke-dasharray:4 4",
    ]
    return _DOWN + "".join(f"    {line}\n" for line in lines)


def sideways(mermaid: str) -> str:
    """Return the chart of `pipeline_mermaid` from left to right, for a wide screen."""
    return _ACROSS + mermaid.removeprefix(_DOWN)


def _separation(profile: Profile) -> list[str]:
    before, stage = profile.preprocess, profile.separation
    lines = [
        _node(
            "preprocess",
            "Preprocess",
            f"{setting(before.loudnorm_target_lufs)} LUFS",
            f"true peak ≤ {setting(before.true_peak_db)} dBTP",
        )
    ]
    for index, model in enumerate(stage.models):
        name = f"separator{index}"
        lines.append(_node(name, "Separate", model.model_name, *separator_settings(model)))
        lines.append(f"preprocess --> {name} --> fuse")
    # With one separator there is nothing to fuse, whatever the rule.
    rule = [f"fusion: {stage.fusion}"] if len(stage.models) > 1 else []
    stft = f"STFT {stage.fusion_fft} / {stage.fusion_hop}"
    return [*lines, _node("fuse", "Ratio mask", *rule, stft)]


def _denoise(stage: Enhancement) -> list[str]:
    if stage.model_name == "none":
        return [_node("denoise", "No denoiser"), "class denoise absent"]
    lines = [stage.model_name, f"wet {percent(stage.dry_wet)}"]
    if stage.narrowband_dry_wet is not None:
        lines.append(f"under 16 kHz: {percent(stage.narrowband_dry_wet)}")
    if stage.residual_blend:
        lines.append(f"undenoised mixed in {percent(stage.residual_blend)}")
    node = _node("denoise", "Denoise", *lines)
    if not stage.mixture_share:
        return [node]
    # Two lines, because in the left-to-right chart the label sets the width of the step beside it.
    share = f"{percent(stage.mixture_share)} of<br/>the mixture"
    return [node, f'preprocess -- "{share}" --> denoise']


def _wiener(stage: BetaWiener) -> list[str]:
    if not stage.enabled:
        return ["denoise --> polish"]
    return [
        "denoise --> wiener",
        'fuse -. "residual" .-> wiener',
        _node(
            "wiener",
            "Beta-Wiener mask",
            f"β {setting(stage.beta)}, floor {setting(stage.floor)}",
            f"STFT {stage.fft_size} / {stage.hop_length}",
        ),
        "wiener --> polish",
    ]


def _polish(stage: Postprocess) -> list[str]:
    lines = []
    if stage.highpass_hz:
        lines.append(f"high-pass {setting(stage.highpass_hz)} Hz")
    if stage.high_shelf_db:
        sign = "+" if stage.high_shelf_db > 0 else ""
        lines.append(
            f"shelf {sign}{setting(stage.high_shelf_db)} dB at "
            f"{setting(stage.high_shelf_hz / 1000)} kHz"
        )
        lines.append(f"shelf Q {setting(stage.high_shelf_q)}")
    lines.append(f"{setting(stage.final_lufs)} LUFS")
    lines.append(f"true peak ≤ {setting(stage.final_true_peak_db)} dBTP")
    return lines


def _evaluation(profile: Profile) -> list[str]:
    models = profile.evaluation
    asr = models.asr
    return [
        f"{asr.backend} {asr.model_name}",
        f"beam {asr.beam_size}, {asr.language}" + ("" if asr.vad else ", no VAD"),
        f"music: {' '.join([models.music.backend, *music_settings(models.music)])}",
        f"DNSMOS at least every {setting(models.dnsmos.hop_seconds)} s",
    ]


def _node(name: str, title: str, *lines: str) -> str:
    body = "<br/>".join([f"<b>{_label(title)}</b>", *(_label(line) for line in lines)])
    return f'{name}["{body}"]'


def _label(text: str) -> str:
    """Escape `text` for a quoted Mermaid label: special ASCII punctuation becomes an entity."""
    return re.sub(r"[^\w\s.,:/%+()≤≥±β−-]", lambda match: f"#{ord(match[0])};", visible(text))
