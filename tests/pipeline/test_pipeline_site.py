"""`build_site` on real audio with the real models: what is built, and what a rebuild redoes."""

from __future__ import annotations

import json
import os
import shutil
from pathlib import Path

import numpy as np
import pytest
import soundfile

from stemsilver.errors import UsageError
from stemsilver.evaluation.undefined import NO_STAGE_A
from stemsilver.pipeline import Places, check_outputs, evaluate_pair
from stemsilver.records import ItemResult, Render

from .batches import Built, InThisProcess, NoWorkers, Watch, Workspace, contents, embedded


def modified(folder: Path) -> dict[str, int]:
    return {name: (folder / name).stat().st_mtime_ns for name in contents(folder)}


def test_every_render_is_cleaned_at_its_own_rate_length_and_channels(built: Built) -> None:
    finished, proceed = built.outcome.finished, built.workspace.places.proceed
    assert [(item.path, item.failure) for item in finished.items] == [
        ("one.wav", None),
        ("sub/two.wav", None),
    ]
    assert set(contents(proceed)) == {"one__speech_only.wav", "sub/two__speech_only.wav"}
    for item in finished.items:
        raw = soundfile.info(built.workspace.raw / item.path)
        clean = soundfile.info(proceed / item.output)
        expected = (raw.samplerate, raw.channels, raw.frames)
        assert (clean.samplerate, clean.channels, clean.frames) == expected
        assert (item.rate, item.channels, item.frames) == expected
        samples, _ = soundfile.read(proceed / item.output)
        assert np.isfinite(samples).all()
        assert samples.any()
    assert finished.reused == 0
    # Finishing a render finds what listening and cleaning have left it.
    assert finished.steps.computed > finished.steps.reused > 0


def test_the_delivered_file_is_what_was_measured(built: Built) -> None:
    raw, proceed = built.workspace.raw, built.workspace.places.proceed
    found = evaluate_pair(
        raw / "one.wav",
        proceed / "one__speech_only.wav",
        embedded(),
        reference=raw / "one.reference.flac",
        script=raw / "one.txt",
    )
    [one, _] = built.outcome.finished.items
    assert one.evidence is not None
    comparable = {name for name, one in found.scores.items() if one.reason != NO_STAGE_A}
    assert len(comparable) > 20
    for name in comparable:
        assert found.scores[name] == one.evidence.scores[name], name


def test_reports_and_site_speak_of_every_render(built: Built) -> None:
    places = built.workspace.places
    ids = [item.id for item in built.outcome.finished.items]
    scorecard = json.loads((places.report / "scorecard.json").read_bytes())
    assert [(item["id"], item["output"]) for item in scorecard["items"]] == list(
        zip(ids, ["one__speech_only.wav", "sub/two__speech_only.wav"], strict=True)
    )
    files = {name for name in contents(places.report) if not name.startswith("ab/")}
    reports = {"scorecard.json", "scorecard.md", "batch_metrics.csv", "history.json", "costs.csv"}
    assert files == reports | {f"items/{id_}.json" for id_ in ids}
    pages = contents(places.site)
    for id_ in ids:
        assert {f"renders/{id_}.html", f"renders/{id_}/clean.flac"} <= set(pages)
        assert f"renders/{id_}.html".encode() in pages["index.html"]
    assert built.outcome.site.index == places.site / "index.html"


def test_a_second_build_gives_the_same_bytes(workspace: Workspace, built: Built) -> None:
    for path in workspace.raw.rglob("*"):
        os.utime(path)  # a fresh checkout has new times
    places = workspace.places.proceed, workspace.places.report / "ab"
    before = [modified(place) for place in places]
    outcome = workspace.build(NoWorkers())
    assert (outcome.finished.reused, outcome.finished.steps.computed) == (2, 0)
    assert outcome.drawing.computed == []
    assert [modified(place) for place in places] == before
    for place in ("proceed", "report", "site"):
        assert contents(workspace.folder / place) == contents(built.workspace.folder / place), place


