"""Make the demo batch: narration by a neural voice, mixed with synthesised music.

Each render `NAME.wav` is written with its script (`NAME.txt`) and the speech alone
(`NAME.reference.flac`): the mixture is exactly the reference plus the music, sample by sample.
Needs the `demo` extra (hibari-tts). The same seed gives the same files.
"""

from __future__ import annotations

import argparse
import zlib
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt
import soundfile as sf
import soxr
from demo_instruments import Audio
from demo_music import compose
from hibari import Hibari

RAW = Path("raw")
PACKAGED = Path("stemsilver/demo_batch")
CARRIED = ("museum_guide", "safety_briefing", "sequential/bread_recipe")
"""What `stemsilver demo` cleans: a render with little music, one with none, one with much."""

SPEECH_RATE = 24_000
PEAK = 10 ** (-1.05 / 20)  # slightly below -1 dBFS, so that rounding cannot exceed it


@dataclass(frozen=True)
class Render:
    """One file of the batch.

    `snr` is the level of the active speech relative to the music in dB. `pitch` below 1 lowers the
    voice including its formants, like a larger speaker. `entry` is the fraction of the file after
    which the music starts, `lasts` its length in seconds; None is to the end.
    """

    name: str
    text: str
    style: str | None = None
    snr: float = 0.0
    pitch: float = 1.0
    entry: float = 0.0
    lasts: float | None = None
    rate: int = SPEECH_RATE
    channels: int = 1


BATCH = (
    Render(
        "museum_guide",
        "Welcome to the hall of explorers. The wooden ship in front of you crossed the northern "
        "ocean more than four centuries ago. Look closely at the bow, and you will see the face "
        "of a sleeping whale.",
        style="orchestra",
        snr=8.0,
        pitch=0.88,
    ),
    Render(
        "safety_briefing",
        "Please listen carefully, even if you travel often. Your life jacket is under the seat. "
        "In an emergency, stay calm, leave your bags behind, and follow the lights along the "
        "floor.",
    ),
    Render(
        "batched/product_tour",
        "Meet your new kitchen assistant. It listens when you ask for help, and it stays quiet "
        "when you don't. Today we will set a timer, plan a simple dinner, and share a shopping "
        "list with your family.",
        style="synth-pop",
        snr=3.0,
        pitch=1.05,
    ),
    Render(
        "batched/weather_evening",
        "Good evening. A gentle breeze is moving in from the coast, and the clouds should clear "
        "before midnight. Tomorrow begins cool and bright, with a small chance of rain in the "
        "hills. Take a light jacket, just in case.",
        style="lo-fi beat",
        snr=10.0,
    ),
    Render(
        "batched/lighthouse_chapter",
        "The old keeper climbed the stairs every night, one hand on the cold stone wall. He "
        "never counted the steps. He listened instead, to the wind, to the sea, and to the slow "
        "turning of the great lamp above him.",
        style="ambient pads",
        snr=15.0,
        pitch=0.82,
    ),
    Render(
        "sequential/bread_recipe",
        "Warm the milk slowly, and stir in a spoon of honey. While it cools, mix the flour with "
        "a pinch of salt. Now comes the best part. Fold the dough until it feels soft, and let "
        "it rest until morning.",
        style="folk guitar",
        snr=6.0,
    ),
    Render(
        "sequential/sound_collector",
        "There was once a girl who collected sounds. She kept the rain in a green bottle, the "
        "church bells in a tin box, and the laughter of her brother in the pocket of her coat.",
        style="waltz",
        snr=5.0,
        pitch=1.07,
    ),
    Render(
        "sequential/night_train",
        "The night train leaves the city without a sound. For an hour there is nothing but dark "
        "fields and the shape of the mountains. Then, far away, a single window shines, and "
        "every passenger wonders who is still awake.",
        style="piano ballad",
        snr=0.0,
        pitch=0.85,
        entry=0.5,
    ),
    Render(
        "sequential/podcast_intro",
        "Welcome back to the quiet science hour. This week we ask a simple question. Why do "
        "birds sing before the sun comes up?",
        style="bossa nova",
        snr=12.0,
        pitch=0.94,
        rate=44_100,
        channels=2,
    ),
    Render(
        "sequential/library_notice",
        "The reading room closes in fifteen minutes. Please bring your books to the desk, and "
        "leave the lamps switched on. The garden door stays open until nine.",
        style="waltz",
        snr=6.0,
        entry=0.4,
        lasts=2.0,
    ),
)


def rms(sound: Audio) -> float:
    """Return the root mean square over all samples."""
    return float(np.sqrt(np.mean(sound**2)))


