"""Apply the profile's gates to each render and to the batch."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from stemsilver.config import Profile, digest
from stemsilver.evaluation.catalogue import METRICS
from stemsilver.evaluation.catalogue.voice import VOICE
from stemsilver.records import Failure, ItemResult, Lack, Score, Skipped, WeightRecord
from stemsilver.report.scorecard.scorecard import (
    Allowance,
    Gate,
    Scorecard,
    ScoredRender,
    Status,
    Verdict,
)
from stemsilver.report.text.wording import (
    format_score,
    limit_text,
    metric_label,
    with_unit,
)
from stemsilver.translation import N_, ngettext
from stemsilver.translation import gettext as _

# By the name of the gate and its metric.
_LABELS = {
    ("music_to_speech", "music_to_speech_db"): N_("Music to speech"),
    ("loudness", "clean_lufs"): N_("Loudness"),
    ("true_peak", "clean_true_peak_dbtp"): N_("True peak"),
    ("wer", "wer_raw_to_clean"): N_("WER raw to clean"),
    ("stoi", "stoi_vs_stage_a"): N_("STOI against Stage A"),
}


@dataclass(frozen=True)
class Totals:
    """The number of renders of a batch by outcome.

    `cleaned` are all that did not fail: those that `passed`, have `nothing_to_remove`,
    `gate_failed` or have `no_speech`; the rest have no measurable gate. `unmeasured` counts the
    renders with speech that have at least one gate that could not be measured. `audio_seconds`
    covers every render that could be decoded. `skipped` files are not among the `items`.
    """

    items: int
    cleaned: int
    passed: int
    gate_failed: int
    failed: int
    unmeasured: int
    audio_seconds: float
    nothing_to_remove: int = 0
    no_speech: int = 0
    skipped: int = 0


def judge(
    results: Sequence[ItemResult],
    profile: Profile,
    *,
    created: str,
    tool_version: str,
    commit: str | None = None,
    weights: Sequence[WeightRecord] = (),
    device: str = "cpu",
    skipped: Sequence[Skipped] = (),
) -> Scorecard:
    """Judge a batch by the gates of `profile`, and return its scorecard.

    Of the evidence, a scorecard has only the scores.

    Args:
        results: One result per render.
        profile: The profile that made the batch.
        created: Time of the build, ISO 8601 in UTC.
        tool_version: Version of Stemsilver.
        commit: Commit of the repository that the build ran in.
        weights: The weight files that were used.
        device: What the large models ran on.
        skipped: What was in the raw folder and was not taken.
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
        items={result.id: judge_one(result, limits) for result in results},
        skipped=tuple(skipped),
    )


def reworded(found: Scorecard) -> Scorecard:
    """Return a scorecard with the labels and limits of its gates in the current language."""
    limits = tuple(
        gate(one.gate, one.metric, one.minimum, one.maximum, one.allowance) for one in found.gates
    )
    items = {
        item.id: replace(item, verdicts=verdicts(item.scores, limits, item.lacks))
        for item in found.renders
    }
    return replace(found, gates=limits, items=items)


def judge_again(found: Scorecard, profile: Profile) -> Scorecard:
    """Judge a scorecard by another profile's gates and guardrail; the scores stay the same."""
    limits = gates(profile)
    items = {
        item.id: replace(
            item,
            status=status_under(item.failure, item.scores, limits, item.lacks),
            verdicts=verdicts(item.scores, limits, item.lacks),
        )
        for item in found.renders
    }
    return replace(found, gates=limits, guardrail=profile.guardrail, items=items)


def gates(profile: Profile) -> tuple[Gate, ...]:
    """Return the gates of `profile`, in the order of the scorecard."""
    limits = profile.gates
    lufs, tolerance = profile.postprocess.final_lufs, limits.lufs_tolerance
    minima = {metric.name: getattr(limits, f"{metric.name}_min") for metric in VOICE}
    return (
        gate("music_to_speech", "music_to_speech_db", None, limits.music_to_speech_db_max),
        gate("loudness", "clean_lufs", lufs - tolerance, lufs + tolerance),
        gate("true_peak", "clean_true_peak_dbtp", None, limits.true_peak_db_max),
        gate(
            "wer",
            "wer_raw_to_clean",
            None,
            limits.wer_max,
            Allowance("words_changed", limits.words_changed_allowed),
        ),
        gate("stoi", "stoi_vs_stage_a", limits.stoi_min, None),
        *(gate(name, name, least, None) for name, least in minima.items() if least is not None),
    )


