"""Signals of the demo batch at the rate that the models hear, and one render cleaned."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from functools import cache
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from stemsilver import config
from stemsilver.audio import decode
from stemsilver.cleaning import chain
from stemsilver.config import Profile
from stemsilver.evaluation.downmix import Downmix
from stemsilver.records import Audio, Cleaned
from stemsilver.step_cache import Steps

REPOSITORY = Path(__file__).parents[2]

Signal = NDArray[np.float32]
Heard = Callable[[str], Signal]
Render = Callable[[str], Audio]
Pair = tuple[Audio, Audio, Cleaned]


def alone(home: Path, code: str, *arguments: str, **environment: str) -> str:
    """What a process prints that has no display, no program to call and no warning to give.

    It leaves nothing behind in its home.
    """
    before = sorted(home.rglob("*"))
    found = subprocess.run(
        [sys.executable, "-W", "error", "-c", code, *arguments],
        env={"PATH": "", "HOME": str(home), **environment},
        capture_output=True,
        text=True,
        check=False,
    )
    assert (found.returncode, found.stderr) == (0, "")
    assert sorted(home.rglob("*")) == before
    return found.stdout


@pytest.fixture(scope="session")
def profile() -> Profile:
    return config.load(REPOSITORY / "config" / "embedded.yaml")


@pytest.fixture(scope="session")
def render() -> Render:
    """`render(file)`, a whole file of the demo batch."""
    return cache(lambda file: decode(REPOSITORY / "raw" / file, 1))


@pytest.fixture(scope="session")
def heard(render: Render) -> Heard:
    """`heard(file)`, a file of the demo batch in one channel at 16 kHz; shape (frames,)."""

    def at_16_khz(file: str) -> Signal:
        audio = render(file)
        return Downmix(audio).at(16_000)

    return cache(at_16_khz)


@pytest.fixture(scope="session")
def speech(heard: Heard) -> Signal:
    """6 s of speech alone."""
    return heard("museum_guide.reference.flac")[: 6 * 16_000]


@pytest.fixture(scope="session")
def backing(heard: Heard) -> Signal:
    """The music behind it, without the speech."""
    mixture, truth = (heard(f"museum_guide.{kind}") for kind in ("wav", "reference.flac"))
    return (mixture - truth)[: 6 * 16_000]


@pytest.fixture(scope="session")
def music_alone(heard: Heard) -> Signal:
    """6 s of another render's music."""
    mixture, truth = (
        heard(f"sequential/sound_collector.{kind}") for kind in ("wav", "reference.flac")
    )
    return (mixture - truth)[: 6 * 16_000]


@pytest.fixture(scope="session")
def script() -> str:
    """The script of the render that is cleaned."""
    return (REPOSITORY / "raw" / "sequential" / "sound_collector.txt").read_text(encoding="utf-8")


@pytest.fixture(scope="session")
def pair(render: Render, profile: Profile) -> Pair:
    """A whole render, its truth, and what the default profile makes of it."""
    raw = render("sequential/sound_collector.wav")
    truth = render("sequential/sound_collector.reference.flac")
    return raw, truth, chain.clean(raw, "a digest", profile.chain, Steps(None))
