from __future__ import annotations

import tracemalloc
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import pytest

from stemsilver.audio import decode, resample
from stemsilver.evaluation import vad
from stemsilver.media.playback import (
    Outline,
    TrackLevels,
    from_json,
    gains,
    measure_tracks,
    outlined,
    to_json,
)
from stemsilver.records import Audio

RAW = Path(__file__).parents[2] / "raw"
NOTHING = Outline((), ())


@contextmanager
def traced() -> Iterator[list[int]]:
    """The most bytes that were taken within, once it is over."""
    peaks: list[int] = []
    tracemalloc.start()
    try:
        yield peaks
    finally:
        peaks.append(tracemalloc.get_traced_memory()[1])
        tracemalloc.stop()


def speech_and_music(seconds: float = 8.0) -> tuple[Audio, Audio]:
    """A demo render's true speech, and the music that lies under it."""
    raw = decode(RAW / "museum_guide.wav", 1)
    truth = decode(RAW / "museum_guide.reference.flac", 1)
    frames = round(seconds * raw.rate)
    speech = truth.samples[:, :frames]
    return Audio(speech, raw.rate), Audio(raw.samples[:, :frames] - speech, raw.rate)


def scaled(audio: Audio, gain: float) -> Audio:
    return Audio((audio.samples * gain).astype(np.float32), audio.rate)


def mixed(one: Audio, other: Audio) -> Audio:
    return Audio((one.samples + other.samples).astype(np.float32), one.rate)


@pytest.mark.parametrize("music_gain", [0.0, 1.0, 4.0])
def test_speech_matching_equals_the_speech_whatever_the_music(music_gain: float) -> None:
    """Clean is the speech 9 dB up; the fit must say so at any level of music in raw."""
    speech, music = speech_and_music()
    raw = mixed(speech, scaled(music, music_gain))
    found = gains(
        measure_tracks({"raw": raw, "clean": scaled(speech, 10 ** (9 / 20))}), "speech_db"
    )
    assert found is not None
    assert found["raw"] - found["clean"] == pytest.approx(9, abs=0.5)
    assert max(found.values()) == 0


def test_lufs_matching_counts_the_music() -> None:
    """With loud music in raw, equal loudness makes the speech in clean louder than in raw."""
    speech, music = speech_and_music()
    tracks = measure_tracks({"raw": mixed(speech, scaled(music, 6)), "clean": speech})
    by_lufs, by_speech = gains(tracks, "lufs"), gains(tracks, "speech_db")
    assert by_lufs is not None and by_speech is not None
    assert by_speech["raw"] == pytest.approx(by_speech["clean"], abs=0.6)
    assert by_lufs["raw"] < by_lufs["clean"] - 1


def test_nothing_to_match_in_silence() -> None:
    silence = Audio(np.zeros((1, 24_000), np.float32), 24_000)
    tracks = measure_tracks({"raw": silence, "clean": silence, "removed": silence})
    assert gains(tracks, "lufs") is None
    assert gains(tracks, "speech_db") is None


@pytest.mark.parametrize("frames", [0, 1, 100, 5000])
def test_a_short_file_has_an_outline_and_no_levels(frames: int) -> None:
    audio = Audio(np.full((2, frames), 0.5, np.float32), 24_000)
    tracks = measure_tracks({"raw": audio, "clean": audio})
    assert tracks["raw"].outline.high == (500,) * min(frames, 600)
    assert gains(tracks, "lufs") is None
    assert gains(tracks, "speech_db") is None


def test_what_was_removed_goes_along_with_raw() -> None:
    tracks = {
        "raw": TrackLevels(NOTHING, -20.0, 3.0),
        "clean": TrackLevels(NOTHING, -16.0, 0.0),
        "removed": TrackLevels(NOTHING),
        "vocals": TrackLevels(NOTHING, -30.0, -1.5),
    }
    assert gains(tracks, "speech_db") == {
        "raw": -4.5,
        "clean": -1.5,
        "removed": -4.5,
        "vocals": 0.0,
    }
    assert gains(tracks, "lufs") == {"raw": -10.0, "clean": -14.0, "removed": -10.0, "vocals": 0.0}


def test_an_outline_keeps_every_peak() -> None:
    samples = np.zeros((2, 100_000), np.float32)
    samples[0, 50_001] = 0.75
    samples[1, 99_999] = -0.5
    outline = outlined(samples)
    assert len(outline.low) == len(outline.high) == 600
    assert outline.high.index(750) == pytest.approx(300, abs=1)
    assert outline.low[-1] == -500
    assert sum(map(bool, (*outline.low, *outline.high))) == 2


def test_an_outline_of_an_hour_copies_nothing() -> None:
    hour = np.broadcast_to(np.float32(0.1), (2, 3600 * 48_000))
    with traced() as peaks:
        assert set(outlined(hour).high) <= {100, 101}
    assert peaks[0] < 1e6


def test_it_is_read_back_as_it_was_written() -> None:
    speech, music = speech_and_music(3)
    tracks = measure_tracks({"raw": mixed(speech, music), "clean": speech, "removed": music})
    content = to_json(tracks)
    assert from_json(content) == tracks
    assert len(content) < 25_000
    with pytest.raises(ValueError, match="validation error"):
        from_json(b'{"raw": 1}')


def test_the_active_levels_of_a_demo_render_agree_within_half_a_decibel() -> None:
    """By power, over the frames in which somebody speaks; the music there is quiet enough not to
    count."""
    speech, music = speech_and_music()
    tracks = {"raw": mixed(speech, scaled(music, 0.5)), "clean": scaled(speech, 3)}
    found = gains(measure_tracks(tracks), "speech_db")
    assert found is not None
    flags = vad.speech_frames(resample(speech.samples, speech.rate, vad.RATE)[0])
    size = round(speech.rate * vad.HOP)

    def level(name: str) -> float:
        signal = tracks[name].samples[0]
        frames = signal[: flags.size * size].reshape(-1, size)[flags[: signal.size // size]]
        return 10 * float(np.log10(np.square(frames, dtype=np.float64).mean())) + found[name]

    assert level("raw") == pytest.approx(level("clean"), abs=0.5)
