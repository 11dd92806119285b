"""`clean`, `evaluate` and `build-site`: exit codes, what is written, what is printed."""

from __future__ import annotations

import json
import os
import re
import shutil
import struct
from pathlib import Path

import pytest
import soundfile
import yaml

from stemsilver import __version__, pipeline
from stemsilver.audio.metadata.chunks import chunk
from stemsilver.evaluation.catalogue import METRICS
from stemsilver.records import Evidence, Score
from stemsilver.resources import resource

from ..pipeline.batches import Workspace, contents, cut
from .terminal import Ended, Terminal, faulty


def gates(file: Path, **limits: float) -> Path:
    """The default profile with other gates, as a file."""
    values = yaml.safe_load((resource("config") / "embedded.yaml").read_text())
    values["gates"] |= limits
    file.write_text(yaml.safe_dump(values))
    return file


LOOSE = {"music_to_speech_db_max": 99.0, "lufs_tolerance": 50.0, "true_peak_db_max": 9.0}
LOOSE |= {"wer_max": 99.0, "stoi_min": 0.0}


def test_clean_writes_each_render_by_its_name(stemsilver: Terminal, workspace: Workspace) -> None:
    proceed = contents(workspace.places.proceed)
    ended = stemsilver("clean", "raw/one.wav", "raw/sub/two.wav", "-o", "out", "--cache", "cache")
    assert ended.code == 0
    assert ended.out.splitlines() == ["out/one__speech_only.wav", "out/two__speech_only.wav"]
    assert contents(workspace.folder / "out") == {
        "one__speech_only.wav": proceed["one__speech_only.wav"],
        "two__speech_only.wav": proceed["sub/two__speech_only.wav"],
    }
    # Of a folder, its folders are kept; a corrupt render costs itself alone.
    (workspace.raw / "broken.wav").write_text("Once upon a time.")
    ended = stemsilver("clean", "raw", "-o", "all", "--cache", "cache")
    assert ended.code == 1
    assert "✗ broken.wav: it is a text file, not audio\n  next: Put the sound file" in ended.err
    assert contents(workspace.folder / "all") == proceed


def say(render: Path, comment: bytes, *more: bytes) -> None:
    """Put chunks behind the audio of a render."""
    content = render.read_bytes() + chunk(b"LIST", b"INFO" + chunk(b"ICMT", comment))
    content += b"".join(more)
    render.write_bytes(content[:4] + struct.pack("<I", len(content) - 8) + content[8:])


def test_metadata_reaches_every_output_and_recomputes_nothing(
    stemsilver: Terminal, workspace: Workspace
) -> None:
    speech, clean = workspace.places.proceed / "one__speech_only.wav", ("clean", "raw/one.wav")
    before, cache = soundfile.read(speech)[0].tobytes(), workspace.folder / "cache"
    kept = set(cache.rglob("content"))
    assert kept
    name = f"Stemsilver {__version__}"
    said = soundfile.SoundFile(speech).copy_metadata()
    assert (said.keys(), said["software"]) == ({"comment", "software"}, name)
    assert re.fullmatch(rf"Processed by {name}, settings [0-9a-f]{{12}}", said["comment"])
    say(workspace.raw / "one.wav", b"Take 2\0", chunk(b"C2PA", b"manifest"))
    ended = stemsilver("build-site", "--cache", "cache")
    assert "1 of 2 renders were already finished." in ended.err
    # Of the models' work, which is kept by the sound alone, nothing is done again.
    assert set(cache.rglob("content")) == kept
    assert soundfile.SoundFile(speech).copy_metadata()["comment"] == f"Take 2; {said['comment']}"
    assert soundfile.read(speech)[0].tobytes() == before
    note = "Content Credentials (C2PA) of the input were not carried over: the audio is changed."
    item = json.loads((workspace.places.report / "scorecard.json").read_bytes())["items"][0]
    assert item["notes"] == [note]
    assert note in (workspace.places.site / "renders" / f"{item['id']}.html").read_text()
    ended = stemsilver(*clean, "-o", "out", "--cache", "cache")
    assert f"one.wav: {note}" in ended.err
    assert (workspace.folder / "out" / speech.name).read_bytes() == speech.read_bytes()
    values = yaml.safe_load((resource("config") / "embedded.yaml").read_text())
    values["postprocess"]["metadata"] = False
    Path("bare.yaml").write_text(yaml.safe_dump(values))
    assert stemsilver(*clean, "-o", "out", "--cache", "cache", "-c", "bare.yaml").code == 0
    assert soundfile.SoundFile(Path("out") / speech.name).copy_metadata() == {}


HOSTILE = (
    "--help.wav",
    "été 日本語 🎙.wav",
    "<script>alert(1)<&#47;script>.wav",
    "[red]loud[&#47;red].wav",
    "[bold]b.wav",
    ":bomb:.wav",
    "'quoted' \"twice\".wav",
)