@pytest.mark.usefixtures("no_site")
def test_speech_is_there_when_its_render_is_done(workspace: Workspace) -> None:
    shutil.rmtree(workspace.places.proceed)
    seen: list[int] = []

    class Looking(Watch):
        def done(self, result: ItemResult, reused: bool) -> None:
            seen.append(len(contents(workspace.places.proceed)))

    workspace.build(NoWorkers(), watch=Looking())
    assert seen == [1, 2]


@pytest.mark.usefixtures("no_site")
def test_a_changed_render_is_redone_and_no_other(workspace: Workspace) -> None:
    path = workspace.raw / "sub" / "two.wav"
    samples, rate = soundfile.read(path)
    soundfile.write(path, samples[: rate // 2], rate, subtype="PCM_16")
    before = modified(workspace.places.proceed)
    executor = InThisProcess()
    outcome = workspace.build(executor)
    assert outcome.finished.reused == 1
    assert {render for _, render in executor.calls} == {"sub/two.wav"}
    after = modified(workspace.places.proceed)
    assert [name for name in after if after[name] != before[name]] == ["sub/two__speech_only.wav"]
    cleaned = workspace.places.proceed / "sub" / "two__speech_only.wav"
    assert soundfile.info(cleaned).frames == rate // 2


@pytest.mark.usefixtures("no_site")
def test_outputs_are_always_as_in_a_clean_build(workspace: Workspace) -> None:
    places, two = workspace.places, workspace.raw / "sub" / "two.wav"
    (places.proceed / "mine.wav").write_bytes(b"not made here")
    whole = two.read_bytes()
    # A render became corrupt: it costs itself and its former output.
    two.write_text("Once upon a time.")
    one, failed = workspace.build(InThisProcess()).finished.items
    assert one.failure is None
    assert failed.failure is not None
    assert failed.failure.code == "unreadable"
    assert set(contents(places.proceed)) == {"mine.wav", "one__speech_only.wav"}
    scorecard = json.loads((places.report / "scorecard.json").read_bytes())
    assert [item["output"] for item in scorecard["items"]] == ["one__speech_only.wav", None]
    # It came back, and went.
    two.write_bytes(whole)
    workspace.build(NoWorkers())
    assert "sub/two__speech_only.wav" in contents(places.proceed)
    two.unlink()
    [left] = workspace.build(NoWorkers()).finished.items
    assert set(contents(places.proceed)) == {"mine.wav", "one__speech_only.wav"}
    assert set(contents(places.report / "items")) == {f"{left.id}.json"}
    # One has another name: one.wav and one.flac cannot both become one__speech_only.wav.
    (workspace.raw / "one.flac").write_bytes(b"")
    outcome = workspace.build(InThisProcess())
    expected = {render.path: render.output for render in workspace.renders()}
    assert {item.path: item.output for item in outcome.finished.items} == expected
    assert set(contents(places.proceed)) == {"mine.wav", expected["one.wav"]}


@pytest.mark.parametrize(
    ("changed", "named"),
    [
        ({"proceed": "raw"}, "lies in the raw folder"),
        ({"report": "proceed"}, "are the same folder"),
        ({"site": "."}, "is deleted and rebuilt"),
        ({"report": "site/report"}, "is deleted and rebuilt"),
    ],
)
def test_nested_folders_are_refused(tmp_path: Path, changed: dict[str, str], named: str) -> None:
    folders = {name: name for name in ("proceed", "report", "site", "cache")} | changed
    places = Places(**{name: tmp_path / folder for name, folder in folders.items()})
    source = tmp_path / "raw" / "sub" / "take.wav"
    render = Render("take-00000000", "sub/take.wav", source, "sub/take__speech_only.wav")
    with pytest.raises(UsageError, match=named):
        check_outputs([render], vars(places))
