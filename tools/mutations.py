"""Mutation testing: insert one fault after another, and run the tests that should fail.

    pip install -e '.[test]' && python tools/mutations.py [WORD…]

With words, only the faults whose file or description contains one of them. Prints a table, and
exits with 1 if a fault was not detected. It works in a copy and does not change the checkout.
"""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

from rich.console import Console
from rich.table import Table

REPOSITORY = Path(__file__).parents[1]


@dataclass(frozen=True)
class Mutation:
    """A fault: in `file`, `old`, which must occur once, becomes `new`. `tests` should then fail."""

    what: str
    file: str
    old: str
    new: str
    tests: str


MUTATIONS = (
    # fsio, cache, step_cache
    Mutation(
        "a file is written in place",
        "stemsilver/fsio.py",
        "temporary = path.with_name(_TEMPORARY_PREFIX + secrets.token_hex(8) + _TEMPORARY_SUFFIX)",
        "temporary = path",
        "tests/test_fsio.py",
    ),
    Mutation(
        "a path may lead out of its folder",
        "stemsilver/fsio.py",
        "inside = not Path(relative).is_absolute() and path.is_relative_to(real_root)",
        "inside = True",
        "tests/test_fsio.py",
    ),
    Mutation(
        "a failed swap loses the old folder",
        "stemsilver/fsio.py",
        "            if standing:\n                old.rename(target.resolve())\n            raise",
        "            raise",
        "tests/test_fsio.py",
    ),
    Mutation(
        "a damaged cache entry is used",
        "stemsilver/cache.py",
        'sound = manifest["key"] == key and all(',
        "sound = True or all(",
        "tests/test_cache.py",
    ),
    Mutation(
        "the newest cache entries are deleted first",
        "stemsilver/cache.py",
        "for folder in self._entries())\n        excess",
        "for folder in self._entries())[::-1]\n        excess",
        "tests/test_cache.py",
    ),
    Mutation(
        "other code finds what the old code kept",
        "stemsilver/step_cache.py",
        "full_key = digest(key, step, code.digest())",
        "full_key = digest(key, step)",
        "tests/test_step_cache.py",
    ),
    # discover, audio
    Mutation(
        "a link out of the batch is followed",
        "stemsilver/discover/folders.py",
        "if stat.S_ISLNK(mode):",
        "if False:",
        "tests/test_discover.py",
    ),
    Mutation(
        "twins share an output",
        "stemsilver/discover/names.py",
        "if plain[fold(output)] > 1:",
        "if False:",
        "tests/test_discover.py",
    ),
    Mutation(
        "samples that are not finite are taken",
        "stemsilver/audio/sound_file.py",
        "finite = np.isfinite(block)",
        "finite = np.ones_like(block, bool)",
        "tests/test_audio.py",
    ),
    Mutation(
        "a cut-off file is taken for a streamed one",
        "stemsilver/audio/wav_end.py",
        "if not _is_placeholder(claim):",
        "if False:",
        "tests/test_audio_files.py",
    ),
    Mutation(
        "a header that leaves out most of the audio is believed",
        "stemsilver/audio/wav_end.py",
        "return agreed and claim.stop - end <= claim.size",
        "return agreed",
        "tests/test_audio_files.py",
    ),
    Mutation(
        "a chunk of metadata may reach beyond the file",
        "stemsilver/audio/metadata/chunks.py",
        "if body + size > stop:",
        "if False:",
        "tests/test_audio_metadata.py",
    ),
    Mutation(
        "any amount of metadata is carried",
        "stemsilver/audio/metadata/collector.py",
        "if size + _HEAD > self._room:",
        "if False:",
        "tests/test_audio_metadata.py",
    ),
    Mutation(
        "a cue point may lie after the end",
        "stemsilver/audio/metadata/fields.py",
        'if place == b"data" and frame <= frames:',
        'if place == b"data":',
        "tests/test_audio_metadata.py",
    ),
    Mutation(
        "the loudness of the input is carried",
        "stemsilver/audio/metadata/fields.py",
        "return body[: _BEXT_LOUDNESS.start] + _NOT_GIVEN + body[_BEXT_LOUDNESS.stop :]",
        "return body",
        "tests/test_audio_metadata.py",
    ),
    Mutation(
        "a bug report quotes errors, which name folders",
        "stemsilver/cli/commands/doctor.py",
        'failed, {error.code}")',
        'failed, {error.message}")',
        "tests/cli/test_cli_machine.py",
    ),
    Mutation(
        "a demo is written among files of the user",
        "stemsilver/cli/commands/demo.py",
        "    _check(folder, raw, {path.name for path in shipped})\n",
        "",
        "tests/cli/test_cli_demo.py",
    ),
    Mutation(
        "an MP3 ends where its first frame lets one guess",
        "stemsilver/audio/lossy.py",
        "if stated else _OpenEnded(file, start, stop)",
        "if stated else Window(file, start, stop)",
        "tests/test_audio_files.py",
    ),
    # weights
    Mutation(
        "a weight file of another hash is loaded",
        "stemsilver/weights/__init__.py",
        "if not found.startswith(pinned):",
        "if False:",
        "tests/weights/test_weights_bundled.py",
    ),
    # signals
    Mutation(
        "a stretch has no context",
        "stemsilver/signals.py",
        "first, last = max(0, start - context), min(frames, stop + context)",
        "first, last = max(0, start - half), min(frames, stop + half)",
        "tests/test_signals.py",
    ),
    Mutation(
        "the file of a long signal stays",
        "stemsilver/audio/stored.py",
        "        path.unlink(missing_ok=True)",
        "        pass",
        "tests/test_signals.py",
    ),
    Mutation(
        "a folder in use is removed",
        "stemsilver/cache.py",
        "with suppress(Locked, EnvironmentFault), run_lock(other):",
        "with suppress(Locked, EnvironmentFault):",
        "tests/test_cache.py",
    ),
    Mutation(
        "a filter starts again in every block",
        "stemsilver/dsp/meter.py",
        "filtered, self._states[number] = lfilter",
        "filtered, _ = lfilter",
        "tests/dsp/test_meter.py",
    ),
    # dsp
    Mutation(
        "the ratio mask is one of magnitudes",
        "stemsilver/dsp/masks.py",
        "vocal_power = np.abs(vocals) ** 2",
        "vocal_power = np.abs(vocals)",
        "tests/dsp/test_masks.py",
    ),
    Mutation(
        "above its band a mask is zero",
        "stemsilver/dsp/masks.py",
        "extended[:, above] = mask[:, top].mean(axis=1, keepdims=True)",
        "extended[:, above] = 0",
        "tests/dsp/test_masks.py",
    ),
    Mutation(
        "the geometric mean is a product",
        "stemsilver/dsp/masks.py",
        "** np.float32(1 / len(masks))",
        "** np.float32(1)",
        "tests/dsp/test_masks.py",
    ),
    Mutation(
        "the Wiener mask has no floor",
        "stemsilver/dsp/wiener.py",
        "return np.maximum(mask, np.float32(floor))",
        "return mask",
        "tests/dsp/test_wiener.py",
    ),
    Mutation(
        "the shelf has half its gain",
        "stemsilver/dsp/eq.py",
        "amplitude = 10 ** (gain_db / 40)",
        "amplitude = 10 ** (gain_db / 80)",
        "tests/dsp/test_eq.py",
    ),
    Mutation(
        "peaks between samples pass the limiter",
        "stemsilver/dsp/meter.py",
        "resample_poly(samples, OVERSAMPLING, 1, axis=-1)",
        "np.repeat(samples, OVERSAMPLING, axis=-1)",
        "tests/dsp/test_loudness.py",
    ),
    Mutation(
        "the limiter looks ahead on one side only",
        "stemsilver/dsp/loudness.py",
        'minimum_filter1d(needed, 2 * reach + 1, mode="nearest")',
        'minimum_filter1d(needed, 2 * reach + 1, mode="nearest", origin=reach)',
        "tests/dsp/test_loudness.py",
    ),
    Mutation(
        "a lag is measured in whole frames",
        "stemsilver/dsp/lag.py",
        "float(between.argmax()) / STEPS",
        "float(between.argmax()) // STEPS",
        "tests/dsp/test_lag.py",
    ),
    Mutation(
        "the inverse transform is a sample late",
        "stemsilver/dsp/stft.py",
        "first = self.fft // 2\n",
        "first = self.fft // 2 - 1\n",
        "tests/dsp/test_stft.py",
    ),
    Mutation(
        "a silent channel is in the mean",
        "stemsilver/evaluation/downmix.py",
        "SILENT_DB = -40.0",
        "SILENT_DB = -400.0",
        "tests/evaluation/test_downmix.py",
    ),
    # cleaning
    Mutation(
        "removed is measured after the change of loudness",
        "stemsilver/cleaning/chain.py",
        "mixture - loudness.gain(masked, -level_db)",
        "mixture - masked",
        "tests/cleaning/test_chain.py",
    ),
    Mutation(
        "the denoiser hears the vocals alone",
        "stemsilver/cleaning/chain.py",
        "heard = vocals + np.float32(settings.mixture_share) * (prepared - vocals)",
        "heard = vocals",
        "tests/cleaning/test_chain.py",
    ),
    Mutation(
        "a step may give NaN",
        "stemsilver/cleaning/chain.py",
        "if not np.isfinite(signal).all():",
        "if False:",
        "tests/faults/test_signals.py",
    ),
    Mutation(
        "Spleeter's chunks see too little around them",
        "stemsilver/cleaning/separators/spleeter.py",
        "MARGIN = 3 * GRID",
        "MARGIN = 1 * GRID",
        "tests/cleaning",
    ),
    # evaluation
    Mutation(
        "SI-SDR depends on level",
        "stemsilver/evaluation/si_sdr.py",
        "target = (found @ truth) / energy * truth",
        "target = truth",
        "tests/evaluation/test_si_sdr.py",
    ),
    Mutation(
        "WER forgets insertions",
        "stemsilver/evaluation/words/wer.py",
        "errors = alignment.substitutions + alignment.insertions + alignment.deletions",
        "errors = alignment.substitutions + alignment.deletions",
        "tests/evaluation/test_wer.py",
    ),
    Mutation(
        "a loop of the recogniser stays",
        "stemsilver/evaluation/asr/loops.py",
        "if end - start > MOST_REPEATS * length:",
        "if end - start > 1000 * length:",
        "tests/evaluation/test_words_scores.py",
    ),
    Mutation(
        "German is compared as English",
        "stemsilver/evaluation/words/scores.py",
        "if english_only and not script_heard:",
        "if english_only and script_heard:",
        "tests/evaluation/test_words_scores.py",
    ),
    Mutation(
        "clean is heard in another language than raw",
        "stemsilver/evaluation/suite.py",
        'recogniser.model_copy(update={"language": language})',
        "recogniser.model_copy(update={})",
        "tests/evaluation/test_languages.py",
    ),
    Mutation(
        "a word heard in raw and in clean counts as recovered",
        "stemsilver/evaluation/words/recovered.py",
        "if _heard(now) and not _heard(was)",
        "if _heard(now)",
        "tests/evaluation/test_words_scores.py",
    ),
    Mutation(
        "the script of another render is compared",
        "stemsilver/evaluation/words/scores.py",
        "MOST_ERRORS = 0.8",
        "MOST_ERRORS = 8.0",
        "tests/evaluation/test_words_scores.py",
    ),
    Mutation(
        "an unmarked UTF-16 script is read as Windows-1252",
        "stemsilver/pipeline/sidecars.py",
        'yield "utf-16-le" if odd else "utf-16-be"',
        "pass",
        "tests/pipeline/test_pipeline_sidecars.py",
    ),
    Mutation(
        "the pause floor is upside down",
        "stemsilver/evaluation/pause_floor.py",
        "max(power[~flags].mean() / spoken, 1e-30)",
        "max(spoken / power[~flags].mean(), 1e-30)",
        "tests/evaluation/test_pause_floor.py",
    ),
    Mutation(
        "music to speech counts the whole output",
        "stemsilver/evaluation/music_to_speech.py",
        "music = float(np.square(share * c, dtype=np.float64).sum())",
        "music = float(np.square(c, dtype=np.float64).sum())",
        "tests/evaluation/test_music_to_speech.py",
    ),
    Mutation(
        "DNSMOS never hears the end",
        "stemsilver/evaluation/dnsmos.py",
        "count = 1 + -(-last // round(hop_seconds * RATE))",
        "count = 1",
        "tests/evaluation/test_dnsmos.py",
    ),
    Mutation(
        "music in raw counts as its voice",
        "stemsilver/evaluation/voice/identity.py",
        "for some in music",
        "for some in ()",
        "tests/evaluation/test_voice.py",
    ),
    Mutation(
        "a voice that is higher throughout has the same pitch",
        "stemsilver/evaluation/voice/pitch.py",
        " + (before.mean() - after.mean()) ** 2",
        "",
        "tests/evaluation/test_voice.py",
    ),
    Mutation(
        "a voice is compared with a mean that contains it",
        "stemsilver/evaluation/voice/identity.py",
        "others = every.sum(axis=0) - every",
        "others = every.sum(axis=0) + 0 * every",
        "tests/evaluation/test_voice.py",
    ),
    Mutation(
        "the voices of a batch are not compared",
        "stemsilver/pipeline/loop.py",
        "items = against_batch([results[render.id] for render in renders])",
        "items = tuple(results[render.id] for render in renders)",
        "tests/pipeline/test_pipeline_loop.py",
    ),
    Mutation(
        "a crashed metric is kept",
        "stemsilver/evaluation/findings.py",
        "            raise _Incomplete(findings)",
        "            pass",
        "tests/faults/test_signals.py",
    ),
    # report
    Mutation(
        "a limit itself fails its gate",
        "stemsilver/report/scorecard/scorecard.py",
        "below = self.maximum is None or value <= self.maximum",
        "below = self.maximum is None or value < self.maximum",
        "tests/report/test_report_verdicts.py",
    ),
    Mutation(
        "an unmeasured render passes",
        "stemsilver/report/scorecard/verdicts.py",
        'return "pass" if True in said else "unmeasured"',
        'return "pass"',
        "tests/report/test_report_verdicts.py",
    ),
    Mutation(
        "a stranger's scorecard says its own verdict of any size",
        "stemsilver/report/untrusted.py",
        "content = file.read(max_bytes + 1)",
        "content = file.read()[:max_bytes]",
        "tests/report/test_report_reader.py",
    ),
    Mutation(
        "lost is no regression",
        "stemsilver/report/comparison/change.py",
        'return Change(metric, base, head, "lost", math.inf)',
        'return Change(metric, base, head, "lost", 0)',
        "tests/report/test_report_diff.py",
    ),
    Mutation(
        "a change brings its own rule",
        "stemsilver/report/comparison/guardrail.py",
        'return diff.base.guardrail, "base"',
        'return diff.head.guardrail or diff.base.guardrail, "base"',
        "tests/report/test_report_guardrail.py",
    ),
    Mutation(
        "a candidate that lost a metric is promoted",
        "stemsilver/report/comparison/promotion.py",
        "passed if not (passed and lost) else None",
        "passed",
        "tests/report/test_report_promotion.py",
    ),
    Mutation(
        "a formula runs in a spreadsheet",
        "stemsilver/report/scorecard/csv_table.py",
        'if shown.startswith(("=", "+", "-", "@")) else shown',
        "if False else shown",
        "tests/report/test_report_csv.py",
    ),
    Mutation(
        "a name mentions people on GitHub",
        "stemsilver/report/text/github.py",
        r'return _FOUND.sub(r"\g<0>&#8203;", plain)',
        "return plain",
        "tests/report",
    ),
    # media
    Mutation(
        "a gain amplifies",
        "stemsilver/media/playback.py",
        "lowest = min(level for level in levels.values() if level is not None)",
        "lowest = max(level for level in levels.values() if level is not None)",
        "tests/media/test_media_playback.py",
    ),
    Mutation(
        "a snippet begins with a click",
        "stemsilver/media/snippets.py",
        "envelope[:frames] = ramp\n",
        "",
        "tests/media/test_media_snippets.py",
    ),
    # microsite
    Mutation(
        "values are not escaped",
        "stemsilver/microsite/templates.py",
        "autoescape=html,",
        "autoescape=False,",
        "tests/microsite/test_microsite_pages.py tests/faults/test_batch.py",
    ),
    Mutation(
        "a page may load from another host",
        "stemsilver/microsite/publish/links.py",
        'return f"loads {link.url} from another host" if link.loads else None',
        "return None",
        "tests/microsite/test_microsite_links.py",
    ),
    Mutation(
        "any folder is replaced by the site",
        "stemsilver/microsite/publish/site.py",
        "if target.is_dir() and any(target.iterdir()) and not (target / MARKER).is_file():",
        "if False:",
        "tests/microsite/test_microsite_publish.py",
    ),
    Mutation(
        "rows are sorted as text",
        "site_src/assets/scorecard.js",
        "a.isNumber ? a.value - b.value",
        "false ? a.value - b.value",
        "tests/microsite/test_microsite_rows.py tests/microsite/test_microsite_overview.py",
    ),
    # player
    Mutation(
        "the position runs past the loop",
        "site_src/assets/player/clock.js",
        "return reached < end ? reached : start + ((reached - start) % (end - start));",
        "return reached;",
        "tests/player",
    ),
    Mutation(
        "switching has no crossfade",
        "site_src/assets/player/engine.js",
        "fader.move(this.#target(name), time, this.#fade);\n  }",
        "fader.move(this.#target(name), time, 0);\n  }",
        "tests/microsite/test_microsite_playback.py",
    ),
    Mutation(
        "a part of a long track begins a sample late",
        "site_src/assets/player/engine.js",
        "source.start(this.#seconds(voice.until), ",
        "source.start(this.#seconds(voice.until + 1), ",
        "tests/microsite/test_microsite_long.py",
    ),
    Mutation(
        "a point of the seek table is a frame late",
        "stemsilver/audio/seek_table.py",
        "self._starts[number] - self._starts[0]",
        "self._starts[number + 1] - self._starts[0]",
        "tests/test_audio.py",
    ),
    # delivery
    Mutation(
        "a version that is called unreleased has notes",
        "stemsilver/delivery/changelog.py",
        "if not notes or _UNRELEASED in heading.casefold():",
        "if not notes:",
        "tests/delivery/test_delivery_changelog.py",
    ),
    Mutation(
        "an action on an old Node is used",
        "tests/workflows/actions.yml",
        "v5.0.0 node24",
        "v5.0.0 node20",
        "tests/workflows/test_workflows_valid.py",
    ),
    Mutation(
        "another pull request's claim passes",
        "stemsilver/delivery/pull_request/previews.py",
        "if artifact.claim.number != number:",
        "if False:",
        "tests/delivery/test_delivery_pull_request_previews.py",
    ),
    Mutation(
        "an archive of any size is unpacked",
        "stemsilver/delivery/pull_request/fetch.py",
        "if len(entries) <= _MAX_FILES and size <= _MAX_UNPACKED:",
        "if True:",
        "tests/delivery/test_delivery_pull_request_fetch.py",
    ),
    # pipeline, cli, the public face
    Mutation(
        "the runtime of the models reports to its maker",
        "stemsilver/__init__.py",
        'os.environ.setdefault("ORT_DISABLE_TELEMETRY", "1")\n',
        "",
        "tests/test_public.py",
    ),
    Mutation(
        "the shortest render goes first",
        "stemsilver/pipeline/loop.py",
        "key=lambda job: job.size, reverse=True",
        "key=lambda job: job.size",
        "tests/pipeline/test_pipeline_loop.py",
    ),
    Mutation(
        "an output may lie in raw/",
        "stemsilver/pipeline/preflight.py",
        "if folder.is_relative_to(root):",
        "if False:",
        "tests/pipeline/test_pipeline_site.py",
    ),
    Mutation(
        "a worker outlives its parent",
        "stemsilver/worker.py",
        "threading.Thread(target=_die_with_parent, daemon=True).start()",
        "pass",
        "tests/pipeline/test_pipeline_executors.py",
    ),
    Mutation(
        "tasks wait at the workers of a cluster, and share the fate of the one that runs there",
        "stemsilver/pipeline/cluster/pool.py",
        "elif len(self._running) < self._workers:",
        "elif self._workers:",
        "tests/pipeline/test_pipeline_dask.py",
    ),
    Mutation(
        "a worker of a cluster that joins later is not checked",
        "stemsilver/pipeline/cluster/admission.py",
        "    _refuse({worker.address: _enter(folder, worker)})\n",
        "",
        "tests/pipeline/test_pipeline_dask.py",
    ),
    Mutation(
        "a path depends on the working folder of a worker",
        "stemsilver/cache.py",
        "self.root = root.absolute()",
        "self.root = root",
        "tests/pipeline/test_pipeline_dask.py",
    ),
    Mutation(
        "a killed build warns of leaked locks",
        "stemsilver/pipeline/executors.py",
        'os.environ[_WARNINGS] = "ignore"',
        'os.environ[_WARNINGS] = "default"',
        "tests/pipeline/test_pipeline_executors.py",
    ),
    Mutation(
        "a foreign name is answered",
        "stemsilver/cli/server.py",
        "if host in self._names:",
        "if host:",
        "tests/cli/test_cli_serve.py",
    ),
    Mutation(
        "a served page may run any script",
        "stemsilver/cli/server.py",
        "script-src {scripts};",
        "script-src 'unsafe-inline';",
        "tests/cli/test_cli_serve.py",
    ),
    Mutation(
        "a failed gate ends with 0",
        "stemsilver/cli/commands/build_site.py",
        "raise typer.Exit(0 if good else 1)",
        "raise typer.Exit(0)",
        "tests/cli/test_cli_work.py",
    ),
    Mutation(
        "Ctrl-C is lost where it was ignored",
        "stemsilver/cli/main.py",
        "        signals.install_handlers()\n",
        "",
        "tests/cli/test_cli_stop.py",
    ),
)


