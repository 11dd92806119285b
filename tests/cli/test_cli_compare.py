"""`stemsilver compare` as it is typed, on the batch of the other tests."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import yaml

from ..pipeline.bakeoffs import bake_once, candidate
from ..pipeline.batches import Workspace, contents
from .terminal import Terminal, faulty


@pytest.fixture
def batch(
    tmp_path_factory: pytest.TempPathFactory, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Workspace:
    """A copy of a batch whose bake-off is done, and the working folder; the candidate is a file."""
    copied = bake_once(tmp_path_factory.getbasetemp()).workspace.copy(tmp_path / "batch")
    settings = candidate().model_dump(mode="json", exclude={"name"})
    (copied.folder / "spleeter.yaml").write_text(yaml.safe_dump(settings))
    monkeypatch.chdir(copied.folder)
    return copied


def test_compare_says_what_it_found_and_exits_0(stemsilver: Terminal, batch: Workspace) -> None:
    given = ("embedded", "spleeter.yaml", "--cache", "cache", "--title", "Voices")
    ended = stemsilver("compare", *given)
    assert ended.code == 0, ended.err
    front = (batch.folder / "bakeoff" / "site" / "index.html").read_text(encoding="utf-8")
    assert "<title>Bake-off - Voices</title>" in front
    told = json.loads((batch.folder / "bakeoff" / "bakeoff.json").read_bytes())
    sentence = told["profiles"][1]["promotion"]["sentence"]
    assert f"spleeter {sentence}." in ended.out
    assert "Music suppression" in ended.out
    assert "Judged by embedded." in ended.out
    assert "Music presence (probability)" in ended.out
    assert "stemsilver serve bakeoff/site" in ended.err
    # Nothing was worked on: all of it was done before.
    assert "s of work)" not in ended.err


def test_another_judge_is_named(stemsilver: Terminal, batch: Workspace) -> None:
    # Its evaluation is the same, so everything that was measured is found.
    ended = stemsilver(
        "compare", "spleeter.yaml", "embedded", "--judge", "spleeter.yaml", "--cache", "cache",
        "--output", "other",
    )  # fmt: skip
    assert ended.code == 0, ended.err
    assert "Judged by spleeter." in ended.out
    told = json.loads((batch.folder / "other" / "bakeoff.json").read_bytes())
    assert (told["incumbent"], told["judge"]) == ("spleeter", "spleeter")
    assert told["profiles"][0]["promotion"] is None


def test_a_render_that_cannot_be_cleaned_exits_1(stemsilver: Terminal, batch: Workspace) -> None:
    (batch.raw / "sub" / "two.wav").write_text("Once upon a time.")
    ended = stemsilver("compare", "embedded", "spleeter.yaml", "--cache", "cache")
    assert ended.code == 1
    page = (batch.folder / "bakeoff" / "site" / "index.html").read_text(encoding="utf-8")
    assert page.count("⊘ not cleaned") == 2
    for name in ("embedded", "spleeter"):
        speech = contents(batch.folder / "bakeoff" / name / "proceed")
        assert set(speech) == {"one__speech_only.wav"}


def test_what_cannot_be_compared_is_told_at_once(stemsilver: Terminal, batch: Workspace) -> None:
    (batch.folder / "empty").mkdir()
    for words, code, said in (
        ("embedded embedded", 2, "profile name `embedded` cannot be used"),
        ("embedded embeded", 2, "embeded"),
        ("embedded gone.yaml", 2, "gone.yaml"),
        ("embedded spleeter.yaml --judge nobody", 2, "nobody"),
        ("embedded spleeter.yaml --raw empty", 3, "empty"),
    ):
        faulty(stemsilver("compare", *words.split()), code, said)
    assert not (batch.folder / "bakeoff" / "embeded").exists()
