from __future__ import annotations

import numpy as np

from stemsilver import weights
from stemsilver.cleaning import denoisers

from .measures import Excerpt, assert_comes_back, distance_db, level_db

NAME = "deepfilternet3"


def test_noise_is_taken_out_and_speech_left(excerpt: Excerpt) -> None:
    speech = excerpt("museum_guide.reference.flac", 0.5, 3)
    hiss = np.random.default_rng(6).normal(0, 0.01, speech.samples.shape).astype(np.float32)
    noisy = speech.samples + hiss
    denoise = denoisers.load(NAME).denoise
    denoised = denoise(noisy, speech.rate)
    assert_comes_back(denoised, noisy)
    assert distance_db(denoised, speech.samples) < distance_db(noisy, speech.samples) - 2
    assert level_db(denoise(hiss, speech.rate), hiss) < -20
    assert distance_db(denoise(speech.samples, speech.rate), speech.samples) < -12


def test_its_weights_are_in_the_registry_and_it_is_loaded_once() -> None:
    assert set(denoisers.used_weights(NAME)) <= set(weights.REGISTRY)
    assert denoisers.used_weights("none") == ()
    assert denoisers.load(NAME) is denoisers.load(NAME)