def test_clean_takes_any_name_and_prints_it(stemsilver: Terminal, workspace: Workspace) -> None:
    here = workspace.folder / "hostile"
    here.mkdir()
    os.chdir(here)
    for name in HOSTILE:
        shutil.copy(workspace.raw / "one.wav", name)
    ended = stemsilver("clean", "-o", "out", "--cache", "../cache", "--", *HOSTILE)
    assert ended.code == 0
    outputs = {f"{Path(name).stem}__speech_only.wav" for name in HOSTILE}
    assert set(contents(here / "out")) == outputs
    assert set(ended.out.splitlines()) == {f"out/{name}" for name in outputs}
    assert all(f"✓ {name} (" in ended.err for name in HOSTILE)
    for name in HOSTILE:
        Path(name).write_text("Once upon a time.")
    ended = stemsilver("clean", "-o", "out", "--", *HOSTILE)
    assert ended.code == 1
    assert all(f"✗ {name}: it is a text file" in ended.err for name in HOSTILE)


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ("raw -o raw/out", "--output {here}/raw/out lies in the raw folder {here}/raw"),
        ("raw -o raw/sub/../new/deep", "lies in the raw folder"),
        ("raw/sub -o raw/sub", "lies in the raw folder"),
        ("raw/one.wav raw/sub -o link", "lies in the raw folder"),
        ("raw -o out --cache raw/cache", "--cache {here}/raw/cache lies in"),
        ("raw/one.wav raw/one__speech_only.wav -o raw", "is the output of {here}/raw/one.wav"),
    ],
)
def test_clean_never_takes_its_own_output(
    stemsilver: Terminal, workspace: Workspace, words: str, said: str
) -> None:
    (workspace.folder / "link").symlink_to("raw/sub")
    shutil.copy(workspace.raw / "one.wav", workspace.raw / "one__speech_only.wav")
    before = contents(workspace.folder)
    ended = stemsilver("clean", "--cache", "cache", *words.split())
    faulty(ended, 2, said.format(here=workspace.folder.resolve()))
    assert contents(workspace.folder) == before


@pytest.mark.parametrize(
    ("words", "written"),
    [
        ("one.wav -o .", "one__speech_only.wav"),
        ("sub/two.wav -o sub", "sub/two__speech_only.wav"),
        (". -o .out", ".out/one__speech_only.wav"),
    ],
)
def test_clean_writes_beside_a_single_file_and_hidden(
    stemsilver: Terminal, workspace: Workspace, words: str, written: str
) -> None:
    os.chdir(workspace.raw)
    for _ in range(2):
        ended = stemsilver("clean", "--cache", "../cache", *words.split())
        assert (ended.code, ended.out.splitlines()[0]) == (0, written)


def no_constant(name: str) -> None:
    pytest.fail(f"{name} is not JSON")


def test_evaluate_gives_every_metric_as_json(stemsilver: Terminal, workspace: Workspace) -> None:
    raw, clean = "raw/one.wav", "proceed/one__speech_only.wav"
    beside = ["--script", "raw/one.txt", "--reference", "raw/one.reference.flac"]
    ended = stemsilver("evaluate", raw, clean, "--json", *beside)
    assert ended.code == 0
    scores = json.loads(ended.out, parse_constant=no_constant)
    assert set(scores) == set(METRICS)
    for name, score in scores.items():
        assert set(score) == {"value", "reason"}
        assert (score["value"] is None) != (score["reason"] is None), name
    # What build-site measured in the same pair.
    item, _ = json.loads((workspace.places.report / "scorecard.json").read_bytes())["items"]
    assert item["path"] == "one.wav"
    for name in ("raw_lufs", "clean_si_sdr_db", "clean_script_wer", "clean_music_presence"):
        assert scores[name]["value"] == pytest.approx(item["metrics"][name]["value"], abs=0.01)
    assert scores["stoi_vs_stage_a"]["value"] is None


