"""The tasks of a worker process for one render, from its file to its finished files.

Three tasks share their results through the cache, so that a batch of few renders still keeps
every worker busy: `measure_raw` measures raw, `clean` runs the models, and `finish` reuses the
results of both.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import BinaryIO

from pydantic import TypeAdapter

from stemsilver import __version__, fsio, weights
from stemsilver.audio import decode, metadata, write_flac16, write_wav
from stemsilver.cache import Cache
from stemsilver.cleaning import chain
from stemsilver.config import AbTests, Profile, digest
from stemsilver.dsp.loudness import gain
from stemsilver.evaluation import findings, suite
from stemsilver.evaluation.downmix import one_channel
from stemsilver.evaluation.findings import CRASHED
from stemsilver.evaluation.suite import FoundMusic
from stemsilver.media import playback, plots, snippets
from stemsilver.media.playback import LISTENING, TrackLevels
from stemsilver.pipeline import progress_file, restraint
from stemsilver.pipeline.progress_file import Reporter
from stemsilver.pipeline.sidecars import read_sidecars
from stemsilver.records import Audio, Cleaned, Evidence, ItemResult, Lack, Metadata, Render
from stemsilver.signals import derive
from stemsilver.step_cache import CodeFingerprint, Memo, Steps

RESULT = "result.json"
SPEECH = "speech_only.wav"

CODE = (
    chain.CODE
    + findings.CODE
    + plots.CODE
    + playback.CODE
    + CodeFingerprint(
        ("media/snippets.py", "pipeline/restraint.py", "pipeline/sidecars.py", "pipeline/tasks.py"),
        ("soundfile",),
    )
)
"""Code and libraries that affect a finished item."""

_RESULT = TypeAdapter(ItemResult)


@dataclass(frozen=True)
class Job:
    """Everything that a worker needs to know about one render.

    All paths are absolute, because a worker may have another working folder.
    With `stages`, the results of each step of the chain are kept for listening too. `key` names
    the finished item in the cache. `size` is that of the file in bytes; the largest go first.
    `progress_file` is where a worker reports its progress in cleaning.
    """

    render: Render
    profile: Profile
    cache: Path
    stages: bool = False
    key: str = ""
    size: int = 0
    progress_file: Path | None = None


@dataclass(frozen=True)
class Tally:
    """The number of steps that a task computed, and that it found in the cache."""

    computed: int = 0
    reused: int = 0

    def __add__(self, other: Tally) -> Tally:
        return Tally(self.computed + other.computed, self.reused + other.reused)


def used_weights(profile: Profile) -> tuple[str, ...]:
    """Return the names of the weight files that the profile's models load, each once."""
    used = (*chain.used_weights(profile.chain), *suite.used_weights(profile.evaluation))
    return tuple(dict.fromkeys(used))


def item_key(render: Render, profile: Profile, *, stages: bool = False) -> str:
    """Return a digest of everything that affects an item: its files, settings, weights, code.

    Raises:
        WeightsError: a weight file is missing, or is not the file it should be.
    """
    beside = [
        None if path is None else _contents(path) for path in (render.script, render.reference)
    ]
    settings = digest(
        profile.chain, profile.nothing_to_remove, profile.evaluation, profile.ab_tests
    )
    return digest(
        render.id,
        render.path,
        render.output,
        fsio.sha256_file(render.source),
        *beside,
        settings,
        _comment(profile),
        chain.files_digest(profile.chain),
        weights.digest(suite.used_weights(profile.evaluation)),
        int(stages),
        CODE.digest(),
    )


def _contents(sidecar: Path) -> str:
    try:
        return fsio.sha256_file(sidecar)
    except OSError as error:
        # Without it the render is still cleaned.
        return f"cannot be read: {error.strerror}"


def cached_item(cache: Cache, key: str) -> tuple[ItemResult, Path] | None:
    """Return a finished item and the folder with its files, if the cache has it."""
    folder = cache.get(key)
    if folder is None:
        return None
    return _RESULT.validate_json((folder / RESULT).read_bytes()), folder


def measure_raw(job: Job) -> Tally:
    """Measure the raw signal."""
    with _working(job) as (steps, raw, source, _):
        suite.measure(raw, source, job.profile.evaluation, steps)
        return Tally(len(steps.computed), len(steps.reused))


