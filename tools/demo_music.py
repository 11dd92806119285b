"""Compose and synthesise the backing music of the demo batch.

Every sound is computed here from oscillators, noise and filters: no samples, no recordings. An
*instrument* turns a pitch in Hz and a length in seconds into a mono note; a *style* writes notes
into a `Band`, which places, pans and reverberates them. Randomness (note choice, timing, detuning)
comes only from the band's generator, so the same seed gives the same music.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np
from demo_instruments import (
    Audio,
    Instrument,
    bell,
    clock,
    electric_piano,
    filter,
    horn,
    kick,
    pad,
    piano,
    plucked,
    reed,
    shaker,
    snare,
    strings,
    synth_bass,
    synth_pluck,
    timpani,
    upright_bass,
)
from scipy.signal import fftconvolve

_ROOTS = {"C": 0, "Db": 1, "D": 2, "Eb": 3, "E": 4, "F": 5, "Gb": 6, "G": 7, "Ab": 8, "A": 9,
          "Bb": 10, "B": 11}  # fmt: skip
_QUALITIES = {
    "": (0, 4, 7), "m": (0, 3, 7), "7": (0, 4, 10), "maj7": (0, 4, 7, 11), "m7": (0, 3, 7, 10),
    "maj9": (0, 4, 11, 14), "m9": (0, 3, 10, 14), "13": (0, 4, 10, 21), "add9": (0, 4, 7, 14),
    "sus4": (0, 5, 7),
}  # fmt: skip


def chord(name: str, lowest: int = 48) -> list[int]:
    """Return the MIDI notes of a chord such as "Bbmaj7"; the root is at or above `lowest`."""
    root = name[:2] if name[:2] in _ROOTS else name[:1]
    base = lowest + (_ROOTS[root] - lowest) % 12
    return [base + step for step in _QUALITIES[name[len(root) :]]]


# --- The band --------------------------------------------------------------------------------


@dataclass
class Band:
    """A stereo recording in progress.

    `beat` is the length of a beat in seconds. `dry` has shape (frames, 2), in arbitrary units;
    `room` is the part of it sent to the reverb.
    """

    frames: int
    rate: int
    rng: np.random.Generator
    beat: float = 0.5
    dry: Audio = field(init=False)
    room: Audio = field(init=False)

    def __post_init__(self) -> None:
        """Start from silence."""
        self.dry, self.room = np.zeros((self.frames, 2)), np.zeros((self.frames, 2))

    @property
    def times(self) -> Audio:
        """Time of each frame in seconds, shape (frames,)."""
        return np.arange(self.frames) / self.rate

    def bars(self, beats: float) -> int:
        """Return the number of bars of `beats` beats that cover the recording."""
        return int(np.ceil(self.frames / (self.rate * beats * self.beat)))

    def play(
        self,
        instrument: Instrument,
        midi: float,
        at: float,
        length: float = 1.0,
        gain: float = 1.0,
        pan: float = 0.0,
        send: float = 0.2,
    ) -> None:
        """Play a note at beat `at` for `length` beats; `pan` -1..1; `send` to the reverb 0..1.

        If a note starts before the recording, its beginning is cut.
        """
        late = abs(self.rng.normal(0.0, 0.004))  # People do not play on the grid.
        start = round((at * self.beat + late) * self.rate)
        hz = 440.0 * 2.0 ** ((midi - 69.0) / 12.0)
        note = instrument(hz, length * self.beat, self.rate, self.rng) * self.rng.uniform(0.88, 1.0)
        note = gain * note[max(0, -start) : max(0, self.frames - start)]
        angle = (pan + 1.0) * np.pi / 4.0
        place = slice(max(0, start), max(0, start) + len(note))
        sides = np.outer(note, [np.cos(angle), np.sin(angle)])
        self.dry[place] += sides
        self.room[place] += send * sides

    def mixdown(self, reverb: float, treble: float = 10000.0) -> Audio:
        """Mix the dry sound with a reverb of `reverb` seconds, saturate: (frames, 2), RMS 0.25."""
        t = clock(reverb, self.rate)[:, None]
        echo = self.rng.normal(size=(len(t), 2)) * np.exp(-6.9 * t / reverb)
        echo = filter(echo, self.rate, "bandpass", (150.0, 4500.0))
        echo /= np.sqrt(np.sum(echo**2, axis=0))
        wet = fftconvolve(self.room, echo, axes=0)[: self.frames]
        mix = filter(self.dry + wet, self.rate, "low", treble)
        mix = filter(mix, self.rate, "high", 35.0)
        return np.asarray(np.tanh(0.3 * mix / np.sqrt(np.mean(mix**2))) / 1.1)

    def wander(self, scale: list[int], start: int) -> int:
        """Pick a neighbour of note `start` in the scale: the next step of a melody."""
        place = int(np.argmin([abs(note - start) for note in scale]))
        step = int(self.rng.choice([-2, -1, -1, 1, 1, 2]))
        return scale[int(np.clip(place + step, 0, len(scale) - 1))]


def _scale(root: int, steps: tuple[int, ...], octaves: int = 2) -> list[int]:
    """Return the MIDI notes of a scale over some octaves."""
    return [root + 12 * octave + step for octave in range(octaves) for step in steps]


_MAJOR_PENTATONIC = (0, 2, 4, 7, 9)
_MINOR_PENTATONIC = (0, 3, 5, 7, 10)


# --- Styles ----------------------------------------------------------------------------------


def lofi(band: Band) -> Audio:
    """Lo-fi beat: swung drums, electric-piano ninths, mellow bass, tape wow and crackle."""
    band.beat = 60 / 78
    lead, scale = 76, _scale(72, _MAJOR_PENTATONIC)
    changes = ("Dm9", "G13", "Cmaj9", "Am9")
    for bar in range(band.bars(4)):
        at, name = 4.0 * bar, changes[bar % 4]
        notes = chord(name, 50)
        for hit, length in ((0.0, 1.6), (2.6, 1.2)):
            for i, note in enumerate(notes):
                band.play(electric_piano, note, at + hit + 0.03 * i, length, 0.5, -0.2 + 0.15 * i)
        for hit, step in ((0.0, 0), (1.6, 0), (2.6, 7), (3.6, -2)):
            band.play(upright_bass, notes[0] - 12 + step, at + hit, 0.8, 0.5, send=0.05)
        for hit in (0.0, 1.62, 2.62):
            band.play(kick, 31, at + hit, gain=0.9, send=0.03)
        for hit in (1.0, 3.0):
            band.play(snare, 55, at + hit, gain=0.7, pan=0.1)
        for eighth in range(8):
            swing = 0.12 * (eighth % 2)
            band.play(shaker, 115, at + eighth / 2 + swing, 0.12, 0.35, 0.4, 0.05)
        for hit in band.rng.choice([0.5, 1.0, 1.5, 2.0, 3.0, 3.5], 3, replace=False):
            lead = band.wander(scale, lead)
            band.play(bell, lead, at + float(hit), 1.0, 0.35, 0.5, 0.5)
    hits = band.rng.random((band.frames, 1)) < 12 / band.rate
    band.dry += hits * band.rng.normal(0.0, 1.5, hits.shape)
    band.dry += 0.01 * band.rng.normal(size=band.dry.shape)
    return _wow(band.mixdown(1.2, treble=5500.0), band.rate)


def _wow(sound: Audio, rate: int) -> Audio:
    """Vary the pitch of (frames, 2) by about half a percent, like a worn tape."""
    frame = np.arange(len(sound))
    lag = 0.0025 * rate * (1.0 - np.cos(2 * np.pi * 0.4 * frame / rate))
    return np.stack([np.interp(frame - lag, frame, side) for side in sound.T], axis=1)


def ambient(band: Band) -> Audio:
    """Ambient: overlapping pads, a low drone, breathing air and bells in a very large room."""
    band.beat = 1.0
    scale = _scale(72, _MAJOR_PENTATONIC)
    lead = 79
    for bar in range(band.bars(5)):
        at = 5.0 * bar
        notes = chord(("Fmaj9", "Am7", "Dm9", "Bbmaj9")[bar % 4], 50)
        # Pads start before the recording, so that the recording starts with full sound.
        for i, note in enumerate(notes):
            band.play(pad, note, at - 0.8, 5.5, 0.6, -0.6 + 0.4 * i, 0.5)
        band.play(pad, notes[0] - 12, at - 0.8, 5.0, 0.7, send=0.2)
        for hit in band.rng.uniform(0.0, 5.0, 4):
            lead = band.wander(scale, lead)
            pan = float(band.rng.uniform(-0.8, 0.8))
            band.play(bell, lead, at + float(hit), 2.0, 1.0, pan, 1.0)
    air = filter(band.rng.normal(size=band.dry.shape), band.rate, "bandpass", (500.0, 2500.0))
    band.dry += 0.08 * air * (1.2 + np.sin(2 * np.pi * 0.11 * band.times))[:, None]
    return band.mixdown(3.5)


def synth_pop(band: Band) -> Audio:
    """Synth-pop: four on the floor, octave bass, sixteenth arpeggio and pads ducked by the kick."""
    band.beat = 60 / 116
    changes = ("Am", "F", "C", "G")
    for bar in range(band.bars(4)):
        at = 4.0 * bar
        notes = chord(changes[bar % 4], 57)
        ladder = [*notes, notes[0] + 12, notes[1] + 12]
        for sixteenth in range(16):
            note = ladder[(sixteenth * 3) % 5] + 12 * (sixteenth % 8 in (6, 7))
            pan = 0.6 * (-1) ** sixteenth
            band.play(synth_pluck, note, at + sixteenth / 4, 0.25, 0.5, pan, 0.3)
        for note in notes:
            band.play(pad, note + 12, at, 3.4, 0.35, 0.0, 0.4)
    # The kick ducks everything played so far, so the rhythm section is added afterwards.
    band.dry *= (0.35 + 0.65 * (band.times / band.beat % 1.0))[:, None]
    for bar in range(band.bars(4)):
        at = 4.0 * bar
        root = chord(changes[bar % 4], 33)[0]
        for eighth in range(8):
            off = eighth % 2
            band.play(synth_bass, root + 12 * off, at + eighth / 2, 0.42, 0.35, send=0.0)
            band.play(shaker, 120, at + eighth / 2, 0.1 + 0.15 * off, 0.3, -0.3, 0.0)
        for beat in range(4):
            band.play(kick, 33, at + beat, gain=1.1, send=0.0)
            if beat % 2:
                band.play(snare, 57, at + beat, gain=1.0, send=0.3)
    return band.mixdown(1.4)


def waltz(band: Band) -> Audio:
    """Waltz: bass on one, piano on two and three, and an accordion tune above."""
    band.beat = 60 / 144
    changes = ("G", "Em", "Am7", "D7", "G", "C", "D7", "G")
    lead = 74
    for bar in range(band.bars(3)):
        at = 3.0 * bar
        notes = chord(changes[bar % 8], 55)
        band.play(upright_bass, notes[0 if bar % 2 == 0 else 2] - 24, at, 1.0, 0.7, send=0.1)
        for hit in (1.0, 2.0):
            for note in notes:
                band.play(piano, note, at + hit, 0.5, 0.35, -0.3)
        rhythm = ((0.0, 2.0), (2.0, 1.0)) if bar % 2 == 0 else ((0.0, 1.0), (1.0, 1.0), (2.0, 1.0))
        chorded = [note + 12 * octave for octave in (0, 1, 2) for note in notes]
        for hit, length in rhythm:
            # The first note of a bar is in the chord; the others can be any note of the scale.
            ladder = sorted(chorded) if hit == 0.0 else _scale(67, (0, 2, 4, 5, 7, 9, 11))
            lead = int(np.clip(band.wander(ladder, lead), 67, 86))
            band.play(reed, lead, at + hit, length * 0.95, 0.45, 0.35, 0.3)
            band.play(reed, lead - 12, at + hit, length * 0.95, 0.2, 0.35, 0.3)
    return band.mixdown(1.6)


def folk(band: Band) -> Audio:
    """Folk: finger-picked steel strings in six-eight, a high second guitar and a soft shaker."""
    band.beat = 60 / 200
    lead, scale = 79, _scale(72, _MAJOR_PENTATONIC)
    for bar in range(band.bars(6)):
        at = 6.0 * bar
        notes = chord(("C", "G", "Am", "F", "C", "Em", "F", "G")[bar % 8], 48)
        ladder = [notes[0] - 12, notes[1], notes[2], notes[0] + 12, notes[2], notes[1]]
        for step, note in enumerate(ladder):
            band.play(plucked, note, at + step, 3.0, 1.0 if step == 0 else 0.7, -0.35, 0.25)
            band.play(shaker, 112, at + step, 0.3, 0.12 + 0.12 * (step % 3 == 0), 0.3, 0.1)
        band.play(plucked, notes[2] - 12, at + 3, 3.0, 0.9, -0.35, 0.25)
        for hit in (0.0, 2.0, 3.0, 5.0):
            lead = band.wander(scale, lead)
            band.play(plucked, lead, at + hit, 2.0, 0.8, 0.5, 0.4)
    return band.mixdown(1.3)


def orchestra(band: Band) -> Audio:
    """Orchestra: swelling strings, a driving low ostinato, horn calls and timpani rolls."""
    band.beat = 60 / 84
    changes = ("Dm", "Bb", "F", "C", "Dm", "Gm", "A", "A")
    for bar in range(band.bars(4)):
        at = 4.0 * bar
        notes = chord(changes[bar % 8], 50)
        for i, note in enumerate([notes[0] - 12, *notes, notes[0] + 12, notes[1] + 12]):
            band.play(strings, note, at, 4.0, 0.4, 0.7 - 0.28 * i, 0.5)
        for eighth in range(8):
            note = notes[0] - 12 + (0, 0, 12, 0, 7, 0, 12, 7)[eighth]
            band.play(strings, note, at + eighth / 2, 0.2, 0.9, 0.5, 0.3)
        for hit, length, note in ((0.0, 1.5, 0), (1.5, 0.5, 2), (2.0, 2.0, 1 + bar % 2)):
            band.play(horn, notes[note] + 12, at + hit, length, 0.6, -0.4, 0.6)
        band.play(timpani, notes[0] - 12, at, gain=1.8, pan=0.2, send=0.5)
        for roll in range(8 if bar % 2 else 0):
            band.play(timpani, 45, at + 3 + roll / 8, gain=0.3 + 0.1 * roll, pan=0.2, send=0.4)
    return band.mixdown(2.4)


def ballad(band: Band) -> Audio:
    """Film ballad: rolling piano arpeggios over held strings."""
    band.beat = 60 / 72
    lead, scale = 76, _scale(69, _MINOR_PENTATONIC)
    for bar in range(band.bars(4)):
        at = 4.0 * bar
        notes = chord(("Am", "Fmaj7", "C", "G")[bar % 4], 45)
        ladder = [notes[0], notes[2], notes[0] + 12, notes[1] + 12, notes[2] + 12, notes[1] + 12]
        for eighth in range(8):
            note = ladder[(0, 1, 2, 3, 4, 3, 2, 1)[eighth]]
            band.play(piano, note, at + eighth / 2, 1.5, 0.7, -0.3 + 0.08 * eighth, 0.35)
        for note in notes:
            band.play(strings, note + 12, at, 4.0, 0.22, 0.4, 0.5)
        for hit in (0.0, 1.5, 2.0, 3.0):
            lead = band.wander(scale, lead)
            band.play(piano, lead, at + hit, 1.5, 0.8, 0.2, 0.4)
    return band.mixdown(2.2)


def bossa(band: Band) -> Audio:
    """Bossa nova: syncopated nylon chords, bass in fifths, rim clicks and an electric piano."""
    band.beat = 60 / 132
    lead, scale = 74, _scale(67, (0, 2, 4, 7, 9, 11))
    changes = ("Cmaj9", "Am9", "Dm9", "G13")
    for bar in range(band.bars(4)):
        at = 4.0 * bar
        notes = chord(changes[bar % 4], 48)
        for hit in (0.0, 1.5, 3.0) if bar % 2 == 0 else (0.5, 2.0, 3.5):
            for note in notes[1:]:
                band.play(plucked, note, at + hit, 0.9, 0.7, -0.6, 0.25)
        for hit, step in ((0.0, 0), (1.5, 7), (2.0, 7), (3.5, 0)):
            band.play(upright_bass, notes[0] - 12 + step, at + hit, 1.2, 0.55, 0.1, 0.05)
        for hit in (0.0, 1.5, 3.0) if bar % 2 == 0 else (1.0, 2.5):
            band.play(snare, 67, at + hit, gain=0.3, pan=0.3)
        for eighth in range(8):
            band.play(shaker, 118, at + eighth / 2, 0.3, 0.2 + 0.12 * (eighth % 2), 0.7, 0.1)
        for hit in band.rng.choice([0.0, 0.5, 1.5, 2.0, 2.5, 3.5], 4, replace=False):
            lead = band.wander(scale, lead)
            band.play(electric_piano, lead, at + float(hit), 1.0, 0.5, 0.65, 0.4)
    return band.mixdown(1.1)


STYLES: dict[str, Callable[[Band], Audio]] = {
    "lo-fi beat": lofi,
    "ambient pads": ambient,
    "synth-pop": synth_pop,
    "waltz": waltz,
    "folk guitar": folk,
    "orchestra": orchestra,
    "piano ballad": ballad,
    "bossa nova": bossa,
}


def compose(style: str, frames: int, rate: int, rng: np.random.Generator) -> Audio:
    """Compose stereo music in one of the `STYLES`: (frames, 2), RMS about 0.25, peak below 1."""
    return STYLES[style](Band(frames, rate, rng))
