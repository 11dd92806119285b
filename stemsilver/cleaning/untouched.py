"""What the separators would take from a render, and the render with nothing taken from it."""

from __future__ import annotations

from functools import partial

import numpy as np

from stemsilver import config
from stemsilver.cleaning.chain import Extracted, level_gain
from stemsilver.dsp import loudness
from stemsilver.records import Audio, Cleaned, StageA
from stemsilver.signals import blocks, derive

WINDOW_SECONDS = 0.5
"""Music can begin at any time, so the removed sound is measured in windows, not on average."""

SPOKEN_DB = -40.0
"""A window counts as speech if it is at most this far below the loudest."""


def removed_db(found: Extracted, rate: int) -> float | None:
    """Return the loudest window of the residual, relative to the mean of the windows with speech.

    The unit is dB. None if the vocals or the residual are silent.
    """
    size = max(1, round(WINDOW_SECONDS * rate))
    removed, kept = (
        np.array([np.square(part, dtype=np.float64).mean() for part in blocks(signal, size)])
        for signal in (found.residual, found.vocals)
    )
    loudest = kept.max(initial=0.0)
    if loudest == 0 or not removed.any():
        return None
    speech = kept[kept >= loudest * 10 ** (SPOKEN_DB / 10)].mean()
    return 10 * float(np.log10(removed.max() / speech))


def level_only(mixture: Audio, found: Extracted, chain: config.Chain) -> Cleaned:
    """Return the mixture with one gain: to the target loudness, or as far as its peaks allow.

    The limiter, which other renders pass, would change the sound.
    """
    target = chain.postprocess
    delivered = {
        "loudnorm_target_lufs": target.final_lufs,
        "true_peak_db": target.final_true_peak_db - loudness.CEILING_MARGIN_DB,
    }
    decibels, note = level_gain(mixture, chain.preprocess.model_copy(update=delivered))
    gain_text = f"{decibels:+.1f}".replace("-", "−")
    speech = derive(partial(loudness.gain, decibels=decibels), mixture.samples)
    return Cleaned(
        speech=Audio(speech, mixture.rate),
        removed=Audio(derive(np.zeros_like, mixture.samples), mixture.rate),
        stage_a=StageA(found.vocals, found.residual),
        stages={"vocals": found.vocals},
        level_db=found.level_db,
        lacks="music",
        notes=(
            "No music was found, so nothing was removed: only the level was changed, by "
            f"{gain_text} dB. Peaks may keep it under the target loudness, because a limiter would "
            "change the sound.",
            *([note] if note else []),
        ),
    )