def test_evaluate_prints_a_table_whose_reasons_are_not_markup(
    stemsilver: Terminal, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    scores = dict.fromkeys(METRICS, Score.missing("crashed: [red]x[/red]"))
    scores["clean_lufs"] = Score(-16.04)
    monkeypatch.setattr(pipeline, "evaluate_pair", lambda *_, **__: Evidence(scores))
    for name in ("a.wav", "b.wav"):
        (folder / name).touch()
    ended = stemsilver("evaluate", "a.wav", "b.wav")
    assert ended.code == 0
    for metric in METRICS.values():
        assert metric.label in ended.out
    assert "−16.0" in ended.out
    assert ended.out.count("crashed: [red]x[/red]") == len(METRICS) - 1


def test_build_site_is_0_or_1_by_the_gates(stemsilver: Terminal, workspace: Workspace) -> None:
    profile = gates(workspace.folder / "loose.yaml", **LOOSE)
    given = ("--config", profile, "--cache", "cache", "--title", "Voices & more")
    ended = stemsilver("build-site", *given)
    assert ended.code == 0
    assert "2 of 2 renders were already finished" in ended.err
    assert "site/index.html: " in ended.err
    front = (workspace.places.site / "index.html").read_text(encoding="utf-8")
    assert "<h1>Voices &amp; more</h1>" in front
    assert "<title>Overview - Voices ＆ more</title>" in front
    scorecard = json.loads((workspace.places.report / "scorecard.json").read_bytes())
    assert scorecard["profile"]["name"] == "loose"
    assert [item["status"] for item in scorecard["items"]] == ["pass", "pass"]
    shutil.rmtree(workspace.places.site)
    profile = gates(workspace.folder / "tight.yaml", **LOOSE | {"music_to_speech_db_max": -99.0})
    ended = stemsilver("build-site", "--config", profile, "--cache", "cache")
    assert ended.code == 1
    assert "0 of 2 pass, 2 failed a gate" in ended.err
    for name in ("one.wav", "sub/two.wav"):
        assert re.search(rf"✗ {name}: Music to speech −\S+ dB, limit ≤ −99 dB\n", ended.err)
    assert (workspace.places.site / "index.html").is_file()


def test_build_site_writes_where_it_is_told(stemsilver: Terminal, workspace: Workspace) -> None:
    for place in ("proceed", "report", "site"):
        shutil.rmtree(workspace.folder / place)
    (workspace.raw / "sub" / "two.wav").unlink()
    workspace.raw.rename(workspace.folder / "in")
    profile = gates(workspace.folder / "loose.yaml", **LOOSE)
    ended = stemsilver(
        *["build-site", "--config", profile, "--cache", "cache", "--raw", "in"],
        *["--proceed", "[a]", "--report", "b c", "--site", "-d/e"],
    )
    assert ended.code == 0, ended
    assert set(contents(workspace.folder / "[a]")) == {"one__speech_only.wav"}
    assert (workspace.folder / "b c" / "scorecard.json").is_file()
    assert (workspace.folder / "-d" / "e" / "index.html").is_file()
    assert {path.name for path in workspace.folder.iterdir()} == {
        *("-d", "[a]", "b c", "cache", "in", "loose.yaml")
    }


def test_an_unmeasured_gate_fails_only_if_strict(stemsilver: Terminal, folder: Path) -> None:
    cut("museum_guide.wav", 1.0, 0.2, folder / "raw" / "short.wav")
    profile = gates(folder / "loose.yaml", **LOOSE)
    ended = stemsilver("build-site", "--config", profile)
    assert ended.code == 0, ended
    assert "gates not measurable on 1" in ended.err
    assert stemsilver("build-site", "--config", profile, "--strict").code == 1


def test_what_is_skipped_is_told_everywhere_and_fails_only_if_strict(
    stemsilver: Terminal, workspace: Workspace
) -> None:
    build = ["build-site", "--cache", "cache", "--config"]
    build.append(str(gates(workspace.folder / "loose.yaml", **LOOSE)))
    left = {
        "sub/song.m4a": ".m4a files cannot be read (convert it to WAV or FLAC)",
        ".take.wav": "hidden, because its name begins with a dot",
        "gone.mp3": "a link to nothing",
    }
    (workspace.raw / "sub" / "song.m4a").touch()
    (workspace.raw / ".take.wav").touch()
    (workspace.raw / "gone.mp3").symlink_to("nowhere")
    ended = stemsilver(*build)
    assert ended.code == 0, ended
    report = workspace.places.report
    card = json.loads((report / "scorecard.json").read_bytes())
    assert {one["path"]: one["reason"] for one in card["skipped"]} == left
    page = (workspace.places.site / "index.html").read_text(encoding="utf-8")
    markdown = (report / "scorecard.md").read_text(encoding="utf-8")
    for path, reason in left.items():
        assert f"! {path}: {reason}; skipped" in ended.err
        assert f"<bdi>{path}</bdi>: <bdi>{reason}</bdi>" in page
        assert f"| `{path}` | {reason} |" in markdown
    assert "very render passes every gate; 3 files skipped" in page
    for told in (ended.err, markdown, page):
        assert "very render passes every gate; 3 files skipped" in told
    # The site is up to date; it is the file that fails.
    ended = stemsilver(*build, "--strict")
    assert "; 3 files skipped" in ended.err
    assert "Nothing changed" in ended.err
    assert ended.code == 1
    for path in left:
        (workspace.raw / path).unlink()
    ended = stemsilver(*build, "--strict")
    assert "Nothing changed" not in ended.err
    assert ended.code == 0, ended


def test_a_site_over_its_budget_is_1(stemsilver: Terminal, workspace: Workspace) -> None:
    before = contents(workspace.places.site)
    ended = stemsilver("build-site", "--cache", "cache", "--max-site-mb", "1")
    faulty(Ended(ended.code, "", ended.err[ended.err.index("error: ") :]), 1, "more than the 1 MB")
    assert "--max-site-mb" in ended.err
    assert contents(workspace.places.site) == before
    left = sorted(path.name for path in workspace.folder.iterdir())
    assert left == ["cache", "proceed", "raw", "report", "site"]
