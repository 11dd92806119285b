from __future__ import annotations

import numpy as np

from stemsilver import weights
from stemsilver.cleaning import denoisers
from stemsilver.signals import joined

from .measures import Excerpt, level_db

NAME = "deepfilternet3"


def test_noise_is_taken_out_by_a_model_that_is_loaded_once(excerpt: Excerpt) -> None:
    speech = excerpt("museum_guide.reference.flac", 0.5, 3)
    hiss = np.random.default_rng(6).normal(0, 0.01, speech.samples.shape).astype(np.float32)
    denoiser = denoisers.load(NAME)
    assert denoisers.load(NAME) is denoiser
    assert level_db(joined(denoiser.denoise(hiss, speech.rate)), hiss) < -20
    left = joined(denoiser.denoise(speech.samples + hiss, speech.rate)) - speech.samples
    assert level_db(left, hiss) < -2


def test_its_weights_are_in_the_registry() -> None:
    assert set(denoisers.used_weights(NAME)) <= set(weights.REGISTRY)
    assert denoisers.used_weights("none") == ()
