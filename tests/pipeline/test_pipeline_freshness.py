"""When a site stands as it is: what a build would read and what it left are told apart."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from stemsilver import microsite, weights
from stemsilver.config import Profile
from stemsilver.evaluation.findings import CRASHED
from stemsilver.microsite import PublishedSite
from stemsilver.microsite.publish.marker import MARK, MARKER
from stemsilver.pipeline import freshness
from stemsilver.pipeline.freshness import Options
from stemsilver.records import Score, Skipped
from stemsilver.report import Review
from stemsilver.report.reviews.review import ReviewedBuild
from stemsilver.resources import resource

from .batches import EPOCH, Built, InThisProcess, Workspace, changed, contents, embedded

Patch = pytest.MonkeyPatch

BUILT_WITH = Options(
    stages=False,
    base=None,
    history=(),
    archive=False,
    wav=True,
    max_site_megabytes=100,
    skipped=(),
    reviews=(),
)


@pytest.fixture
def here(workspace: Workspace, monkeypatch: Patch) -> Workspace:
    """The built batch as the working folder, at the time of its build."""
    monkeypatch.chdir(workspace.folder)
    monkeypatch.setenv("SOURCE_DATE_EPOCH", EPOCH)
    return workspace


def stands(workspace: Workspace, profile: Profile | None = None, **options: Any) -> bool:
    places = workspace.places
    asked: Options = {**BUILT_WITH, **options}  # type: ignore[typeddict-item]
    outputs = places.proceed, places.report, places.site
    return freshness.is_up_to_date(workspace.renders(), profile or embedded(), *outputs, asked)


def test_a_build_stands_until_something_changes(here: Workspace) -> None:
    for path in here.raw.rglob("*"):
        os.utime(path)  # a fresh checkout has new times
    assert stands(here)
    # What systems and people leave in folders is no change.
    (here.places.site / ".DS_Store").touch()
    (here.places.proceed / "mine.wav").touch()
    (here.places.report / "notes.txt").touch()
    assert stands(here)


def append(path: Path, text: str = "\n") -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("a") as file:
        file.write(text)


def own_settings(folder: Path) -> None:
    text = resource("mkdocs.yml").read_text().replace("Overview:", "Front page:")
    (folder / "mkdocs.yml").write_text(text)


def commit(folder: Path) -> None:
    git = ["git", "-c", "user.name=a", "-c", "user.email=a@b.c"]
    subprocess.run([*git, "init", "-q"], cwd=folder, check=True)
    subprocess.run([*git, "commit", "-q", "--allow-empty", "-m", "x"], cwd=folder, check=True)


READ: dict[str, Callable[[Path], None]] = {
    "a render": lambda folder: append(folder / "raw" / "one.wav"),
    "a script": lambda folder: append(folder / "raw" / "one.txt", "More.\n"),
    "a reference": lambda folder: append(folder / "raw" / "one.reference.flac"),
    "one render less": lambda folder: (folder / "raw" / "sub" / "two.wav").unlink(),
    "another name": lambda folder: shutil.move(folder / "raw/one.wav", folder / "raw/1.wav"),
    "MkDocs settings": own_settings,
    "a page": lambda folder: append(folder / "site_src" / "how-it-works.md", "# Ours\n"),
    "a style": lambda folder: append(folder / "site_src" / "assets" / "stemsilver.css"),
    "a template": lambda folder: append(folder / "templates" / "overview.html"),
    "the commit": commit,
}


@pytest.mark.parametrize("change", READ.values(), ids=READ)
def test_a_change_of_what_is_read_is_seen(here: Workspace, change: Callable[[Path], None]) -> None:
    assert stands(here)
    change(here.folder)
    assert not stands(here)


def test_every_setting_and_option_is_seen(here: Workspace, tmp_path: Path) -> None:
    assert not stands(here, changed(embedded(), "site", title="Another"))
    assert not stands(here, changed(embedded(), "gates", wer_max=0.5))
    (tmp_path / "history.json").write_text("{}")
    options: dict[str, object] = {
        "stages": True,
        "base": here.places.site,
        "history": [tmp_path],
        "archive": True,
        "wav": False,
        "max_site_megabytes": 99,
        "skipped": [Skipped("song.m4a", "no")],
        "reviews": [Review("Ada", ReviewedBuild("embedded", "abcd", "2026"), ())],
    }
    assert options.keys() == BUILT_WITH.keys()
    assert [name for name, value in options.items() if stands(here, **{name: value})] == []


def test_the_machine_is_seen(here: Workspace, tmp_path: Path, monkeypatch: Patch) -> None:
    for name in ("SOURCE_DATE_EPOCH", "STEMSILVER_DEVICE"):
        with monkeypatch.context() as patch:
            patch.setenv(name, "1")
            assert not stands(here), name
    with monkeypatch.context() as patch:
        patch.setattr(freshness, "__version__", "0.0.0")
        assert not stands(here)
    with monkeypatch.context() as patch:
        weight = weights.REGISTRY["silero-vad-v6"]
        patch.setitem(weights.REGISTRY, weight.name, replace(weight, sha256="0" * 64))
        assert not stands(here)
    assert stands(here)
    (tmp_path / "packages" / "mkdocs_material-99.dist-info").mkdir(parents=True)
    monkeypatch.syspath_prepend(tmp_path / "packages")
    assert not stands(here)


@pytest.mark.parametrize("place", ["proceed", "report", "site"])
def test_every_file_that_a_build_left_is_seen(here: Workspace, place: str) -> None:
    folder, aside = here.folder / place, here.folder / "aside"
    left = [folder / name for name in contents(folder)]
    for path in left:
        path.rename(aside)
        assert not stands(here), path
        aside.rename(path)
    assert stands(here)
    whole = left[0].read_bytes()
    for content in (whole[:-1], whole):
        left[0].write_bytes(content)
        assert not stands(here)


def test_what_no_build_or_a_killed_one_left_is_seen(here: Workspace) -> None:
    places = here.places
    for path in (
        places.site / "extra.html",
        places.report / "items" / "gone-00000000.json",
        places.proceed / ".stemsilver-0123.tmp",
        places.report / "items" / ".stemsilver-0123.tmp",
    ):
        path.touch()
        assert not stands(here), path
        path.unlink()
    for folder in (places.site.with_name(f".site.{role}") for role in ("new", "old")):
        folder.mkdir()
        assert not stands(here), folder
        folder.rmdir()
    assert stands(here)


def test_a_marker_that_does_not_say_so_is_no_marker(here: Workspace) -> None:
    for text in ("", MARK, f"{MARK}{'0' * 64}\n", "\0", "é"):
        (here.places.site / MARKER).write_text(text, encoding="latin-1")
        assert not stands(here), text
    shutil.rmtree(here.places.site)
    assert not stands(here)


def test_a_build_that_died_is_made_again(
    here: Workspace, tmp_path: Path, monkeypatch: Patch
) -> None:
    clean = here.copy(tmp_path / "clean")
    other = changed(embedded(), "site", title="Another")

    def die(*_: object, **__: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(microsite, "build", die)
        with pytest.raises(KeyboardInterrupt):
            here.build(InThisProcess(), other)
    assert not stands(here, other)
    assert not stands(here)
    here.build(InThisProcess(), other)
    assert stands(here, other)
    clean.build(InThisProcess(), other)
    for folder in ("proceed", "report", "site"):
        assert contents(here.folder / folder) == contents(clean.folder / folder), folder


def test_what_failed_is_tried_again(here: Workspace, built: Built, monkeypatch: Patch) -> None:
    told: list[bool] = []

    def publish(*_: object, build_digest: str | None, **__: object) -> PublishedSite:
        told.append(build_digest is not None)
        return PublishedSite(Path("index.html"), 0, 0)

    monkeypatch.setattr(microsite, "build", publish)
    one, two = built.outcome.finished.items
    assert one.evidence is not None
    scores = {**one.evidence.scores, "clean_lufs": Score.missing(f"{CRASHED}MemoryError: ")}
    crashed = replace(one, evidence=replace(one.evidence, scores=scores))
    for items in ((one, two), (crashed, two)):
        found = built.outcome.scorecard, replace(built.outcome.finished, items=items)
        with monkeypatch.context() as patch:
            patch.setattr(
                "stemsilver.pipeline.site.clean_batch", lambda *_, found=found, **__: found
            )
            here.build(InThisProcess())
    (here.raw / "broken.wav").write_text("Once upon a time.")
    here.build(InThisProcess())
    assert told == [True, False, False]


def test_settings_by_which_mkdocs_reads_what_cannot_be_listed(here: Workspace) -> None:
    for settings in (
        "INHERIT: base.yml",
        "hooks: [hook.py]",
        "theme: {name: material, custom_dir: ours}",
        "copyright: !ENV COPYRIGHT",
        "plugins:\n  - macros",
        "plugins: [search]",
        "markdown_extensions:\n  - pymdownx.snippets",
    ):
        (here.folder / "mkdocs.yml").write_text(f"{settings}\n")
        assert freshness.inputs_digest(here.renders(), embedded(), (), BUILT_WITH) is None, settings
    shutil.copy(resource("mkdocs.yml"), here.folder)
    assert freshness.inputs_digest(here.renders(), embedded(), (), BUILT_WITH) is not None
