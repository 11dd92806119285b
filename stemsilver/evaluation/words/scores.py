"""The word error rates of one render, where they mean something."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from stemsilver.evaluation.findings import score_or_reason
from stemsilver.evaluation.words.english import SURE, doubt
from stemsilver.evaluation.words.wer import align, wer
from stemsilver.records import Alignment, Score, Transcript

MOST_ERRORS = 0.8
"""If raw and clean have a higher WER against the script, it is not what was heard."""

NOT_THE_SCRIPT = "the script does not match this render"


@dataclass(frozen=True)
class WordScores:
    """The word error rates by metric, the alignments behind them, and sentences for the reader."""

    scores: Mapping[str, Score]
    alignments: tuple[Alignment, ...]
    notes: tuple[str, ...]


def word_scores(
    raw: Transcript | Score,
    clean: Transcript | Score,
    script: str | Score,
    *,
    english_only: bool,
) -> WordScores:
    """Return the word error rates of raw to clean, and of both against the script.

    They are null with the reason if the recogniser does not know the language, or if the script is
    not what was heard. A score in the place of a text is the reason why there is none.

    Args:
        raw: what was heard in raw.
        clean: what was heard in clean.
        script: the words that are spoken.
        english_only: whether the recogniser knows no other language.
    """
    compared = {
        "wer_raw_to_clean": _compared("raw → clean", raw, clean),
        "raw_script_wer": _compared("script → raw", script, raw),
        "clean_script_wer": _compared("script → clean", script, clean),
    }
    heard = {
        name: text
        for name, text in (("raw", raw), ("clean", clean))
        if isinstance(text, Transcript)
    }
    errors = {name: compared[f"{name}_script_wer"][0].value for name in ("raw", "clean")}
    known = [value for value in errors.values() if value is not None]
    # Who hears the words of the script knows its language.
    script_heard = bool(known) and min(known) <= MOST_ERRORS
    doubts = None
    if english_only and not script_heard:
        doubts = doubt(tuple(heard.values()), script if isinstance(script, str) else None)
    reasons: dict[str, str] = {}
    notes: list[str] = []
    if doubts is not None:
        reasons = dict.fromkeys(compared, doubts)
        notes.append(
            f"The word error rates are not measured: {doubts}. If the speech is in another "
            "language, set evaluation.asr to a multilingual model."
        )
    else:
        if known and not script_heard:
            said = _listed({name: value for name, value in errors.items() if value is not None})
            reason = f"{NOT_THE_SCRIPT} (errors: {said})"
            reasons = dict.fromkeys(("raw_script_wer", "clean_script_wer"), reason)
            notes.append(
                f"The script does not match this render (errors: {said}), so the two are not "
                "compared. Check that it is the script of this render."
            )
        notes += _weaknesses(heard)
    return WordScores(
        {
            name: Score.missing(reasons[name])
            if name in reasons and score.value is not None
            else score
            for name, (score, _) in compared.items()
        },
        tuple(
            alignment
            for name, (_, alignment) in compared.items()
            if alignment is not None and name not in reasons
        ),
        tuple(notes),
    )


def _compared(
    name: str, before: str | Transcript | Score, after: Transcript | Score
) -> tuple[Score, Alignment | None]:
    """Return the WER between two texts, and their alignment.

    If a text is missing, return the missing score given in its place.
    """
    if isinstance(before, Score):
        return before, None
    if isinstance(after, Score):
        return after, None
    alignments: list[Alignment] = []

    def compute() -> float:
        alignments.append(align(name, before, after))
        return wer(alignments[0])

    return score_or_reason(compute), next(iter(alignments), None)


def _weaknesses(heard: Mapping[str, Transcript]) -> Iterator[str]:
    """Yield a sentence for what makes the transcripts less reliable."""
    loops = {name: text.left_out for name, text in heard.items() if text.left_out}
    if loops:
        words = " and ".join(f"{count} words in {name}" for name, count in loops.items())
        yield (
            "The recogniser got stuck and wrote the same words again and again: "
            f"{words} are left out."
        )
    unsure = {
        name: text.confidence
        for name, text in heard.items()
        if text.confidence is not None and text.confidence < SURE
    }
    if unsure:
        yield (
            f"The recogniser is unsure of the words (mean probability: {_listed(unsure)}), so the "
            "word error rates are uncertain."
        )


def _listed(fractions: Mapping[str, float]) -> str:
    return ", ".join(f"{100 * value:.0f} % in {name}" for name, value in fractions.items())
