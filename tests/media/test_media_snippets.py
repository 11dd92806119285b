"""Short pairs: where they are cut, what is in them, and a listing that is not believed."""

from __future__ import annotations

import json
import tracemalloc
from dataclasses import replace
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from stemsilver import config
from stemsilver.audio import decode, resample
from stemsilver.config import AbTests
from stemsilver.evaluation import vad
from stemsilver.media import snippets
from stemsilver.media.playback import measure_tracks, pair_gains
from stemsilver.media.snippets import LISTING, Snippet, choose, cut, read, to_json
from stemsilver.records import Audio
from stemsilver.resources import resource

RAW = Path(__file__).parents[2] / "raw"
RATE = 8000
LEVEL: dict[snippets.Signal, float] = {"raw": -6.0, "clean": 0.0}
SHORT = AbTests(snippet_seconds=2, snippet_count=3, fade_ms=10, voiced_gate_db=-45)


def planted(
    seconds: float,
    *loud: tuple[float, float],
    level_db: float = -20,
    rate: int = RATE,
    channels: int = 1,
) -> Audio:
    """Noise of one RMS level within the stretches `loud`, in seconds, and silence elsewhere."""
    frames = round(seconds * rate)
    noise = np.random.default_rng(1).choice([-1.0, 1.0], (channels, frames))
    at = np.zeros(frames)
    for start, stop in loud:
        at[round(start * rate) : round(stop * rate)] = 10 ** (level_db / 20)
    return Audio((noise * at).astype(np.float32), rate)


def chosen(clean: Audio, removed: Audio | None = None) -> list[float]:
    """When the snippets of a render start, in seconds."""
    return [one.seconds[0] for one in choose(clean, removed or clean, LEVEL, SHORT)]


def decoded(content: bytes, folder: Path) -> NDArray[np.float32]:
    (folder / "x.flac").write_bytes(content)
    return decode(folder / "x.flac", 1).samples


@pytest.mark.parametrize(("rate", "channels"), [(8000, 1), (11_025, 2), (48_000, 1)])
def test_each_part_gives_the_stretch_that_is_voiced_most(rate: int, channels: int) -> None:
    loud = ((3, 5), (6, 6.5), (14.25, 16.25), (27, 29))
    clean = planted(30, *loud, rate=rate, channels=channels)
    assert chosen(clean) == pytest.approx([3, 14.25, 27], abs=0.011)


def test_the_share_of_voiced_frames_is_told_and_silence_has_none() -> None:
    silence = planted(30)
    [first, second] = choose(planted(30, (3, 4.5), (22, 29)), silence, LEVEL, SHORT)
    assert (first.voiced, second.voiced) == (0.75, 1.0)
    assert [first.number, second.number] == [1, 2]
    assert chosen(silence) == []


@pytest.mark.parametrize(("level_db", "count"), [(-44.5, 1), (-45.5, 0)])
def test_voiced_is_what_is_above_the_gate(level_db: float, count: int) -> None:
    for channels in (1, 2):
        clean = planted(9, (0.5, 1.5), level_db=level_db, channels=channels)
        assert len(chosen(clean)) == count


def test_of_equals_the_one_with_most_removed_is_taken_and_then_the_earliest() -> None:
    clean = planted(30, (0, 10), (10, 20))
    music = planted(30, (4, 6), level_db=-15)
    faint = planted(30, (0, 30), level_db=-30)
    both = Audio(np.where(music.samples == 0, faint.samples, music.samples), RATE)
    assert chosen(clean, both) == [4, 10]


@pytest.mark.parametrize("rate", [8000, 11_025, 48_000])
@pytest.mark.parametrize(
    ("seconds", "count"), [(3.9, 1), (4, 2), (4.0049, 2), (4.0101, 2), (6, 3), (60, 3)]
)
def test_as_many_are_taken_as_fit_without_overlapping(
    seconds: float, count: int, rate: int
) -> None:
    clean = planted(seconds, (0, seconds), rate=rate)
    found = choose(clean, planted(seconds, rate=rate), LEVEL, SHORT)
    assert [one.stop - one.start for one in found] == [2 * rate] * count
    assert all(one.stop <= two.start for one, two in pairwise(found))
    assert found[-1].stop <= seconds * rate
    assert all(one.voiced == 1 for one in found)