def clean(job: Job) -> Tally:
    """Run the models that clean the raw signal."""
    with _working(job, Reporter(job.progress_file)) as (steps, raw, source, _):
        chain.extract(raw, source, job.profile.chain, steps)
        progress_file.remove_report(job.progress_file)
        return Tally(len(steps.computed), len(steps.reused))


def write_clean(job: Job, target: Path) -> ItemResult:
    """Clean the raw signal into the file `target`, without measuring."""
    with _working(job, Reporter(job.progress_file)) as (steps, raw, source, _):
        cleaned = restraint.clean(raw, source, job.profile, steps)
        with fsio.open_atomic(target) as file:
            write_wav(cleaned.speech, file, metadata=_carried(raw, job.profile))
        notes = cleaned.notes + raw.metadata.notes
        return _result(job, raw, source, steps, notes=notes, lacks=cleaned.lacks)


def audit(job: Job) -> ItemResult:
    """Find the music of the raw signal; nothing else is measured, and nothing is cleaned."""
    with _working(job) as (steps, raw, source, _):
        found = suite.find_music(raw, source, job.profile.evaluation, steps)
        evidence = Evidence(
            {f"raw_{name}": one for name, one in found.scores.items()},
            music={} if found.timeline is None else {"raw": found.timeline},
            music_ranges={"raw": found.ranges},
        )
        return _result(job, raw, source, steps, evidence=evidence, notes=(), lacks=lack(found))


def lack(found: FoundMusic) -> Lack | None:
    """Return what a raw signal does not contain, as far as the detectors tell.

    A signal too short for them may contain both.
    """
    return None if found.has_speech is None or found.has_speech else "speech"


def finish(job: Job) -> tuple[ItemResult, Path, Tally]:
    """Measure, draw and encode; return the item, the folder with its files, and the tally."""
    with _working(job) as (steps, raw, source, scratch):
        limit = job.profile.preprocess.max_minutes
        cleaned = restraint.clean(raw, source, job.profile, steps)
        carrying = partial(write_wav, metadata=_carried(raw, job.profile))
        speech = _written(scratch / SPEECH, carrying, cleaned.speech)
        # What is measured and shown is what the user gets, after rounding to 24 bits.
        cleaned = replace(cleaned, speech=decode(speech, limit, scratch))
        beside = read_sidecars(job.render.script, job.render.reference, limit, scratch)
        raw_measured = suite.measure(raw, source, job.profile.evaluation, steps)
        # The same steps run again on the clean signal; rename the first to time both separately.
        steps.rename({step: f"raw {step}" for step in suite.STEPS})
        clean_measured = suite.measure(
            cleaned.speech,
            cleaned.speech.digest,
            job.profile.evaluation,
            steps,
            raw_measured.language,
        )
        evidence = suite.evidence(
            raw, raw_measured, cleaned.speech, clean_measured, cleaned.stage_a, beside
        )
        media = {
            SPEECH: speech,
            **_media(raw, cleaned, job.stages, job.profile.ab_tests, steps, scratch),
        }
        result = _result(
            job,
            raw,
            source,
            steps,
            output_sha256=fsio.sha256_file(speech),
            sound_sha256=cleaned.speech.digest,
            evidence=evidence,
            script=beside.script,
            notes=cleaned.notes + raw.metadata.notes + evidence.notes,
            lacks=cleaned.lacks or lack(raw_measured.music),
        )
        # An item with a crashed metric gets another key, so that the next build tries again.
        key = digest(job.key, *failed) if (failed := crashed(evidence)) else job.key
        folder = Cache(job.cache).put(key, {RESULT: _RESULT.dump_json(result), **media})
        return result, folder, Tally(len(steps.computed), len(steps.reused))


def _carried(raw: Audio, profile: Profile) -> Metadata | None:
    """Return the metadata of the speech-only file; None if the profile wants none."""
    if not profile.postprocess.metadata:
        return None
    return metadata.signed(raw.metadata, f"Stemsilver {__version__}", _comment(profile))


def _comment(profile: Profile) -> str:
    """Return what a speech-only file says about its making."""
    return f"Processed by Stemsilver {__version__}, settings {sound_digest(profile)}"


def sound_digest(profile: Profile) -> str:
    """Return the first digits of a digest of the settings that decide the sound of the output."""
    return digest(profile.chain, profile.nothing_to_remove)[:12]


