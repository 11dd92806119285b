from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

from stemsilver import weights
from stemsilver.cleaning import denoisers
from stemsilver.records import Audio, Samples

Excerpt = Callable[[str, float, float], Audio]

EACH = pytest.mark.parametrize("name", ["deepfilternet3"])


def error_db(estimate: Samples, truth: Samples) -> float:
    return 10 * float(np.log10(np.square(estimate - truth).mean() / np.square(truth).mean()))


@EACH
def test_noise_is_taken_out_and_speech_left(name: str, excerpt: Excerpt) -> None:
    speech = excerpt("museum_guide.reference.flac", 0.5, 3)
    hiss = np.random.default_rng(6).normal(0, 0.01, speech.samples.shape).astype(np.float32)
    noisy = speech.samples + hiss
    denoised = denoisers.load(name).denoise(noisy, speech.rate)
    assert (denoised.shape, denoised.dtype) == (noisy.shape, np.float32)
    assert error_db(denoised, speech.samples) < error_db(noisy, speech.samples) - 2
    noise_alone = denoisers.load(name).denoise(hiss, speech.rate)
    assert np.square(noise_alone).mean() < 0.01 * np.square(hiss).mean()


@EACH
def test_clean_speech_passes(name: str, excerpt: Excerpt) -> None:
    speech = excerpt("museum_guide.reference.flac", 0.5, 3)
    denoised = denoisers.load(name).denoise(speech.samples, speech.rate)
    assert error_db(denoised, speech.samples) < -12


@EACH
def test_its_weights_are_in_the_registry_and_it_is_loaded_once(name: str) -> None:
    assert set(denoisers.used_weights(name)) <= set(weights.REGISTRY)
    assert denoisers.load(name) is denoisers.load(name)
