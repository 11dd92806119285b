"""Instruments for the music of the demo batch, synthesised from oscillators, noise and filters.

An instrument turns a pitch in Hz and a length in seconds into a mono note of shape (frames,).
Randomness (detuning, noise) comes only from the generator argument.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Literal, TypeAlias

import numpy as np
import numpy.typing as npt
from scipy.signal import butter, lfilter, sosfilt

Audio: TypeAlias = npt.NDArray[np.float64]
Kind: TypeAlias = Literal["low", "high", "bandpass"]
Instrument: TypeAlias = Callable[[float, float, int, np.random.Generator], Audio]


def clock(seconds: float, rate: int) -> Audio:
    """Return the sample times in seconds, shape (frames,)."""
    return np.arange(max(1, int(seconds * rate))) / rate


def filter(sound: Audio, rate: int, kind: Kind, hz: float | tuple[float, float]) -> Audio:
    """Apply a second-order Butterworth filter with cut-off `hz` along the frames."""
    edge: Audio = np.clip(np.asarray(hz), 20.0, 0.49 * rate)
    return np.asarray(sosfilt(butter(2, edge, kind, output="sos", fs=rate), sound, axis=0))


def _envelope(t: Audio, attack: float, release: float) -> Audio:
    """Return a smooth rise over `attack` and fall over the last `release` seconds, in 0..1."""
    rise = np.clip(t / attack, 0.0, 1.0)
    fall = np.clip((t[-1] - t) / release, 0.0, 1.0)
    return np.asarray(np.sin(0.5 * np.pi * rise) * np.sin(0.5 * np.pi * fall))


def _saw(hz: Audio, rate: int, phase: float) -> Audio:
    """Return a sawtooth with the pitch curve `hz`, with PolyBLEP steps against aliasing."""
    step = hz / rate
    position = (phase + np.cumsum(step)) % 1.0
    after, before = position / step, (position - 1.0) / step
    rounding = np.where(after < 1.0, 2.0 * after - after**2 - 1.0, 0.0)
    rounding += np.where(before > -1.0, before**2 + 2.0 * before + 1.0, 0.0)
    return np.asarray(2.0 * position - 1.0 - rounding)


def _ensemble(hz: float, t: Audio, rate: int, rng: np.random.Generator, players: int) -> Audio:
    """Return several sawtooth waves, each slightly detuned and with its own vibrato."""
    sound: Audio = np.zeros_like(t)
    for _ in range(players):
        detune = rng.normal(0.0, 0.003)
        vibrato = 0.003 * np.sin(2 * np.pi * (rng.uniform(4.5, 6.0) * t + rng.random()))
        sound += _saw(hz * (1.0 + detune + vibrato * np.clip(t, 0.0, 1.0)), rate, rng.random())
    return np.asarray(sound / np.sqrt(players))


# --- Instruments -----------------------------------------------------------------------------


def piano(hz: float, seconds: float, rate: int, rng: np.random.Generator) -> Audio:
    """Struck strings: stretched partials (higher ones decay faster) and a hammer knock."""
    t = clock(seconds + 0.3, rate)
    sound: Audio = np.zeros_like(t)
    for k in range(1, 15):
        partial = hz * k * np.sqrt(1.0 + 0.0004 * k * k)
        if partial > 0.45 * rate:
            break
        decay = np.exp(-t * (0.6 + 0.35 * k + hz / 500.0))
        beating = 1.0 + 0.2 * np.sin(2 * np.pi * (rng.uniform(0.3, 1.2) * t + rng.random()))
        sound += np.sin(2 * np.pi * (partial * t + rng.random())) * decay * beating / k**1.3
    knock = filter(rng.normal(size=t.size), rate, "low", 900.0) * np.exp(-t * 60.0)
    return (sound + 0.6 * knock) * _envelope(t, 0.003, 0.25)


def electric_piano(hz: float, seconds: float, rate: int, rng: np.random.Generator) -> Audio:
    """Frequency-modulated tone with a bright attack, a soft decay and a tremolo."""
    t = clock(seconds + 0.2, rate)
    bark = (1.4 * np.exp(-t * 5.0) + 0.3) * np.sin(2 * np.pi * hz * t)
    tine = 0.12 * np.sin(2 * np.pi * min(7.0 * hz, 0.4 * rate) * t) * np.exp(-t * 14.0)
    tremolo = 1.0 + 0.15 * np.sin(2 * np.pi * (4.8 * t + rng.random()))
    tone = np.sin(2 * np.pi * hz * (1.0 + rng.normal(0.0, 0.0008)) * t + bark) + tine
    return tone * tremolo * np.exp(-t * 1.1) * _envelope(t, 0.004, 0.15)


def bell(hz: float, seconds: float, rate: int, rng: np.random.Generator) -> Audio:
    """Celesta-like chime: a few inharmonic partials, each with its own decay."""
    t = clock(seconds + 1.0, rate)
    modes = ((1.0, 1.0, 2.0), (2.0, 0.25, 3.0), (3.01, 0.2, 4.5), (5.4, 0.12, 9.0))
    tones = [
        gain * np.exp(-t * decay) * np.sin(2 * np.pi * (hz * ratio * t + rng.random()))
        for ratio, gain, decay in modes
        if hz * ratio < 0.45 * rate
    ]
    return np.asarray(np.sum(tones, axis=0) * _envelope(t, 0.002, 0.3))


def plucked(hz: float, seconds: float, rate: int, rng: np.random.Generator) -> Audio:
    """Karplus-Strong string: a noise burst in a delay line with low-pass feedback."""
    t = clock(seconds + 0.4, rate)
    period = rate / hz - 0.5  # The averaging taps below add the missing half sample.
    laps, share = int(period), period % 1.0
    feedback = np.zeros(laps + 3)
    feedback[0] = 1.0
    decay = 0.001 ** (1.0 / (hz * 4.0))  # -60 dB after 4 s at the lowest partials.
    feedback[laps:] = -decay * np.convolve([0.5, 0.5], [1.0 - share, share])
    burst = np.zeros_like(t)
    burst[: laps + 1] = filter(rng.normal(size=laps + 1), rate, "low", 5000.0)
    string = lfilter([1.0], feedback, burst)
    return np.asarray(filter(string, rate, "high", 70.0) * _envelope(t, 0.002, 0.3))


def pad(hz: float, seconds: float, rate: int, rng: np.random.Generator) -> Audio:
    """Detuned saws behind a filter that opens and closes, with a slow attack and a long release."""
    t = clock(seconds + 1.5, rate)
    raw = _ensemble(hz, t, rate, rng, 4)
    opening = 0.5 - 0.5 * np.cos(2 * np.pi * (t / (seconds + 1.5) + 0.1 * rng.random()))
    dark, bright = filter(raw, rate, "low", 500.0), filter(raw, rate, "low", 2600.0)
    return (dark + (bright - dark) * opening) * _envelope(t, 0.9, 1.4)


def strings(hz: float, seconds: float, rate: int, rng: np.random.Generator) -> Audio:
    """Six bowed strings with bow noise and a swell; short notes have a faster attack."""
    tail = min(0.6, seconds)
    t = clock(seconds + tail, rate)
    bowed = _ensemble(hz, t, rate, rng, 6) + 0.08 * rng.normal(size=t.size)
    swell: Audio = 0.6 + 0.4 * np.sin(np.pi * t / t[-1])
    body = filter(bowed, rate, "low", min(3800.0, 5.0 * hz + 900.0))
    return body * swell * _envelope(t, min(0.25, 0.2 * seconds), tail)


def horn(hz: float, seconds: float, rate: int, rng: np.random.Generator) -> Audio:
    """Soft brass: two sawtooth waves that get brighter as they get louder."""
    t = clock(seconds + 0.2, rate)
    raw = _ensemble(hz, t, rate, rng, 2)
    shape = _envelope(t, 0.12, 0.25)
    dark, bright = filter(raw, rate, "low", 600.0), filter(raw, rate, "low", 1800.0)
    return (dark + 0.6 * shape * bright) * shape


def reed(hz: float, seconds: float, rate: int, rng: np.random.Generator) -> Audio:
    """Accordion-like voice: two reeds tuned to beat against each other."""
    t = clock(seconds + 0.08, rate)
    pair = [_saw(np.full_like(t, hz * tune), rate, rng.random()) for tune in (0.9975, 1.0025)]
    hollow = filter(np.sum(pair, axis=0), rate, "bandpass", (250.0, 3200.0))
    return hollow * (0.85 + 0.15 * np.sin(2 * np.pi * 5.2 * t)) * _envelope(t, 0.05, 0.08)


def synth_pluck(hz: float, seconds: float, rate: int, rng: np.random.Generator) -> Audio:
    """Short synthesiser note: detuned sawtooth waves with a filter that closes quickly."""
    t = clock(seconds + 0.25, rate)
    raw = _ensemble(hz, t, rate, rng, 3)
    snap = np.exp(-t * 12.0)
    bright, dark = filter(raw, rate, "low", 6500.0), filter(raw, rate, "low", 900.0)
    return (bright * snap + dark * (1.0 - snap)) * np.exp(-t * 5.0) * _envelope(t, 0.003, 0.1)


def synth_bass(hz: float, seconds: float, rate: int, rng: np.random.Generator) -> Audio:
    """Low-pass filtered sawtooth plus a sine of the same pitch, slightly overdriven."""
    t = clock(seconds + 0.02, rate)
    saw = filter(_saw(np.full_like(t, hz), rate, rng.random()), rate, "low", 700.0)
    return np.tanh(1.6 * (saw + 0.7 * np.sin(2 * np.pi * hz * t))) * _envelope(t, 0.005, 0.04)


def upright_bass(hz: float, seconds: float, rate: int, rng: np.random.Generator) -> Audio:
    """Double bass played with the fingers: round, with a soft thump at the start."""
    t = clock(seconds + 0.1, rate)
    tone = sum(np.sin(2 * np.pi * hz * k * t) * np.exp(-t * k * 1.5) / k**1.5 for k in range(1, 7))
    thump = filter(rng.normal(size=t.size), rate, "low", 400.0) * np.exp(-t * 45.0)
    return np.asarray((tone + 0.8 * thump) * _envelope(t, 0.008, 0.08))


# --- Percussion: the same arguments; the pitch is the tuning of the drum ----------------------


def kick(hz: float, seconds: float, rate: int, rng: np.random.Generator) -> Audio:
    """Bass drum: a sine falling to `hz`, with a click of the beater."""
    t = clock(0.35, rate)
    phase = 2 * np.pi * (hz * t + 4.0 * (1.0 - np.exp(-t * 30.0)))
    click = 0.3 * rng.normal(size=t.size) * np.exp(-t * 300.0)
    return (np.sin(phase) * np.exp(-t * 9.0) + click) * _envelope(t, 0.001, 0.05)


def snare(hz: float, seconds: float, rate: int, rng: np.random.Generator) -> Audio:
    """Snare drum: a short tone under a burst of rattling noise."""
    t = clock(0.3, rate)
    rattle = filter(rng.normal(size=t.size), rate, "bandpass", (900.0, 8000.0)) * np.exp(-t * 16.0)
    return 0.6 * np.sin(2 * np.pi * hz * t) * np.exp(-t * 22.0) + 0.8 * rattle


def shaker(hz: float, seconds: float, rate: int, rng: np.random.Generator) -> Audio:
    """Hi-hat or shaker: noise above `hz`, `seconds` long."""
    t = clock(seconds, rate)
    return filter(rng.normal(size=t.size), rate, "high", hz) * np.exp(-t * 4.0 / seconds)


def timpani(hz: float, seconds: float, rate: int, rng: np.random.Generator) -> Audio:
    """Kettledrum: the ringing modes of a loaded membrane and a felt thud."""
    t = clock(1.6, rate)
    modes = ((1.0, 1.0, 2.2), (1.5, 0.6, 3.0), (1.98, 0.4, 3.8), (2.44, 0.25, 5.0))
    ring = sum(g * np.sin(2 * np.pi * hz * r * t) * np.exp(-t * d) for r, g, d in modes)
    thud = filter(rng.normal(size=t.size), rate, "low", 500.0) * np.exp(-t * 35.0)
    return np.asarray((ring + 1.5 * thud) * _envelope(t, 0.002, 0.3))
