"""One render, from file to finished files: what a worker process does.

The work comes in three tasks that share their results through the cache, so that a batch of few
renders still keeps every worker busy: listening to raw, cleaning, and finishing, which finds the
first two done.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from pydantic import TypeAdapter

from stemsilver import plots
from stemsilver.audio import decode, encode_flac16, encode_wav
from stemsilver.build.steps import Steps, code_digest
from stemsilver.cache import Cache
from stemsilver.clean import chain
from stemsilver.config import Profile, digest
from stemsilver.errors import ItemError
from stemsilver.evaluate import suite
from stemsilver.fsio import sha256_file
from stemsilver.records import Audio, Cleaned, ItemResult, Render, Timeline

RESULT = "result.json"
SPEECH = "speech_only.wav"

_RESULT = TypeAdapter(ItemResult)


@dataclass(frozen=True)
class Job:
    """What a worker needs to know of one render. `key` names the finished item in the cache."""

    render: Render
    profile: Profile
    cache: Path
    key: str


@dataclass(frozen=True)
class Tally:
    """How many steps a task computed and how many it found done."""

    computed: int = 0
    reused: int = 0

    def __add__(self, other: Tally) -> Tally:
        return Tally(self.computed + other.computed, self.reused + other.reused)


def item_key(render: Render, profile: Profile) -> str:
    """A digest of everything that decides a finished item: its files, the settings, the code."""
    beside = [
        None if path is None else sha256_file(path) for path in (render.script, render.reference)
    ]
    settings = digest(profile.chain, profile.evaluation)
    return digest(
        render.id, render.path, sha256_file(render.source), *beside, settings, code_digest()
    )


def finished(cache: Cache, key: str) -> tuple[ItemResult, Path] | None:
    """A finished item and the folder with its files, if the cache has it."""
    folder = cache.get(key)
    if folder is None:
        return None
    return _RESULT.validate_json((folder / RESULT).read_bytes()), folder


def listen(job: Job) -> Tally:
    """Measure the raw signal."""
    steps = Steps(Cache(job.cache))
    raw, source = _decode(job)
    suite.measure(raw, source, job.profile.evaluation, steps)
    return Tally(len(steps.computed), len(steps.reused))


def clean(job: Job) -> Tally:
    """Clean the raw signal."""
    steps = Steps(Cache(job.cache))
    raw, source = _decode(job)
    chain.clean(raw, source, job.profile.chain, steps)
    return Tally(len(steps.computed), len(steps.reused))


def finish(job: Job) -> tuple[ItemResult, Path, Tally]:
    """Measure, draw and encode; returns the item, the folder with its files, and the tally."""
    cache = Cache(job.cache)
    steps = Steps(cache)
    raw, source = _decode(job)
    cleaned = chain.clean(raw, source, job.profile.chain, steps)
    beside = _sidecars(job)
    raw_measured = suite.measure(raw, source, job.profile.evaluation, steps)
    # The same steps run again on the clean signal, on a clock of their own.
    raw_seconds = {
        f"raw {step}": steps.seconds.pop(step) for step in suite.STEPS if step in steps.seconds
    }
    clean_audio = Audio(cleaned.speech, cleaned.rate)
    clean_measured = suite.measure(
        clean_audio, _signal_digest(clean_audio), job.profile.evaluation, steps
    )
    evidence = suite.evidence(raw, raw_measured, cleaned, clean_measured, beside)
    media = _media(raw, cleaned, evidence.music, steps)
    result = ItemResult(
        id=job.render.id,
        path=job.render.path,
        output=job.render.output,
        evidence=evidence,
        rate=raw.rate,
        channels=raw.samples.shape[0],
        frames=raw.samples.shape[1],
        script=beside.script,
        seconds={**raw_seconds, **steps.seconds},
        notes=cleaned.notes,
    )
    folder = cache.put(job.key, {RESULT: _RESULT.dump_json(result), **media})
    return result, folder, Tally(len(steps.computed), len(steps.reused))


def _decode(job: Job) -> tuple[Audio, str]:
    """The render, and the digest that names it in the keys of its steps."""
    audio = decode(job.render.source, job.profile.preprocess.max_minutes)
    return audio, _signal_digest(audio)


def _signal_digest(audio: Audio) -> str:
    hasher = hashlib.sha256(f"{audio.rate} {audio.samples.shape}".encode())
    hasher.update(audio.samples.tobytes())
    return hasher.hexdigest()


def _sidecars(job: Job) -> suite.Sidecars:
    """Script and truth.

    Raises:
        ItemError: a sidecar is there but cannot be read; to leave it out would make a render
            that was to be checked look like one that was not.
    """
    render, limit = job.render, job.profile.preprocess.max_minutes
    script = None
    if render.script is not None:
        try:
            script = render.script.read_text(encoding="utf-8-sig")
        except (OSError, UnicodeDecodeError) as error:
            raise ItemError(
                f"{render.script.name}: the script cannot be read ({error})",
                next_step="Save the script as UTF-8 text.",
            ) from error
    reference = None if render.reference is None else decode(render.reference, limit)
    return suite.Sidecars(script, reference)


def _media(
    raw: Audio, cleaned: Cleaned, music: Mapping[str, Timeline], steps: Steps
) -> dict[str, bytes]:
    """The files of a finished item: the output, and what the site plays and shows."""
    clean_audio = Audio(cleaned.speech, cleaned.rate)
    signals = {
        "raw": raw,
        "clean": clean_audio,
        "removed": Audio(cleaned.removed, cleaned.rate),
    }
    files = {SPEECH: encode_wav(clean_audio)}
    digests = [_signal_digest(audio) for audio in signals.values()]
    for (name, audio), key in zip(signals.items(), digests, strict=True):
        files[f"{name}.flac"] = encode_flac16(audio)
        files[f"{name}.png"] = steps.file(
            f"draw {name}",
            key,
            lambda audio=audio: plots.spectrogram_png(audio.samples, audio.rate),
        )
    heard = digest(*digests, *(repr(timeline) for timeline in music.values()))
    files["timeline.svg"] = steps.file(
        "draw timeline", heard, lambda: plots.timeline_svg(raw, clean_audio, music)
    )
    return files
