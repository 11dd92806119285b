"""The drawings of a player: outlines, music presence, axes."""

from __future__ import annotations

import re

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from stemsilver.media.playback import Outline, TrackLevels, outlined
from stemsilver.microsite.parts.waveforms import frequency_marks, outlines, presence, time_marks
from stemsilver.records import Timeline


def points(path: str) -> list[tuple[float, float]]:
    numbers = [float(one) for one in re.findall(r"-?[\d.]+", path)]
    return list(zip(numbers[::2], numbers[1::2], strict=True))


@given(st.floats(min_value=0.01, max_value=7200))
def test_times_are_round_few_and_inside(duration: float) -> None:
    marks = time_marks(duration)
    assert len(marks) <= 8
    places = [mark.at for mark in marks]
    assert places == sorted(places)
    assert all(0 < at < 97 for at in places)
    if duration >= 1:
        assert len(marks) >= 2


def test_times_read_as_clocks_and_frequencies_stand_where_the_picture_has_them() -> None:
    assert [mark.label for mark in time_marks(13.7)] == [f"0:{s:02}" for s in (2, 4, 6, 8, 10, 12)]
    assert [mark.label for mark in time_marks(0.5)] == ["0.1", "0.2", "0.3", "0.4"]
    assert time_marks(10)[0].at == pytest.approx(20)
    marks = frequency_marks(24_000)
    assert [mark.label for mark in marks] == ["0.5 kHz", "1 kHz", "2 kHz", "4 kHz", "8 kHz"]
    assert [mark.at for mark in marks] == sorted(mark.at for mark in marks)
    assert [mark.label for mark in frequency_marks(8000)][-1] == "2 kHz"


def test_outlines_share_a_scale_that_the_louder_of_raw_and_clean_fills() -> None:
    heard = {
        name: TrackLevels(outlined(np.full((1, 1200), level, np.float32)))
        for name, level in (("raw", 0.2), ("clean", 0.8), ("removed", 0.1))
    }
    curves = {curve.name: curve for curve in outlines(heard)}
    tops = {name: min(y for _, y in points(curve.path)) for name, curve in curves.items()}
    assert tops == {"raw": -25, "clean": -100, "removed": pytest.approx(-12.5, abs=0.6)}
    assert (curves["raw"].peak, curves["clean"].peak) == (pytest.approx(0.25, abs=0.01), 1)
    assert {curve.width for curve in curves.values()} == {600}


def test_an_outline_of_nothing_is_no_path() -> None:
    nothing = TrackLevels(Outline((), ()))
    silent = TrackLevels(outlined(np.zeros((1, 10), np.float32)))
    empty, flat = outlines({"raw": nothing, "clean": silent})
    assert empty.path == ""
    assert {y for _, y in points(flat.path)} == {0}


@pytest.mark.parametrize(
    ("hop", "values", "seconds", "width", "last"),
    [
        (0.01, (1.0,) * 300, 3.0, 300, 0),
        # The ends do not sink, and less than a second has its whole width.
        (0.01, (0.3,) * 58, 0.6, 60, 70),
        (5.0, (0.3,), 0.6, 0.12, 70),
    ],
)
def test_presence_runs_from_edge_to_edge(
    hop: float, values: tuple[float, ...], seconds: float, width: float, last: int
) -> None:
    # A track without any has no curve.
    [curve] = presence({"raw": Timeline(hop, values), "clean": Timeline(hop, ())}, seconds)
    assert curve.width == pytest.approx(width)
    assert points(curve.path)[0] == (0, last)
    assert points(curve.path)[-1] == (pytest.approx(width), last)
    assert {y for _, y in points(curve.path)} == {last}


def test_a_short_burst_of_music_shows_in_an_hour() -> None:
    values = np.zeros(360_000)
    values[200_000:200_030] = 1
    [curve] = presence({"raw": Timeline(0.01, tuple(values))}, 3600.0)
    assert curve.width == 600
    assert min(y for _, y in points(curve.path)) == 0
    assert len(curve.path) < 6000


def test_long_chunks_are_steps_over_the_time_they_cover() -> None:
    [curve] = presence({"raw": Timeline(5.0, (1.0, 0.0, 0.5))}, 11.0)
    assert curve.width == pytest.approx(2.2)
    steps = [(0, 0), (0, 0), (1, 0), (1, 100), (2, 100), (2, 50), (2.2, 50), (2.2, 50)]
    assert points(curve.path) == steps
