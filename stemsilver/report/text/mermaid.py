"""The pipeline of a profile as Mermaid source."""

from __future__ import annotations

import re

from stemsilver.config import BetaWiener, Enhancement, Postprocess, Profile
from stemsilver.report.scorecard.models import music_settings, separator_settings
from stemsilver.report.text.wording import percent, setting, visible
from stemsilver.translation import gettext as _

_DOWN, _ACROSS = "flowchart TD\n", "flowchart LR\n"


def pipeline_mermaid(profile: Profile) -> str:
    """Return a top-down Mermaid flowchart of the steps that `profile` runs, with its values.

    Top-down, because a chain of steps then fits a phone's width without shrinking. Every label is
    quoted and encoded, so that no name can act as Mermaid source.
    """
    title = re.sub(r"[^\w .-]", " ", visible(profile.name))
    lines = [
        "accTitle: " + _("Stemsilver pipeline with the profile {name}").format(name=title),
        f'raw("{_label(_("Raw render"))}") --> preprocess',
        *_separation(profile),
        f'fuse -- "{_label(_("vocals"))}" --> denoise',
        *_denoise(profile.enhancement),
        *_wiener(profile.beta_wiener),
        _node("polish", _("Polish"), *_polish(profile.postprocess)),
        f'polish --> clean("{_label(_("Speech only"))}")',
        "clean -.-> evaluate",
        _node("evaluate", _("Evaluate raw and clean"), *_evaluation(profile)),
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
            _("Preprocess"),
            f"{setting(before.loudnorm_target_lufs)} LUFS",
            _true_peak(before.true_peak_db),
        )
    ]
    for index, model in enumerate(stage.models):
        name = f"separator{index}"
        lines.append(_node(name, _("Separate"), model.model_name, *separator_settings(model)))
        lines.append(f"preprocess --> {name} --> fuse")
    # With one separator there is nothing to fuse, whatever the rule.
    rule = [_("fusion: {rule}").format(rule=stage.fusion)] if len(stage.models) > 1 else []
    stft = f"STFT {stage.fusion_fft} / {stage.fusion_hop}"
    return [*lines, _node("fuse", _("Ratio mask"), *rule, stft)]


def _denoise(stage: Enhancement) -> list[str]:
    if stage.model_name == "none":
        return [_node("denoise", _("No denoiser")), "class denoise absent"]
    lines = [stage.model_name, _("wet {share}").format(share=percent(stage.dry_wet))]
    if stage.narrowband_dry_wet is not None:
        narrow = percent(stage.narrowband_dry_wet)
        lines.append(_("under 16 kHz: {share}").format(share=narrow))
    if stage.residual_blend:
        blend = percent(stage.residual_blend)
        lines.append(_("undenoised mixed in {share}").format(share=blend))
    node = _node("denoise", _("Denoise"), *lines)
    if not stage.mixture_share:
        return [node]
    # Two lines, because in the left-to-right chart the label sets the width of the step beside it.
    first, _space, rest = (
        _("{share} of|the mixture").format(share=percent(stage.mixture_share)).partition("|")
    )
    return [node, f'preprocess -- "{_label(first)}<br/>{_label(rest)}" --> denoise']


def _wiener(stage: BetaWiener) -> list[str]:
    if not stage.enabled:
        return ["denoise --> polish"]
    return [
        "denoise --> wiener",
        f'fuse -. "{_label(_("residual"))}" .-> wiener',
        _node(
            "wiener",
            _("Beta-Wiener mask"),
            _("β {beta}, floor {floor}").format(
                beta=setting(stage.beta), floor=setting(stage.floor)
            ),
            f"STFT {stage.fft_size} / {stage.hop_length}",
        ),
        "wiener --> polish",
    ]


def _polish(stage: Postprocess) -> list[str]:
    lines = []
    if stage.highpass_hz:
        lines.append(_("high-pass {hertz} Hz").format(hertz=setting(stage.highpass_hz)))
    if stage.high_shelf_db:
        sign = "+" if stage.high_shelf_db > 0 else ""
        lines.append(
            _("shelf {gain} dB at {kilohertz} kHz").format(
                gain=f"{sign}{setting(stage.high_shelf_db)}",
                kilohertz=setting(stage.high_shelf_hz / 1000),
            )
        )
        lines.append(_("shelf Q {q}").format(q=setting(stage.high_shelf_q)))
    lines.append(f"{setting(stage.final_lufs)} LUFS")
    lines.append(_true_peak(stage.final_true_peak_db))
    return lines


def _true_peak(limit: float) -> str:
    return _("true peak ≤ {limit} dBTP").format(limit=setting(limit))


def _evaluation(profile: Profile) -> list[str]:
    models = profile.evaluation
    asr = models.asr
    return [
        f"{asr.backend} {asr.model_name}",
        _("beam {size}").format(size=asr.beam_size)
        + f", {asr.language}"
        + ("" if asr.vad else f", {_('no VAD')}"),
        _("music: {detector}").format(
            detector=" ".join([models.music.backend, *music_settings(models.music)])
        ),
        _("DNSMOS at least every {seconds} s").format(seconds=setting(models.dnsmos.hop_seconds)),
    ]


def _node(name: str, title: str, *lines: str) -> str:
    body = "<br/>".join([f"<b>{_label(title)}</b>", *(_label(line) for line in lines)])
    return f'{name}["{body}"]'


def _label(text: str) -> str:
    """Escape `text` for a quoted Mermaid label: special ASCII punctuation becomes an entity."""
    return re.sub(r"[^\w\s.,:/%+()≤≥±β−-]", lambda match: f"#{ord(match[0])};", visible(text))