def active(speech: Audio, rate: int) -> Audio:
    """Return the 20 ms frames within 40 dB of the loudest: (frames,) → (count, length)."""
    length = rate // 50
    frames = speech[: speech.size // length * length].reshape(-1, length)
    power = np.mean(frames**2, axis=1)
    return np.asarray(frames[power > power.max() * 1e-4])


def trim(speech: Audio, rate: int, margin: float = 0.08) -> Audio:
    """Remove the silence around speech except for `margin` seconds, and fade in and out."""
    loud = np.flatnonzero(np.abs(speech) > 0.01)
    edge = int(margin * rate)
    kept = speech[max(0, loud[0] - edge) : loud[-1] + 2 * edge]
    return kept * fades(kept.size, rate, rise=margin / 2, fall=margin / 2)


def speak(voice: Hibari, render: Render, rng: np.random.Generator) -> Audio:
    """Speak the script: mono at `render.rate`, shape (frames,), with pauses around sentences."""
    pieces = [np.zeros(int(render.rate * rng.uniform(0.6, 1.0)))]
    # Resampling changes the speed with the pitch; the inverse speed here compensates for it.
    sentences = voice.stream(render.text, 1 / render.pitch, seed=int(rng.integers(2**31)))
    for sentence in sentences:
        spoken = soxr.resample(sentence, SPEECH_RATE * render.pitch, render.rate, quality="VHQ")
        pause = np.zeros(int(render.rate * rng.uniform(0.3, 0.7)))
        pieces += [trim(spoken, render.rate), pause]
    return np.concatenate([*pieces, np.zeros(int(render.rate * rng.uniform(0.5, 0.9)))])


def accompany(render: Render, speech: Audio, rng: np.random.Generator) -> Audio:
    """Return music for (frames,) speech at the render's SNR, shape (frames, channels)."""
    music = np.zeros((speech.size, 2))
    start = int(render.entry * speech.size)
    stop = speech.size if render.lasts is None else start + int(render.lasts * render.rate)
    if render.style is not None:
        music[start:stop] = compose(render.style, stop - start, render.rate, rng)
        music[start:stop] *= fades(stop - start, render.rate)[:, None]
    if render.channels == 1:
        music = music.mean(axis=1, keepdims=True)
    level = rms(music[start:stop])
    target = rms(active(speech, render.rate)) * 10 ** (-render.snr / 20)
    return music * (target / level) if level else music


def fades(frames: int, rate: int, rise: float = 0.05, fall: float = 0.3) -> Audio:
    """Return a gain that rises from 0 and falls to 0 over the given seconds, shape (frames,)."""
    ramp = np.arange(frames) / rate
    return np.minimum(np.minimum(ramp / rise, ramp[::-1] / fall), 1.0)


def to_pcm(sound: Audio) -> npt.NDArray[np.int16]:
    """Convert float samples in -1..1 to 16-bit integers of the same shape."""
    return np.round(sound * 32767.0).astype(np.int16)


def write(render: Render, speech: Audio, music: Audio, out: Path) -> None:
    """Write the mixture, the reference and the script.

    If the mixture would exceed the peak limit, speech and music get the same gain reduction. They
    are rounded before they are added, so mixture = reference + music holds exactly.
    """
    speech = np.repeat(speech[:, None], render.channels, axis=1)
    gain = min(1.0, PEAK / np.max(np.abs(speech + music)))
    reference = to_pcm(speech * gain)
    path = out / render.name
    path.parent.mkdir(parents=True, exist_ok=True)
    sf.write(path.with_suffix(".wav"), reference + to_pcm(music * gain), render.rate, "PCM_16")
    sf.write(path.with_suffix(".reference.flac"), reference, render.rate, "PCM_16")
    path.with_suffix(".txt").write_text(render.text + "\n", encoding="utf-8")


def carry(out: Path, folder: Path) -> None:
    """Write the renders that the package carries, as FLAC, with what lies beside them."""
    for name in CARRIED:
        mixture, rate = sf.read(out / f"{name}.wav", dtype="int16")
        path = folder / Path(name).name
        sf.write(path.with_suffix(".flac"), mixture, rate, "PCM_16")
        for beside in (".txt", ".reference.flac"):
            path.with_suffix(beside).write_bytes((out / f"{name}{beside}").read_bytes())


def main() -> None:
    """Write the whole batch."""
    parser = argparse.ArgumentParser(description="Make the demo batch of TTS renders.")
    parser.add_argument("--out", type=Path, default=RAW, help="folder to write into")
    parser.add_argument("--seed", type=int, default=7, help="seed of voice noise and music")
    options = parser.parse_args()
    voice = Hibari(threads=1)
    for render in BATCH:
        # Seeding by name keeps all other files unchanged when one render is added or edited.
        rng = np.random.default_rng([options.seed, zlib.crc32(render.name.encode())])
        speech = speak(voice, render, rng)
        music = accompany(render, speech, rng)
        write(render, speech, music, options.out)
        print(f"{render.name}: {speech.size / render.rate:.1f} s, {render.style or 'no music'}")
    if options.out == RAW:
        carry(RAW, PACKAGED)


if __name__ == "__main__":
    main()
