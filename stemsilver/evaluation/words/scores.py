"""What the words of one render tell, where they mean something."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace

from stemsilver.evaluation.findings import score_or_reason
from stemsilver.evaluation.words.english import SURE, doubt
from stemsilver.evaluation.words.recovered import lost_and_recovered
from stemsilver.evaluation.words.wer import align, wer
from stemsilver.records import Alignment, Score, Transcript

MOST_ERRORS = 0.8
"""If raw and clean have a higher WER against the script, it is not what was heard."""

NOT_THE_SCRIPT = "the script does not match this render"

RAW_TO_CLEAN = "raw → clean"
SCRIPT_TO_RAW, SCRIPT_TO_CLEAN = "script → raw", "script → clean"
"""The names of alignments."""


@dataclass(frozen=True)
class WordScores:
    """The scores by metric, the alignments behind them, and sentences for the reader.

    `language` is the one that the words were compared in; None if they were not.
    """

    scores: Mapping[str, Score]
    alignments: tuple[Alignment, ...]
    notes: tuple[str, ...]
    language: str | None


def word_scores(
    raw: Transcript | Score,
    clean: Transcript | Score,
    script: str | Score,
    *,
    english_only: bool,
) -> WordScores:
    """Return the word error rates of raw to clean and of both against the script, and the shares
    of the script's words that were lost and recovered.

    They are null with the reason if the recogniser does not know the language, or if the script is
    not what was heard. A score in the place of a text is the reason why there is none.

    Args:
        raw: what was heard in raw.
        clean: what was heard in clean.
        script: the words that are spoken.
        english_only: whether the recogniser knows no other language.
    """
    heard = {
        name: text
        for name, text in (("raw", raw), ("clean", clean))
        if isinstance(text, Transcript)
    }
    language = next((text.language for text in heard.values() if text.words), None)
    raw, clean = _in_language(language, raw), _in_language(language, clean)
    compared = {
        "wer_raw_to_clean": _compared(RAW_TO_CLEAN, raw, clean),
        "raw_script_wer": _compared(SCRIPT_TO_RAW, script, raw),
        "clean_script_wer": _compared(SCRIPT_TO_CLEAN, script, clean),
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
            "language, use the profile multilingual, or its settings of evaluation.asr."
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
    scores = {
        name: Score.missing(reasons[name]) if name in reasons and score.value is not None else score
        for name, (score, _) in compared.items()
    }
    alignments = {
        alignment.name: alignment
        for name, (_, alignment) in compared.items()
        if alignment is not None and name not in reasons
    }
    return WordScores(
        scores | _changed(scores, alignments) | _of_the_script(scores, alignments),
        tuple(alignments.values()),
        tuple(notes),
        None if doubts is not None else language,
    )


def _in_language(language: str | None, text: Transcript | Score) -> Transcript | Score:
    """Return a transcript without words as one in the language of the other."""
    if isinstance(text, Transcript) and text.language is None:
        return replace(text, language=language)
    return text


def _changed(scores: Mapping[str, Score], alignments: Mapping[str, Alignment]) -> dict[str, Score]:
    """Return the number of words that are heard differently in raw and clean."""
    rate = scores["wer_raw_to_clean"]
    if rate.value is None:
        return {"words_changed": rate}
    found = alignments[RAW_TO_CLEAN]
    count = found.substitutions + found.deletions + found.insertions
    return {"words_changed": Score(float(count))}


def _of_the_script(
    scores: Mapping[str, Score], alignments: Mapping[str, Alignment]
) -> dict[str, Score]:
    """Return the shares of the script's words that were lost and recovered."""
    names = ("words_lost", "words_recovered")
    for rate in (scores["raw_script_wer"], scores["clean_script_wer"]):
        if rate.value is None:
            return dict.fromkeys(names, rate)
    raw, clean = alignments[SCRIPT_TO_RAW], alignments[SCRIPT_TO_CLEAN]
    found = lost_and_recovered(raw, clean)
    return {
        name: Score(len(words) / raw.reference_words)
        for name, words in zip(names, found, strict=True)
    }


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