def gate(
    name: str,
    metric: str,
    minimum: float | None,
    maximum: float | None,
    allowance: Allowance | None = None,
) -> Gate:
    """Return a gate with its label and its limit in words.

    If `name` is unknown, the label is that of the metric.
    """
    known = _LABELS.get((name, metric))
    label = _(known) if known else metric_label(metric)
    limit = limit_text(metric, minimum, maximum)
    if allowance is not None:
        other = limit_text(allowance.metric, None, allowance.maximum)
        limit = _("{limit} or {other}").format(limit=limit, other=other)
    return Gate(name, label, metric, limit, minimum, maximum, allowance)


def targets(limits: Sequence[Gate]) -> dict[str, float]:
    """Return the value that a metric should be near, if its gate has a limit on both sides."""
    return {
        one.metric: (one.minimum + one.maximum) / 2
        for one in limits
        if one.minimum is not None and one.maximum is not None
    }


def verdicts(
    found: Mapping[str, Score], limits: Sequence[Gate], lacks: Lack | None = None
) -> tuple[Verdict, ...]:
    """Return the verdict of each of `limits` on a render's scores, in their order."""
    return tuple(
        Verdict(
            one.gate, one.label, one.metric, _applied(one, lacks).limit, passes(one, found, lacks)
        )
        for one in limits
    )


def status_under(
    failure: Failure | None,
    found: Mapping[str, Score],
    limits: Sequence[Gate],
    lacks: Lack | None = None,
) -> Status:
    """Return the status of a render with these scores under these limits."""
    if failure is not None:
        return "failed"
    if lacks == "speech":
        return "no_speech"
    said = [passes(one, found, lacks) for one in limits]
    if False in said:
        return "gate_failed"
    if lacks == "music":
        return "nothing_to_remove"
    return "pass" if True in said else "unmeasured"


def passes(gate: Gate, found: Mapping[str, Score], lacks: Lack | None = None) -> bool | None:
    """Return whether a render's scores pass a gate; None if it does not apply or has no value."""
    value = found[gate.metric].value
    if value is None or lacks == "speech":
        return None
    if gate.allowance is not None:
        other = found[gate.allowance.metric].value
        if other is not None and other <= gate.allowance.maximum:
            return True
    return _applied(gate, lacks).admits(value)


def _applied(one: Gate, lacks: Lack | None) -> Gate:
    """Return a gate as it applies to a render without music, or to any other.

    Of a render without music, only the level was changed. Without a limiter, its peaks keep it
    under the target loudness, which is therefore no lower limit. And words that the recogniser
    hears otherwise at another level are its own errors.
    """
    if lacks == "music" and one.metric == "wer_raw_to_clean":
        return replace(one, minimum=None, maximum=None, limit=_("none"))
    if lacks == "music" and one.metric == "clean_lufs" and one.maximum is not None:
        return gate(one.gate, one.metric, None, one.maximum)
    return one


def faults(item: ScoredRender) -> tuple[str, ...]:
    """Return the gates that a render fails, each with its value and limit in words."""
    if item.status == "no_speech":
        return ()
    found = []
    for one in item.verdicts:
        if one.passed is False:
            text = format_score(one.metric, item.scores[one.metric])
            value = with_unit(one.metric, text, one.limit)
            found.append(
                _("{label} {value}, limit {limit}").format(
                    label=one.label, value=value, limit=one.limit
                )
            )
    return tuple(found)