def main() -> None:
    """Run the mutations, and print the table."""
    words = sys.argv[1:]
    chosen = [
        one
        for one in MUTATIONS
        if not words or any(word in f"{one.file} {one.what}" for word in words)
    ]
    table = Table("fault", "file", "seen", "seconds")
    unseen = 0
    with TemporaryDirectory() as folder:
        copy = Path(folder, "copy")
        subprocess.run(["git", "worktree", "add", "--detach", copy], cwd=REPOSITORY, check=True)
        try:
            for one in chosen:
                started = time.monotonic()
                seen = plant(one, copy)
                unseen += not seen
                seconds = f"{time.monotonic() - started:.0f}"
                table.add_row(one.what, one.file, "yes" if seen else "NO", seconds)
                print(f"{'seen' if seen else 'NOT SEEN'}: {one.what}", flush=True)
        finally:
            remove: list[str | Path] = ["git", "worktree", "remove", "--force", copy]
            subprocess.run(remove, cwd=REPOSITORY, check=True)
    Console().print(table)
    print(f"{len(chosen) - unseen} of {len(chosen)} seen")
    sys.exit(1 if unseen else 0)


def plant(mutation: Mutation, copy: Path) -> bool:
    """Return whether the tests fail with the fault in the copy; afterwards, undo the fault."""
    path = copy / mutation.file
    sound = path.read_text(encoding="utf-8")
    if sound.count(mutation.old) != 1:
        raise SystemExit(
            f"{mutation.file}: {mutation.old!r} stands there {sound.count(mutation.old)} times"
        )
    path.write_text(sound.replace(mutation.old, mutation.new), encoding="utf-8")
    try:
        return fails(mutation.tests.split(), copy)
    finally:
        path.write_text(sound, encoding="utf-8")


def fails(tests: Sequence[str], copy: Path) -> bool:
    """Return whether one of the tests fails on the code of the copy."""
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-x", "-p", "no:cacheprovider", *tests],
        cwd=copy,
        env={**os.environ, "PYTHONPATH": str(copy), "OMP_NUM_THREADS": "1"},
        capture_output=True,
        check=False,
    )
    if done.returncode not in (0, 1):
        raise SystemExit(done.stdout.decode(errors="replace")[-2000:])
    return done.returncode == 1


if __name__ == "__main__":
    main()
