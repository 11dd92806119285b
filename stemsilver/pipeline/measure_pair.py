"""Measurement of one raw and clean pair of files, whatever program cleaned it."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory

from stemsilver import optional, weights
from stemsilver.audio import decode, resample_blocks, resampled_length
from stemsilver.audio.stored import collect
from stemsilver.config import Profile
from stemsilver.device import check_variable
from stemsilver.errors import UsageError
from stemsilver.evaluation import suite
from stemsilver.evaluation.references import MAX_LENGTH_DIFFERENCE
from stemsilver.pipeline.sidecars import read_sidecars
from stemsilver.profiles import name_of
from stemsilver.records import Audio, Evidence
from stemsilver.signals import blocks
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
        UsageError: the two differ in length by more than half a second.
        EnvironmentFault: a package or weights are missing.
        ItemError: a file cannot be decoded.
    """
    judges = profile.evaluation
    check_variable()
    optional.check(judges.models)
    weights.check(suite.used_weights(judges), name_of(profile))
    limit = profile.preprocess.max_minutes
    with TemporaryDirectory(prefix="stemsilver-", ignore_cleanup_errors=True) as folder:
        scratch = Path(folder)
        before, after = (decode(path, limit, scratch) for path in (raw, clean))
        if abs(before.duration - after.duration) > MAX_LENGTH_DIFFERENCE:
            raise UsageError(
                f"{raw.name} and {clean.name} are not one render: they last "
                f"{before.duration:.2f} s and {after.duration:.2f} s",
                next_step="Name a render and its cleaned file.",
            )
        raw_measured = suite.measure(before, before.digest, judges, UNCACHED)
        clean_measured = suite.measure(after, after.digest, judges, UNCACHED, raw_measured.language)
        beside = read_sidecars(script, reference, limit, scratch)
        at_one_rate = _at_rate(after, before.rate, scratch)
        found = suite.evidence(before, raw_measured, at_one_rate, clean_measured, None, beside)
        notes = [
            f"{path.name}: {note}"
            for path, audio in ((raw, before), (clean, after), (reference, beside.reference))
            if path is not None and audio is not None
            for note in audio.notes
        ]
        if _layout(before) != _layout(after):
            notes.append(
                f"{raw.name} has {_layout(before)}, {clean.name} {_layout(after)}. What compares "
                f"them is measured in one channel at {before.rate} Hz, where they overlap."
            )
        return replace(found, notes=(*notes, *found.notes))


def _at_rate(audio: Audio, rate: int, scratch: Path) -> Audio:
    if audio.rate == rate:
        return audio
    shape = (audio.samples.shape[0], resampled_length(audio.samples.shape[-1], audio.rate, rate))
    resampled = resample_blocks(blocks(audio.samples), audio.rate, rate, shape[-1])
    return Audio(collect(resampled, shape, scratch), rate)


def _layout(audio: Audio) -> str:
    channels, frames = audio.samples.shape
    return f"{audio.rate} Hz, {channels} channels, {frames} frames"
