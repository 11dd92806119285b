"""Measurement of one raw and clean pair of files, whatever program cleaned it."""

from __future__ import annotations

from pathlib import Path
from tempfile import TemporaryDirectory

from stemsilver import optional, weights
from stemsilver.audio import decode
from stemsilver.config import Profile
from stemsilver.device import check_variable
from stemsilver.errors import UsageError
from stemsilver.evaluation import suite
from stemsilver.pipeline.sidecars import read_sidecars
from stemsilver.profiles import name_of
from stemsilver.records import Audio, Evidence
from stemsilver.step_cache import UNCACHED


def evaluate_pair(
    raw: Path,
    clean: Path,
    profile: Profile,
    *,
    reference: Path | None = None,
    script: Path | None = None,
) -> Evidence:
    """Measure one raw and clean pair of files, whatever program cleaned it.

    Args:
        raw: the render before cleaning.
        clean: the cleaned render.
        profile: its evaluation measures the pair.
        reference: the true speech.
        script: the text that was to be spoken.

    Raises:
        UsageError: the two differ in rate, channel count or length.
        EnvironmentFault: a package or weights are missing.
        ItemError: a file cannot be decoded.
    """
    judges = profile.evaluation
    check_variable()
    optional.check((judges.asr.backend, judges.music.backend))
    weights.check(suite.used_weights(judges), name_of(profile))
    limit = profile.preprocess.max_minutes
    with TemporaryDirectory(prefix="stemsilver-") as folder:
        scratch = Path(folder)
        before, after = (decode(path, limit, scratch) for path in (raw, clean))
        if (before.rate, before.samples.shape) != (after.rate, after.samples.shape):
            raise UsageError(
                f"{raw.name} and {clean.name} differ in rate, channels or length, so they are not "
                f"one render: {_shape(before)} against {_shape(after)}",
                next_step="Name a render and its cleaned file.",
            )
        measured = [
            suite.measure(audio, audio.digest, profile.evaluation, UNCACHED)
            for audio in (before, after)
        ]
        beside = read_sidecars(script, reference, limit, scratch)
        return suite.evidence(before, measured[0], after, measured[1], None, beside)


def _shape(audio: Audio) -> str:
    channels, frames = audio.samples.shape
    return f"{audio.rate} Hz, {channels} channels, {frames} frames"
