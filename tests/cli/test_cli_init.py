"""`stemsilver init`: from an installed wheel in an empty folder to a site."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

from stemsilver.delivery.repository import repository

from ..pipeline.batches import write_batch
from .terminal import Terminal, faulty


def test_it_lists_what_it_wrote_or_kept_and_next_steps(stemsilver: Terminal, folder: Path) -> None:
    ended = stemsilver("init", "batch")
    assert ended.code == 0
    listed, _, steps = ended.out.partition("\nNext\n")
    assert listed.splitlines() == [f"written: {name}" for name in repository()]
    assert all((folder / "batch" / name).is_file() for name in repository())
    named = ("git init", "raw/", "build-site", "requirements.txt", "GitHub Actions", "push")
    places = [steps.index(name) for name in named]
    assert places == sorted(places)
    assert "lfs" not in steps
    (folder / "batch" / "README.md").write_text("Ours.\n")
    again = stemsilver("init", "batch", "--lfs")
    assert again.code == 0
    listed, _, steps = again.out.partition("\nNext\n")
    assert listed.splitlines() == [f"kept: {name}" for name in repository()]
    assert (folder / "batch" / "README.md").read_text() == "Ours.\n"
    assert "Your .gitattributes was kept" in steps


def test_its_choices_reach_the_files(stemsilver: Terminal, folder: Path) -> None:
    named = "stemsilver @ git+https://example.org/team/stemsilver@v1"
    ended = stemsilver("init", "batch", "--lfs", "--templates", "--requirement", named)
    assert ended.code == 0
    assert "git lfs install" in ended.out
    for name, content in repository(named, title="batch", lfs=True, templates=True).items():
        assert (folder / "batch" / name).read_bytes() == content


def test_a_step_can_be_pasted_whatever_the_name(stemsilver: Terminal, folder: Path) -> None:
    for name in ("a b; [red]$(touch x)'", "-rf"):
        ended = stemsilver("init", "--", name)
        [step] = [line for line in ended.out.splitlines() if line.startswith("1. ")]
        pasted = step.removeprefix("1. ").replace("git init -b main", "pwd")
        done = subprocess.run(["sh", "-c", pasted], capture_output=True, text=True, check=True)
        assert done.stdout == f"{(folder / name).resolve()}\n"
    assert not (folder / "x").exists()


def test_what_cannot_be_is_wrong_usage(stemsilver: Terminal, folder: Path) -> None:
    (folder / "file").write_text("ours")
    faulty(stemsilver("init", "file"), 2, "file is not a folder")
    faulty(stemsilver("init", "new", "--requirement", "a\n-e ."), 2, "not one requirement")
    assert [path.name for path in folder.iterdir()] == ["file"]


def test_the_installed_wheel_makes_and_builds_a_repository(installed: Path, tmp_path: Path) -> None:
    """Nothing of the checkout takes part: not its modules, templates, pages or profiles."""

    def stemsilver(folder: Path, *words: str) -> None:
        code = (
            f"import stemsilver; assert stemsilver.__file__.startswith({str(installed)!r}); "
            "from stemsilver.cli import main; main()"
        )
        environment = {**os.environ, "PYTHONPATH": str(installed)}
        command = [sys.executable, "-c", code, *words]
        subprocess.run(command, cwd=folder, env=environment, check=True)

    stemsilver(tmp_path, "init", "batch")
    batch = tmp_path / "batch"
    assert [path.name for path in tmp_path.iterdir()] == ["batch"]
    write_batch(batch / "raw")
    (batch / "site_src" / "how-it-works.md").write_text("# Our way\n")
    (batch / "site_src" / "assets" / "logo.svg").write_text(
        '<svg xmlns="http://www.w3.org/2000/svg"/>'
    )
    stemsilver(batch, "build-site")
    for name in ("one", "sub/two"):
        assert (batch / "proceed" / f"{name}__speech_only.wav").is_file()
    assert (batch / "report" / "scorecard.json").is_file()
    site = batch / "site"
    assert "<title>Overview - batch</title>" in (site / "index.html").read_text(encoding="utf-8")
    assert len(list(site.glob("renders/*.html"))) == 2
    assert "Our way" in (site / "how-it-works.html").read_text(encoding="utf-8")
    assert (site / "assets" / "logo.svg").read_text().startswith("<svg xmlns")
    assert (site / "assets" / "start.js").is_file()
