"""Scores against a reference: the vocals of Stage A, and the true speech."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from functools import cache, partial

from stemsilver.audio import resample_blocks, resampled_length
from stemsilver.dsp import meter
from stemsilver.dsp.lag import lag, without_lag
from stemsilver.evaluation.downmix import one_channel
from stemsilver.evaluation.findings import score_or_reason
from stemsilver.evaluation.music_to_speech import music_to_speech_db
from stemsilver.evaluation.si_sdr import si_sdr_db
from stemsilver.evaluation.stoi import stoi
from stemsilver.evaluation.undefined import NO_REFERENCE, NO_STAGE_A, TOO_SHORT, Undefined
from stemsilver.records import Audio, Score, Signal, StageA
from stemsilver.signals import blocks, joined

MAX_LAG = 0.5
"""Seconds by which the true speech may be earlier or later than a signal."""

MIN_SAID_LAG = 0.1
"""Frames of lag that are worth a note; smaller ones come from what the cleaning changed."""

MAX_LENGTH_DIFFERENCE = MAX_LAG + 0.01
"""Seconds by which two files of one render may differ in length."""


def against_stage_a(clean: Audio, speech: Signal, stage_a: StageA | None) -> dict[str, Score]:
    """Score the music left and the changes made after Stage A, by Stage A's own estimates."""
    names = ("music_to_speech_db", "stoi_vs_stage_a", "si_sdr_vs_stage_a_db")
    if stage_a is None or clean.duration < meter.BLOCK_SECONDS:
        reason = NO_STAGE_A if stage_a is None else TOO_SHORT
        return {name: Score.missing(reason) for name in names}
    vocals = one_channel(stage_a.vocals, like=clean.samples)
    metrics: tuple[Callable[[], float], ...] = (
        lambda: music_to_speech_db(clean.samples, stage_a.vocals, stage_a.residual, clean.rate),
        lambda: stoi(speech, vocals, clean.rate),
        lambda: si_sdr_db(speech, vocals),
    )
    return {name: score_or_reason(metric) for name, metric in zip(names, metrics, strict=True)}


def against_truth(
    raw: Audio, speech: Signal, reference: Audio | None, lags: dict[str, float]
) -> dict[str, Score]:
    """Return SI-SDR and ESTOI of raw and clean against the true speech, and the improvement.

    The lag of each signal in frames, which does not count, is added to `lags`.
    """

    @cache
    def truth() -> Signal:
        if reference is None:
            raise Undefined(NO_REFERENCE)
        if raw.duration < meter.BLOCK_SECONDS:
            raise Undefined(TOO_SHORT)
        if abs(reference.duration - raw.duration) > MAX_LENGTH_DIFFERENCE:
            raise Undefined(
                f"the truth lasts {reference.duration:.2f} s, the render {raw.duration:.2f} s"
            )
        heard = one_channel(reference.samples)
        frames = resampled_length(heard.shape[-1], reference.rate, raw.rate)
        return joined(resample_blocks(blocks(heard), reference.rate, raw.rate, frames))

    @cache
    def pair(name: str) -> tuple[Signal, Signal]:
        found = lag(signals[name], truth(), round(MAX_LAG * raw.rate))
        both = without_lag(signals[name], truth(), found)
        if both[0].shape[-1] < meter.BLOCK_SECONDS * raw.rate:
            raise Undefined(TOO_SHORT)
        lags[name] = found
        return both

    signals = {"raw": one_channel(raw.samples), "clean": speech}
    scores: dict[str, Score] = {}
    for name in signals:
        against = partial(_against, partial(pair, name))
        scores[f"{name}_si_sdr_db"] = score_or_reason(partial(against, si_sdr_db))
        scores[f"{name}_estoi"] = score_or_reason(
            partial(against, partial(stoi, rate=raw.rate, extended=True))
        )
    for gain, name in (("si_sdr_improvement_db", "si_sdr_db"), ("estoi_improvement", "estoi")):
        scores[gain] = _difference(scores[f"clean_{name}"], scores[f"raw_{name}"])
    return scores


def _against(
    pair: Callable[[], tuple[Signal, Signal]], metric: Callable[[Signal, Signal], float]
) -> float:
    return metric(*pair())


def lag_notes(lags: Mapping[str, float], rate: int) -> Iterator[str]:
    """Yield a sentence for each lag that was removed; `lags` are in frames at `rate` Hz."""
    for frames in sorted({frames for frames in lags.values() if abs(frames) >= MIN_SAID_LAG}):
        names = " and ".join(name for name, its in lags.items() if its == frames)
        way = "later" if frames > 0 else "earlier"
        yield (
            f"Compared with the true speech: {names} {1000 * abs(frames) / rate:.2f} ms {way}. "
            "SI-SDR and ESTOI are measured without this lag."
        )


def _difference(after: Score, before: Score) -> Score:
    if after.value is None or before.value is None:
        return Score.missing(after.reason or before.reason or "")
    return Score(after.value - before.value)