@contextmanager
def _working(job: Job, report: Reporter | None = None) -> Iterator[tuple[Steps, Audio, str, Path]]:
    """Yield what a task needs: its steps, the render, the render's digest, a folder for files.

    The digest identifies the render in the keys of its steps.
    """
    cache = Cache(job.cache)
    with cache.scratch() as scratch:
        raw = decode(job.render.source, job.profile.preprocess.max_minutes, scratch)
        yield Steps(cache, report, scratch), raw, raw.digest, scratch


def crashed(evidence: Evidence) -> list[str]:
    """Return the metrics that crashed, which the next build tries again."""
    return [
        name for name, score in evidence.scores.items() if (score.reason or "").startswith(CRASHED)
    ]


def _result(
    job: Job,
    raw: Audio,
    source: str,
    steps: Steps,
    *,
    notes: tuple[str, ...],
    lacks: Lack | None = None,
    output_sha256: str | None = None,
    sound_sha256: str | None = None,
    evidence: Evidence | None = None,
    script: str | None = None,
) -> ItemResult:
    return ItemResult(
        id=job.render.id,
        path=job.render.path,
        output=job.render.output,
        raw_digest=source,
        output_sha256=output_sha256,
        sound_sha256=sound_sha256,
        evidence=evidence,
        rate=raw.rate,
        channels=raw.samples.shape[0],
        frames=raw.samples.shape[1],
        script=script,
        seconds=steps.seconds,
        peak_bytes=steps.peak_bytes,
        gpu_peak_bytes=steps.gpu_peak_bytes,
        notes=raw.notes + notes,
        lacks=lacks,
    )


def _media(
    raw: Audio, cleaned: Cleaned, stages: bool, ab_tests: AbTests, memo: Memo, scratch: Path
) -> dict[str, bytes | Path]:
    """Return the files of a finished item that the site plays and shows."""
    tracks = {"raw": raw, "clean": cleaned.speech, "removed": cleaned.removed}
    if stages:
        for name, signal in cleaned.stages.items():
            tracks[name] = Audio(
                derive(partial(gain, decibels=-cleaned.level_db), signal), raw.rate
            )
    digests = {name: audio.digest for name, audio in tracks.items()}
    files: dict[str, bytes | Path] = {}
    for name, audio in tracks.items():
        flac = f"{name}.flac"
        files[flac] = _written(scratch / flac, write_flac16, audio)
        drawn = partial(plots.spectrogram_webp, one_channel(audio.samples), audio.rate)
        files |= plots.pictures(name, drawn, digests[name], raw.duration, memo)
    listening = memo.file(
        "listen",
        playback.CODE,
        digest(*(part for pair in digests.items() for part in pair)),
        lambda: playback.to_json(playback.measure_tracks(tracks)),
    )
    heard = playback.from_json(listening)
    louder = playback.louder_db(heard["clean"], heard["raw"]) or 0.0
    clean = cleaned.speech.samples
    before, after = (one_channel(one, like=clean) for one in (raw.samples, clean))
    changed = partial(plots.change_webp, before, after, raw.rate, -louder)
    key = digest(digests["raw"], digests["clean"], louder)
    files |= plots.pictures(plots.CHANGE, changed, key, raw.duration, memo)
    return {**files, LISTENING: listening, **_snippets(raw, cleaned, heard, ab_tests)}


def _written(path: Path, write: Callable[[Audio, BinaryIO], None], audio: Audio) -> Path:
    with fsio.writing(path), path.open("w+b") as file:
        write(audio, file)
    return path


def _snippets(
    raw: Audio, cleaned: Cleaned, heard: Mapping[str, TrackLevels], settings: AbTests
) -> dict[str, bytes]:
    """Return the short pairs of raw and clean, made equally loud by levels of the whole render."""
    matched = playback.pair_gains(heard["raw"], heard["clean"]) or (0.0, 0.0)
    gains_db: dict[snippets.Signal, float] = {
        # Never −0.
        "raw": round(matched[0], 2) or 0.0,
        "clean": round(matched[1], 2) or 0.0,
    }
    chosen = snippets.choose(cleaned.speech, cleaned.removed, gains_db, settings)
    return snippets.files(chosen, {"raw": raw, "clean": cleaned.speech}, settings.fade_ms)
