"""The formulas of the catalogue, worked out by hand, are what the code computes.

Those of SI-SDR, music to speech, the pause floor and WER stand in the tests of their metrics.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

import numpy as np
import pyloudnorm
import pytest
from numpy.typing import NDArray
from pystoi.stoi import CF, OBM
from pystoi.utils import remove_silent_frames, stft

from stemsilver.dsp import meter
from stemsilver.evaluation.catalogue import METRICS
from stemsilver.evaluation.dnsmos import CALIBRATION
from stemsilver.evaluation.stoi import stoi
from stemsilver.records import Samples

Bands = NDArray[np.float64]
RNG = np.random.default_rng(24)
RATE = 10_000
"""pystoi's own, so that it need not resample."""


def rising(seconds: float, channels: int = 2, rate: int = RATE) -> Samples:
    """Bursts of noise that rise by 60 dB, so that every gate has something to close on."""
    time = np.arange(round(seconds * rate)) / rate
    level = 10 ** (3 * (time / seconds - 1)) * (1.1 + np.sin(2 * np.pi * time / 0.7))
    return (level * RNG.normal(0, 0.05, (channels, time.size))).astype(np.float32)


# --- loudness


def powers(samples: Samples, rate: int, window: float, hop: float) -> NDArray[np.float64]:
    """Mean squares after K-weighting; shape (channels, windows)."""
    weighted = samples.astype(np.float64)
    for stage in pyloudnorm.Meter(rate)._filters.values():
        weighted = np.array([stage.apply_filter(channel) for channel in weighted])
    count = round((samples.shape[-1] / rate - window) / hop) + 1
    starts = [int(round(place * hop, 6) * rate) for place in range(count)]
    size = round(window * rate)
    return np.array(
        [[np.sum(channel[s : s + size] ** 2) / size for s in starts] for channel in weighted]
    )


def lufs(power: NDArray[np.float64]) -> NDArray[np.float64]:
    decibels: NDArray[np.float64] = -0.691 + 10 * np.log10(power)
    return decibels


def test_integrated_loudness() -> None:
    signal = rising(12)
    z = powers(signal, RATE, 0.4, 0.1)
    l = lufs(z.sum(0))  # noqa: E741
    gamma = lufs(z[:, l >= -70].mean(1).sum())
    gated = (l > -70) & (l > gamma - 10)
    assert 0 < gated.sum() < (l >= -70).sum() < l.size
    expected = lufs(z[:, gated].mean(1).sum())
    assert meter.integrated_lufs(signal, RATE) == pytest.approx(expected, abs=1e-3)


def test_loudness_range() -> None:
    signal = rising(30)
    padded = np.pad(signal, ((0, 0), (0, round(1.5 * RATE))))
    l = lufs(powers(padded, RATE, 3, 0.09).sum(0))  # noqa: E741
    loud = l[l >= -70]
    gamma = 10 * np.log10(np.mean(10 ** (loud / 10)))
    kept = loud[loud >= gamma - 20]
    assert 0 < kept.size < loud.size < l.size
    expected = np.percentile(kept, 95) - np.percentile(kept, 10)
    assert meter.loudness_range_lu(signal, RATE) == pytest.approx(expected, abs=1e-2)


# --- intelligibility


def segments(estimate: Samples, reference: Samples) -> Iterator[tuple[Bands, Bands]]:
    """Segments of 15 bands by 30 frames of 12.8 ms, one starting at every frame."""
    heard = remove_silent_frames(reference, estimate, 40, 256, 128)
    s, x = (np.sqrt(OBM @ np.abs(stft(one, 256, 512, overlap=2).T) ** 2) for one in heard)
    for start in range(s.shape[1] - 29):
        yield x[:, start : start + 30], s[:, start : start + 30]


@pytest.fixture(scope="module")
def pair() -> tuple[Samples, Samples]:
    """A reference, and a signal that is loud where the reference is not."""
    reference = rising(6, 1)[0]
    return reference + np.roll(rising(6, 1)[0], round(0.35 * RATE)), reference


def test_stoi(pair: tuple[Samples, Samples]) -> None:
    a = 1 + 10 ** (15 / 20)
    correlations, clipped = [], 0
    for segment in segments(*pair):
        for x, s in zip(*segment, strict=True):
            level = np.linalg.norm(s) / np.linalg.norm(x) * x
            correlations.append(np.corrcoef(s, np.minimum(level, a * s))[0, 1])
            clipped += (level > a * s).sum()
    assert clipped > 500
    assert stoi(*(one[np.newaxis] for one in pair), RATE) == pytest.approx(
        np.mean(correlations), abs=1e-6
    )


def test_estoi(pair: tuple[Samples, Samples]) -> None:
    def normalised(segment: Bands) -> Bands:
        for axis in (1, 0):
            segment = segment - segment.mean(axis, keepdims=True)
            segment = segment / np.linalg.norm(segment, axis=axis, keepdims=True)
        return segment

    products = [(normalised(x) * normalised(s)).sum(0) for x, s in segments(*pair)]
    assert stoi(*(one[np.newaxis] for one in pair), RATE, extended=True) == pytest.approx(
        np.mean(products), abs=1e-6
    )


def test_nothing_above_4_3_khz_is_looked_at() -> None:
    assert CF[-1] * 2 ** (1 / 6) == pytest.approx(4_300, rel=0.01)
    for name in ("clean_estoi", "stoi_vs_stage_a"):
        assert "4.3 kHz" in METRICS[name].limits


# --- the others


@pytest.mark.parametrize("name", CALIBRATION)
def test_the_calibration_of_dnsmos(name: str) -> None:
    numbers = re.findall(r"([+-] ?\d\.\d+)", METRICS[f"clean_{name}"].formula)
    coefficients = [float(number.replace(" ", "")) for number in numbers]
    assert coefficients == CALIBRATION[name].coefficients.tolist()


def test_the_true_peak_reads_as_low_as_the_limits_say() -> None:
    # A sine whose peaks lie as far from the samples of the resampled signal as they can.
    def under(frequency: float) -> float:
        phase = np.pi * frequency / 4
        sine = np.cos(2 * np.pi * frequency * np.arange(4_000) + phase) * np.hanning(4_000)
        return -float(meter.true_peak_dbtp(sine.astype(np.float32)[np.newaxis]) or 0)

    assert under(0.2) == pytest.approx(0.1, abs=0.05)
    assert under(0.4) > 0.3
