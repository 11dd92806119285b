from __future__ import annotations

import tracemalloc
from pathlib import Path

import numpy as np
import pytest

from stemsilver.audio import decode
from stemsilver.media import playback
from stemsilver.media.playback import Outline, TrackLevels, gains, measure_tracks
from stemsilver.records import Audio

RAW = Path(__file__).parents[2] / "raw"
NOTHING = Outline((), ())


@pytest.fixture(scope="module")
def speech_and_music() -> tuple[Audio, Audio]:
    """A demo render's true speech, and the music that lies under it."""
    raw, truth = (decode(RAW / f"museum_guide.{end}", 1) for end in ("wav", "reference.flac"))
    frames = 8 * raw.rate
    speech = truth.samples[:, :frames]
    return Audio(speech, raw.rate), Audio(raw.samples[:, :frames] - speech, raw.rate)


def mixed(speech: Audio, music: Audio, music_gain: float) -> Audio:
    return Audio((speech.samples + music_gain * music.samples).astype(np.float32), speech.rate)


@pytest.mark.parametrize("music_gain", [0.0, 1.0, 4.0])
def test_speech_matching_equals_the_speech_whatever_the_music(
    speech_and_music: tuple[Audio, Audio], music_gain: float
) -> None:
    """Clean is the speech 9 dB up; the fit must say so at any level of music in raw."""
    speech, music = speech_and_music
    clean = Audio(speech.samples * np.float32(10 ** (9 / 20)), speech.rate)
    raw = mixed(speech, music, music_gain)
    found = gains(measure_tracks({"raw": raw, "clean": clean}), "speech_db")
    assert found is not None
    assert found["raw"] - found["clean"] == pytest.approx(9, abs=0.5)
    assert max(found.values()) == 0


def test_lufs_matching_counts_the_music_and_all_is_read_back_as_it_was_written(
    speech_and_music: tuple[Audio, Audio],
) -> None:
    """With loud music in raw, equal loudness makes the speech in clean louder than in raw."""
    speech, music = speech_and_music
    signals = {"raw": mixed(speech, music, 6), "clean": speech, "removed": music}
    tracks = measure_tracks(signals)
    by_lufs = gains(tracks, "lufs")
    assert by_lufs is not None
    assert by_lufs["raw"] < by_lufs["clean"] - 1
    content = playback.to_json(tracks)
    assert playback.from_json(content) == tracks
    assert len(content) < 25_000
    with pytest.raises(ValueError, match="validation error"):
        playback.from_json(b'{"raw": 1}')


@pytest.mark.parametrize(("level", "frames"), [(0, 24_000), (0.5, 0), (0.5, 1), (0.5, 5000)])
def test_silence_and_a_short_file_have_an_outline_and_no_levels(level: float, frames: int) -> None:
    audio = Audio(np.full((2, frames), level, np.float32), 24_000)
    tracks = measure_tracks({"raw": audio, "clean": audio, "removed": audio})
    assert tracks["raw"].outline.high == (round(1000 * level),) * min(frames, 600)
    assert gains(tracks, "lufs") is None
    assert gains(tracks, "speech_db") is None


def test_what_was_removed_goes_along_with_raw() -> None:
    tracks = {
        "raw": TrackLevels(NOTHING, -20.0, 3.0),
        "clean": TrackLevels(NOTHING, -16.0, 0.0),
        "removed": TrackLevels(NOTHING),
        "vocals": TrackLevels(NOTHING, -30.0, -1.5),
    }
    by_speech = {"raw": -4.5, "clean": -1.5, "removed": -4.5, "vocals": 0.0}
    assert gains(tracks, "speech_db") == by_speech
    assert gains(tracks, "lufs") == {"raw": -10.0, "clean": -14.0, "removed": -10.0, "vocals": 0.0}


def test_an_outline_keeps_every_peak_and_copies_nothing() -> None:
    samples = np.zeros((2, 100_000), np.float32)
    samples[0, 50_001] = 0.75
    samples[1, 99_999] = -0.5
    outline = playback.outlined(samples)
    assert len(outline.low) == len(outline.high) == 600
    assert outline.high.index(750) == pytest.approx(300, abs=1)
    assert outline.low[-1] == -500
    assert sum(map(bool, (*outline.low, *outline.high))) == 2

    hour = np.broadcast_to(np.float32(0.1), (2, 3600 * 48_000))
    tracemalloc.start()
    try:
        assert set(playback.outlined(hour).high) <= {100, 101}
        assert tracemalloc.get_traced_memory()[1] < 1e6
    finally:
        tracemalloc.stop()
