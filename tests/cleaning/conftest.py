"""Excerpts of the demo batch, and the default profile."""

from __future__ import annotations

from functools import cache
from pathlib import Path

import pytest

from stemsilver import config
from stemsilver.audio import decode
from stemsilver.config import Profile
from stemsilver.records import Audio

from .measures import Excerpt

REPOSITORY = Path(__file__).parents[2]


@pytest.fixture(scope="session")
def profile() -> Profile:
    return config.load(REPOSITORY / "config" / "embedded.yaml")


@pytest.fixture(scope="session")
def excerpt() -> Excerpt:
    whole = cache(lambda file: decode(REPOSITORY / "raw" / file, 1))

    def cut(file: str, start: float, seconds: float) -> Audio:
        audio = whole(file)
        first = round(start * audio.rate)
        return Audio(audio.samples[:, first : first + round(seconds * audio.rate)], audio.rate)

    return cut
