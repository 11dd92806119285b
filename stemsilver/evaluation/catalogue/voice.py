"""What the metrics of the voice mean."""

from __future__ import annotations

from stemsilver.evaluation import citations as sources
from stemsilver.evaluation.catalogue.metric import Metric

_COSINE = (
    r"\frac{\left\langle v, w \right\rangle}"
    r"{\left\lVert v \right\rVert \left\lVert w \right\rVert}"
)
_VOICE = (
    "is the mean of the unit vectors with which a network describes stretches of 1.6 s, at least "
    "half of which is speech"
)
_ENCODER = (sources.GE2E, sources.RESEMBLYZER)
_OWN_SCALE = (
    "The scale is the network's own: below about 0.8 it takes two files for different voices. "
    "Short files have lower values, and at least 2.4 s of speech are needed."
)
_BAND = "It hears nothing above 8 kHz."

VOICE = (
    Metric(
        "voice_similarity",
        "Voice similarity to raw",
        "0–1",
        "higher",
        3,
        0.0005,
        "Whether the voice is still the same after cleaning.",
        _COSINE,
        f"$v$ {_VOICE}, of clean, and $w$ is that of raw. Only stretches in which raw has no music "
        "count, and the same in both.",
        _ENCODER,
        " ".join(
            (
                "What happened to the voice under the music: there, the voice in raw is not known.",
                _OWN_SCALE,
                _BAND,
            )
        ),
    ),
    Metric(
        "voice_similarity_to_batch",
        "Voice similarity to the batch",
        "0–1",
        "higher",
        3,
        0.0005,
        "Whether the voice is that of the other renders.",
        _COSINE,
        f"$v$ {_VOICE}, of clean, and $w$ is the mean of the $v$ of all other renders, each scaled "
        "to length 1.",
        _ENCODER,
        " ".join(
            (
                "Which of two voices is the right one. In a batch with several voices all values "
                "are low. Another render that is added, left out or cleaned differently changes "
                "the value of every render.",
                _OWN_SCALE,
                _BAND,
            )
        ),
    ),
    Metric(
        "voice_similarity_to_truth",
        "Voice similarity to the truth",
        "0–1",
        "higher",
        3,
        0.0005,
        "Whether the voice is that of the true speech.",
        _COSINE,
        f"$v$ {_VOICE}, of clean, and $w$ is that of the true speech. A lag does not matter.",
        _ENCODER,
        " ".join(
            (
                "Whether the voice sounds natural: it also recognises a voice with artefacts.",
                _OWN_SCALE,
                _BAND,
                "Needs the true speech beside the render.",
            )
        ),
    ),
    Metric(
        "pitch_correlation",
        "Pitch correlation",
        "−1 to 1",
        "higher",
        3,
        0.0005,
        "Whether the voice has the same melody in clean as in raw.",
        r"\frac{2\,\sigma_{xy}}{\sigma_x^2 + \sigma_y^2 + \left( \mu_x - \mu_y \right)^2}",
        "$x$ and $y$ are the pitch of raw and of clean in octaves, in the frames of 16 ms in which "
        "both have voiced speech with a confidence of at least 0.9; $y$ is moved by whole octaves "
        r"to be nearest to $x$. $\mu$ is the mean, $\sigma^2$ the variance and $\sigma_{xy}$ the "
        "covariance.",
        (sources.SWIFT_F0, sources.CONCORDANCE),
        "A change by whole octaves, which is the usual error of a pitch detector. Melody under "
        "loud music: with too few frames there is no value. A monotonous voice has lower values "
        "for the same change of pitch.",
    ),
    Metric(
        "voiced_kept",
        "Voiced speech kept",
        "fraction",
        "higher",
        3,
        0.0005,
        "Share of the voiced speech of raw that still has a pitch in clean.",
        r"\frac{\left| R \cap C \right|}{\left| R \right|}",
        "$R$ are the frames of 16 ms in which raw has no music, and voiced speech with a "
        "confidence of at least 0.9; $C$ are those in which clean has voiced speech with a "
        "confidence of at least 0.5.",
        (sources.SWIFT_F0, sources.OWN),
        "Speech lost under the music, whose pitch would be taken for that of the voice; and "
        "consonants without voice.",
    ),
)
