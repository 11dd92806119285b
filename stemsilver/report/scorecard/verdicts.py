"""The profile's gates, and what they say of each render and of the batch."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from stemsilver.config import Profile, digest
from stemsilver.evaluation.catalogue import METRICS
from stemsilver.records import Failure, ItemResult, Score, WeightRecord
from stemsilver.report.scorecard.scorecard import Gate, Scorecard, ScoredRender, Status, Verdict
from stemsilver.report.text.wording import limit_text

_LABELS = {
    "music_to_speech": "Music to speech",
    "loudness": "Loudness",
    "true_peak": "True peak",
    "wer": "WER raw to clean",
    "stoi": "STOI against Stage A",
}


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


def judge(
    results: Sequence[ItemResult],
    profile: Profile,
    *,
    created: str,
    tool_version: str,
    commit: str | None = None,
    weights: Sequence[WeightRecord] = (),
    device: str = "cpu",
) -> Scorecard:
    """The scorecard of a batch: every render's scores, and what the gates of `profile` say.

    `created` is ISO 8601 in UTC, `commit` that of the repository the build ran in, `weights` are
    the files that were used, and `device` is what the large models ran on. Evidence other than
    the scores is not in a scorecard.
    """
    limits = gates(profile)
    return Scorecard(
        profile=profile.name,
        description=profile.description,
        config=profile.model_dump(mode="json"),
        config_digest=digest(profile),
        created=created,
        tool_version=tool_version,
        commit=commit,
        device=device,
        weights=tuple(weights),
        gates=limits,
        guardrail=profile.guardrail,
        items={result.id: _judged(result, limits) for result in results},
    )


def judge_again(found: Scorecard, profile: Profile) -> Scorecard:
    """A scorecard by the gates and the guardrail of another profile; the scores stay."""
    limits = gates(profile)
    items = {
        item.id: replace(
            item,
            status=status_under(item.failure, item.scores, limits),
            verdicts=verdicts(item.scores, limits),
        )
        for item in found.renders
    }
    return replace(found, gates=limits, guardrail=profile.guardrail, items=items)


def gates(profile: Profile) -> tuple[Gate, ...]:
    """The five gates of `profile`, in the order of the scorecard."""
    limits = profile.gates
    lufs, tolerance = profile.postprocess.final_lufs, limits.lufs_tolerance
    return (
        gate("music_to_speech", "music_to_speech_db", None, limits.music_to_speech_db_max),
        gate("loudness", "clean_lufs", lufs - tolerance, lufs + tolerance),
        gate("true_peak", "clean_true_peak_dbtp", None, limits.true_peak_db_max),
        gate("wer", "wer_raw_to_clean", None, limits.wer_max),
        gate("stoi", "stoi_vs_stage_a", limits.stoi_min, None),
    )


def gate(name: str, metric: str, minimum: float | None, maximum: float | None) -> Gate:
    """A gate with its label and its limit in words; one of an unknown name is called as its metric
    is.
    """
    label = _LABELS.get(name) or METRICS[metric].label.removesuffix(", clean")
    return Gate(name, label, metric, limit_text(metric, minimum, maximum), minimum, maximum)


def verdicts(found: Mapping[str, Score], limits: Sequence[Gate]) -> tuple[Verdict, ...]:
    """What each of `limits` says of a render's scores, in their order."""
    return tuple(
        Verdict(one.gate, one.label, one.metric, one.limit, passes(one, found)) for one in limits
    )


def status_under(
    failure: Failure | None, found: Mapping[str, Score], limits: Sequence[Gate]
) -> Status:
    """The status of a render that has these scores, under these limits."""
    if failure is not None:
        return "failed"
    said = [passes(one, found) for one in limits]
    if False in said:
        return "gate_failed"
    return "pass" if True in said else "unmeasured"


def passes(gate: Gate, found: Mapping[str, Score]) -> bool | None:
    """What a gate says of a render's scores; None where it could not be measured."""
    value = found[gate.metric].value
    return None if value is None else gate.admits(value)


def totals(found: Scorecard) -> Totals:
    """Count the renders by what became of them."""
    states = [item.status for item in found.renders]
    failed = states.count("failed")
    return Totals(
        items=len(states),
        cleaned=len(states) - failed,
        passed=states.count("pass"),
        gate_failed=states.count("gate_failed"),
        failed=failed,
        unmeasured=sum(
            item.failure is None and any(one.passed is None for one in item.verdicts)
            for item in found.renders
        ),
        audio_seconds=sum(item.duration for item in found.renders),
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


def _judged(result: ItemResult, limits: Sequence[Gate]) -> ScoredRender:
    found = _complete(result)
    return ScoredRender(
        id=result.id,
        path=result.path,
        # Every path handed out is a complete file, and a failed render has none.
        output=result.output if result.failure is None else None,
        status=status_under(result.failure, found, limits),
        scores=found,
        verdicts=verdicts(found, limits),
        failure=result.failure,
        raw_digest=result.raw_digest,
        output_sha256=result.output_sha256,
        script=result.script,
        rate=result.rate,
        channels=result.channels,
        frames=result.frames,
        notes=result.notes,
        seconds={step: round(taken, 3) for step, taken in result.seconds.items()},
        peak_bytes=result.peak_bytes,
        gpu_peak_bytes=result.gpu_peak_bytes,
    )


def _complete(result: ItemResult) -> dict[str, Score]:
    """Every metric of the catalogue, in its order.

    A failed render has every metric null with its failure's code as the reason; a metric that
    was never taken is null with the reason `not_measured`.
    """
    if result.failure is not None:
        return dict.fromkeys(METRICS, Score.missing(result.failure.code))
    taken = result.evidence.scores if result.evidence is not None else {}
    missing = Score.missing("not_measured")
    return {name: taken.get(name, missing) for name in METRICS}