@pytest.mark.parametrize("frames", [1, 79, 80, 81, 15_999, 16_000])
def test_a_short_render_is_taken_whole(frames: int, tmp_path: Path) -> None:
    clean = Audio(np.full((1, frames), 0.5, np.float32), RATE)
    [found] = choose(clean, clean, LEVEL, SHORT)
    assert (found.start, found.stop, found.voiced) == (0, frames, 1)
    piece = decoded(cut(clean, found, "clean", 500), tmp_path)[0]
    # What is shorter than two fades is faded in to its middle, and out from there.
    assert piece.size == frames
    assert piece.max() == pytest.approx(0.5, abs=0.02)
    assert abs(int(piece.argmax()) - frames // 2) <= max(1, frames // 2 - RATE // 2)


def test_a_cut_has_its_samples_at_its_gain_and_fades_from_and_to_zero(tmp_path: Path) -> None:
    whole = planted(9, (0, 9), level_db=-6, channels=2)
    one = Snippet(1, RATE, 5 * RATE, RATE, LEVEL, 1)
    fade = RATE // 100
    for signal in LEVEL:
        expected = whole.samples[:, RATE : 5 * RATE] * 10 ** (LEVEL[signal] / 20)
        plain = decoded(cut(whole, one, signal, 0), tmp_path)
        np.testing.assert_allclose(plain, expected, atol=2**-15)
        piece = decoded(cut(whole, one, signal, 10), tmp_path)
        assert (piece[:, fade:-fade] == plain[:, fade:-fade]).all()
        assert (piece[:, [0, -1]] == 0).all()
        assert (np.diff(np.abs(piece[0, : fade + 1])) > 0).all()
        assert (np.diff(np.abs(piece[0, -fade - 1 :])) < 0).all()
    # The signal that it was cut from is left alone.
    np.testing.assert_array_equal(
        whole.samples, planted(9, (0, 9), level_db=-6, channels=2).samples
    )


def test_the_speech_of_a_demo_render_is_equally_loud_in_both(tmp_path: Path) -> None:
    """Against the truth: by how much of the speech is in each, whatever else is."""
    raw, truth = (decode(RAW / f"museum_guide.{end}", 1) for end in ("wav", "reference.flac"))
    clean = Audio(truth.samples * np.float32(2.2), raw.rate)
    removed = Audio(raw.samples - truth.samples, raw.rate)
    heard = measure_tracks({"raw": raw, "clean": clean})
    found = pair_gains(heard["raw"], heard["clean"])
    assert found is not None and max(found) == 0 and min(found) < -6
    settings = config.load(resource("config") / "embedded.yaml").ab_tests
    pairs = choose(clean, removed, {"raw": found[0], "clean": found[1]}, settings)
    assert pairs
    for one in pairs:
        speech = truth.samples[0, one.start : one.stop].astype(np.float64)
        level = {}
        for signal, whole in (("raw", raw), ("clean", clean)):
            piece = decoded(cut(whole, one, signal, 10), tmp_path)[0]
            level[signal] = 20 * np.log10(piece @ speech / (speech @ speech))
        assert level["raw"] == pytest.approx(level["clean"], abs=0.5)
        # And somebody speaks in it, by a detector that knows nothing of levels.
        heard_frames = vad.hear([resample(speech[None], raw.rate, vad.RATE)]).speech
        assert heard_frames.mean() > 0.5


def test_a_base_never_clips(tmp_path: Path) -> None:
    base = planted(9, (0, 9), level_db=-6)
    one = Snippet(1, RATE, 3 * RATE, RATE, dict(LEVEL), 1)
    assert snippets.with_base(one, base, 5).gains_db == {**LEVEL, "base": 5}
    held = snippets.with_base(one, base, 12)
    assert 5.98 < held.gains_db["base"] < 6
    assert held.gains_db["base"] == round(held.gains_db["base"], 2)
    piece = decoded(cut(base, held, "base", 0), tmp_path)
    loudest = np.abs(piece).max()
    assert 0.99 < loudest < 1
    np.testing.assert_allclose(np.abs(piece), loudest, atol=2**-14)


def test_an_hour_takes_little_memory() -> None:
    hour = Audio(np.broadcast_to(np.float32(0.1), (2, 3600 * 16_000)), 16_000)
    tracemalloc.start()
    try:
        assert len(choose(hour, hour, LEVEL, SHORT)) == 3
        assert tracemalloc.get_traced_memory()[1] < 60e6
    finally:
        tracemalloc.stop()


def test_a_listing_is_read_back_as_it_was_written(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        read(tmp_path)
    found = choose(planted(30, (0, 30)), planted(30), LEVEL, SHORT)
    with_base = tuple(snippets.with_base(one, planted(30), -1) for one in found)
    most = tuple(replace(found[0], number=n + 1, start=n * 9, stop=n * 9 + 9) for n in range(20))
    for listed in ((), found, with_base, most):
        (tmp_path / LISTING).write_bytes(to_json(listed))
        assert read(tmp_path) == listed


def entry(**values: object) -> dict[str, Any]:
    good = {"number": 1, "start": 0, "stop": 16_000, "rate": 8000, "voiced": 0.5}
    return {**good, "gains_db": {"raw": 0.0, "clean": -1.0}, **values}


def second(**values: object) -> list[dict[str, Any]]:
    return [entry(), entry(**{"number": 2, "start": 16_000, "stop": 32_000, **values})]


@pytest.mark.parametrize(
    "content",
    [
        "",
        "{}",
        "[" * 50_000,
        [{}],
        [entry(number="1")],
        [entry(number=2)],
        [entry(number=True)],
        [entry(start=-1)],
        [entry(start=16_000)],
        [entry(start=0.5)],
        [entry(stop=10**30)],
        [entry(rate=7999)],
        [entry(voiced=1.5)],
        [entry(voiced=float("nan"))],
        [entry(gains_db={"raw": 0.0})],
        [entry(gains_db={"raw": 0.0, "clean": float("inf")})],
        [entry(gains_db={"raw": 0.0, "clean": "0"})],
        [entry(gains_db={"raw": 0.0, "clean": 1e9})],
        [entry(gains_db={"raw": 0.0, "clean": 0.0, "<script>": 0.0})],
        [entry(more="x")],
        second(number=3),
        second(start=15_999),
        second(rate=16_000),
        [entry(number=n + 1, start=n, stop=n + 1) for n in range(21)],
        "[]" + " " * 70_000,
    ],
)
def test_a_listing_that_is_none_is_refused(content: object, tmp_path: Path) -> None:
    path = tmp_path / LISTING
    path.write_text(json.dumps(second()))
    assert [one.seconds for one in read(tmp_path)] == [(0, 2), (2, 4)]
    path.write_text(content if isinstance(content, str) else json.dumps(content))
    with pytest.raises(ValueError, match=r"."):
        read(tmp_path)