def totals(found: Scorecard) -> Totals:
    """Count the renders by outcome."""
    states = [item.status for item in found.renders]
    failed = states.count("failed")
    return Totals(
        items=len(states),
        cleaned=len(states) - failed,
        passed=states.count("pass"),
        gate_failed=states.count("gate_failed"),
        failed=failed,
        nothing_to_remove=states.count("nothing_to_remove"),
        no_speech=states.count("no_speech"),
        unmeasured=sum(
            item.status not in ("failed", "no_speech")
            and any(one.passed is None for one in item.verdicts)
            for item in found.renders
        ),
        audio_seconds=sum(item.duration for item in found.renders),
        skipped=len(found.skipped),
    )


def nothing_failed(count: Totals) -> bool:
    """Return whether every render was cleaned and no gate failed: exit code 0 instead of 1."""
    return not (count.failed or count.gate_failed)


def batch_verdict(count: Totals) -> str:
    """Return the outcome in one sentence, without a full stop."""
    if count.passed + count.nothing_to_remove == count.items:
        sentence = (
            _("every render passes every gate that could be measured")
            if count.unmeasured
            else _("every render passes every gate")
        )
        if count.nothing_to_remove:
            sentence += f", {_nothing_to_remove(count.nothing_to_remove)}"
    else:
        sentence = outcomes(
            count.items,
            passed=count.passed,
            nothing_to_remove=count.nothing_to_remove,
            gate_failed=count.gate_failed,
            no_speech=count.no_speech,
            failed=count.failed,
        )
    if count.unmeasured:
        unmeasured = _("gates not measurable on {count}").format(count=count.unmeasured)
        sentence += f"; {unmeasured}"
    if count.skipped:
        sentence += f"; {skipped_words(count.skipped)}"
    return sentence


def outcomes(
    items: int,
    *,
    passed: int,
    nothing_to_remove: int,
    gate_failed: int,
    no_speech: int,
    failed: int,
) -> str:
    """Return the number of renders by outcome in words; each render is in one number only."""
    parts = [_("{passed} of {items} pass").format(passed=passed, items=items)]
    if nothing_to_remove:
        parts.append(_nothing_to_remove(nothing_to_remove))
    if gate_failed:
        parts.append(_("{count} failed a gate").format(count=gate_failed))
    if no_speech:
        parts.append(_("{count} without speech").format(count=no_speech))
    if failed:
        parts.append(_("{count} could not be cleaned").format(count=failed))
    return ", ".join(parts)


def _nothing_to_remove(count: int) -> str:
    return _("{count} with nothing to remove").format(count=count)


def skipped_words(count: int) -> str:
    """Return how many files were skipped, in words.

    >>> skipped_words(1), skipped_words(2)
    ('1 file skipped', '2 files skipped')
    """
    return ngettext("{count} file skipped", "{count} files skipped", count).format(count=count)


def judge_one(result: ItemResult, limits: Sequence[Gate]) -> ScoredRender:
    """Judge one render by these limits."""
    found = _complete(result)
    return ScoredRender(
        id=result.id,
        path=result.path,
        # A path always names a complete file; a failed render has none.
        output=result.output if result.failure is None else None,
        status=status_under(result.failure, found, limits, result.lacks),
        scores=found,
        verdicts=verdicts(found, limits, result.lacks),
        failure=result.failure,
        raw_digest=result.raw_digest,
        output_sha256=result.output_sha256,
        sound_sha256=result.sound_sha256,
        script=result.script,
        rate=result.rate,
        channels=result.channels,
        frames=result.frames,
        notes=result.notes,
        lacks=result.lacks,
        language=result.evidence.language if result.evidence is not None else None,
        artefacts=result.evidence.artefacts if result.evidence is not None else (),
    )


def _complete(result: ItemResult) -> dict[str, Score]:
    """Return a score for every metric of the catalogue, in its order.

    All metrics of a failed render are null, with its failure's code as the reason; a metric that
    was not measured is null with the reason `not_measured`.
    """
    if result.failure is not None:
        return dict.fromkeys(METRICS, Score.missing(result.failure.code))
    taken = result.evidence.scores if result.evidence is not None else {}
    missing = Score.missing("not_measured")
    return {name: taken.get(name, missing) for name in METRICS}
