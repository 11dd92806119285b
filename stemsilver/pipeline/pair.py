"""Measuring a pair of files, wherever they were cleaned."""

from __future__ import annotations

from pathlib import Path

from stemsilver import optional, weights
from stemsilver.audio import decode
from stemsilver.config import Profile
from stemsilver.device import check_variable
from stemsilver.errors import UsageError
from stemsilver.evaluation import suite
from stemsilver.pipeline.sidecars import read_sidecars
from stemsilver.profiles import name_of
from stemsilver.records import Audio, Evidence
from stemsilver.step_cache import NOTHING_KEPT


def evaluate_pair(
    raw: Path,
    clean: Path,
    profile: Profile,
    *,
    reference: Path | None = None,
    script: Path | None = None,
) -> Evidence:
    """Measure one raw and clean pair of files, wherever they were cleaned.

    Raises:
        UsageError: the two are not of one rate, channel count and length.
        EnvironmentFault: a package or weights are missing.
        ItemError: a file cannot be decoded.
    """
    judges = profile.evaluation
    check_variable()
    optional.check((judges.asr.backend, judges.music.backend))
    weights.check(suite.used_weights(judges), name_of(profile))
    limit = profile.preprocess.max_minutes
    before, after = (decode(path, limit) for path in (raw, clean))
    if (before.rate, before.samples.shape) != (after.rate, after.samples.shape):
        raise UsageError(
            f"{raw.name} and {clean.name} differ in rate, channels or length, so they are not one "
            f"render: {_shape(before)} against {_shape(after)}",
            next_step="Name a render and its cleaned file.",
        )
    measured = [
        suite.measure(audio, audio.digest, profile.evaluation, NOTHING_KEPT)
        for audio in (before, after)
    ]
    beside = read_sidecars(script, reference, limit)
    return suite.evidence(before, measured[0], after, measured[1], None, beside)


def _shape(audio: Audio) -> str:
    channels, frames = audio.samples.shape
    return f"{audio.rate} Hz, {channels} channels, {frames} frames"
