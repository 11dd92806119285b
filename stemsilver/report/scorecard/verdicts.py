"""The profile's gates, and what they say of each render and of the batch."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal, TypeAlias

from stemsilver.config import Profile
from stemsilver.records import Batch, Failure, ItemResult, Score
from stemsilver.report.scorecard.scores import scores
from stemsilver.report.text.wording import limit_text

Status: TypeAlias = Literal["pass", "gate_failed", "failed", "unmeasured"]


@dataclass(frozen=True)
class Gate:
    """One limit of the profile: `minimum` ≤ the metric's value ≤ `maximum`, where given."""

    gate: str
    label: str
    metric: str
    limit: str
    minimum: float | None = None
    maximum: float | None = None

    def admits(self, value: float) -> bool:
        """Whether `value`, unrounded, is within the limit; the limit itself is."""
        above = self.minimum is None or value >= self.minimum
        below = self.maximum is None or value <= self.maximum
        return above and below


@dataclass(frozen=True)
class Verdict:
    """What one gate says of one render.

    `passed` is None where the score is null: what could not be measured neither passes nor
    fails.
    """

    gate: str
    label: str
    metric: str
    limit: str
    passed: bool | None


@dataclass(frozen=True)
class Totals:
    """Renders of a batch by what became of them.

    `cleaned` = `passed` + `gate_failed`; `unmeasured` counts the cleaned renders with a gate
    that could not be measured. `audio_seconds` covers every render that could be decoded.
    """

    items: int
    cleaned: int
    passed: int
    gate_failed: int
    failed: int
    unmeasured: int
    audio_seconds: float


def gates(profile: Profile) -> tuple[Gate, ...]:
    """The five gates of `profile`, in the order of the scorecard."""
    limits = profile.gates
    lufs, tolerance = profile.postprocess.final_lufs, limits.lufs_tolerance
    return (
        _gate(
            "music_to_speech",
            "Music to speech",
            "music_to_speech_db",
            maximum=limits.music_to_speech_db_max,
        ),
        _gate(
            "loudness",
            "Loudness",
            "clean_lufs",
            minimum=lufs - tolerance,
            maximum=lufs + tolerance,
        ),
        _gate("true_peak", "True peak", "clean_true_peak_dbtp", maximum=limits.true_peak_db_max),
        _gate("wer", "WER raw to clean", "wer_raw_to_clean", maximum=limits.wer_max),
        _gate("stoi", "STOI against Stage A", "stoi_vs_stage_a", minimum=limits.stoi_min),
    )


def verdicts(item: ItemResult, profile: Profile) -> tuple[Verdict, ...]:
    """What each gate of `profile` says of `item`, in the order of `gates`."""
    found = scores(item)
    return tuple(
        Verdict(
            gate.gate,
            gate.label,
            gate.metric,
            gate.limit,
            passes(gate, found),
        )
        for gate in gates(profile)
    )


def status(item: ItemResult, profile: Profile) -> Status:
    """`failed` without an output, `gate_failed` when a gate says no, else `pass`.

    `unmeasured` when no gate could be measured at all, as for a silent render: what nothing is
    known of has not passed.
    """
    return status_under(item.failure, scores(item), gates(profile))


def status_under(
    failure: Failure | None, found: Mapping[str, Score], limits: Sequence[Gate]
) -> Status:
    """The `status` of a render that has these scores, under these limits."""
    if failure is not None:
        return "failed"
    said = [passes(gate, found) for gate in limits]
    if False in said:
        return "gate_failed"
    return "pass" if True in said else "unmeasured"


def passes(gate: Gate, found: Mapping[str, Score]) -> bool | None:
    """What a gate says of a render's scores; None where it could not be measured."""
    value = found[gate.metric].value
    return None if value is None else gate.admits(value)


def totals(batch: Batch, profile: Profile) -> Totals:
    """Count the renders of `batch` by what became of them."""
    states = [status(item, profile) for item in batch.items]
    unmeasured = [
        item
        for item in batch.items
        if item.failure is None and any(v.passed is None for v in verdicts(item, profile))
    ]
    failed = states.count("failed")
    return Totals(
        items=len(states),
        cleaned=len(states) - failed,
        passed=states.count("pass"),
        gate_failed=states.count("gate_failed"),
        failed=failed,
        unmeasured=len(unmeasured),
        audio_seconds=sum(item.duration for item in batch.items),
    )


def all_good(count: Totals) -> bool:
    """Whether every render was cleaned and no gate failed: exit code 0 instead of 1."""
    return not (count.failed or count.gate_failed)


def batch_verdict(count: Totals) -> str:
    """The outcome in one plain sentence, without a full stop."""
    if count.passed == count.items:
        measured = " that could be measured" if count.unmeasured else ""
        sentence = f"every render passes every gate{measured}"
    else:
        parts = [f"{count.passed} of {count.items} pass"]
        if count.gate_failed:
            parts.append(f"{count.gate_failed} failed a gate")
        if count.failed:
            parts.append(f"{count.failed} could not be cleaned")
        sentence = ", ".join(parts)
    if count.unmeasured:
        sentence += f"; gates not measurable on {count.unmeasured}"
    return sentence


def _gate(
    gate: str,
    label: str,
    metric: str,
    *,
    minimum: float | None = None,
    maximum: float | None = None,
) -> Gate:
    return Gate(gate, label, metric, limit_text(metric, minimum, maximum), minimum, maximum)
