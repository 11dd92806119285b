"""What the metrics of the words mean."""

from __future__ import annotations

from stemsilver.evaluation import citations as sources
from stemsilver.evaluation.catalogue.metric import Direction, Metric

ENGLISH_FORMS = "numbers, times, amounts and usual short forms are written in one way"
SMALL = "the small recogniser itself"
_COUNTS = (
    "$S$ words are substituted, $D$ deleted and $I$ inserted, against the $N$ words {heard}. "
    f"First both texts are normalised: {ENGLISH_FORMS}, "
    "and spaces within words do not count. Where the recogniser repeats a phrase more than three "
    "times in a row, only the first is kept. It is shown in per cent, and can exceed 100 %."
)
_FORMS = (
    "Dates in digits (3/5/2024), Roman numerals, fractions and rare short forms count as other "
    "words than those spoken."
)
_SCRIPT_WORDS: tuple[tuple[str, str, Direction, str, str], ...] = (
    (
        "words_lost",
        "Words lost",
        "lower",
        "Share of the script's words that are heard in raw, but not in clean.",
        r"R \setminus C",
    ),
    (
        "words_recovered",
        "Words recovered",
        "higher",
        "Share of the script's words that are heard in clean, but not in raw.",
        r"C \setminus R",
    ),
)

SCRIPT_WER = Metric(
    "script_wer",
    "WER against the script",
    "fraction",
    "lower",
    3,
    0.0005,
    "Share of the script's words that the recogniser did not hear as written.",
    r"\frac{S + D + I}{N}",
    _COUNTS.format(heard="of the script"),
    (sources.WHISPER, sources.JIWER),
    f"Who made the error: the voice, the music or {SMALL}. So compare raw "
    "with clean. It also cannot tell how natural the words sound. Needs a script beside the "
    "render, and is not shown where raw and clean both differ from it by more than 80 %. "
    f"{_FORMS}",
)

WORDS = (
    Metric(
        "wer_raw_to_clean",
        "WER raw to clean",
        "fraction",
        "lower",
        3,
        0.0005,
        "Share of the words heard in raw that are heard differently in clean.",
        r"\frac{S + D + I}{N}",
        _COUNTS.format(heard="heard in raw"),
        (sources.WHISPER, sources.JIWER),
        "Whether a change is an improvement: a word misheard in raw because of the music, but "
        "right in clean, counts as an error. A word misheard in the same way in both does not. "
        "Whispers and unclear speech are heard differently each time; a note on the render says "
        "where the recogniser is unsure of its words.",
    ),
    Metric(
        "words_changed",
        "Words changed, raw to clean",
        "words",
        "lower",
        0,
        0.5,
        "Number of words that are heard differently in raw and in clean.",
        "S + D + I",
        "$S$, $D$ and $I$ are those of the WER raw to clean. In a short render each word is a "
        "large share of the whole, so the gate of the WER allows a few words whatever their share.",
        (sources.WHISPER, sources.JIWER),
        "How long the render is: two words of ten weigh more than two of a thousand. The WER says "
        "that.",
    ),
    *(
        Metric(
            name,
            label,
            "fraction",
            direction,
            3,
            0.0005,
            about,
            rf"\frac{{\left| {found} \right|}}{{N}}",
            "$R$ are the words of the script that are heard in raw, each in its place, $C$ those "
            "that are heard in clean, and $N$ is the number of words of the script. The words are "
            "compared as for the WER against the script.",
            (sources.OWN, sources.WHISPER, sources.JIWER),
            "Whether a listener would agree: near the limit of what it understands, the "
            "recogniser hears a word or not by chance. If a word comes twice close together, one "
            "can be taken for the other. Needs a script beside the render.",
        )
        for name, label, direction, about, found in _SCRIPT_WORDS
    ),
)
