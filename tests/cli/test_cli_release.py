"""`release` and `build-site --zip`, on a real build."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
import zipfile
from collections.abc import Collection
from pathlib import Path

import pytest

from stemsilver.microsite.publish import links

from ..pipeline.batches import EPOCH, Built, Workspace, contents
from .terminal import Ended, Terminal, faulty

NAME = "stemsilver-release-2025-06-15"
ZIP = Path("dist", f"{NAME}.zip")
NESTED = Path("site", "downloads", f"{NAME}.zip")


@pytest.fixture(autouse=True)
def _same_time(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SOURCE_DATE_EPOCH", EPOCH)


def build_site(stemsilver: Terminal, *arguments: str) -> None:
    """A build of which everything is in the cache; whether gates fail is not the point."""
    ended = stemsilver("build-site", "--cache", "cache", *arguments)
    assert ended.code in (0, 1), ended


def unpack(archive: Path, folder: Path) -> Path:
    with zipfile.ZipFile(archive) as packed:
        packed.extractall(folder)
    return folder / archive.stem


def offers(site: Path) -> list[tuple[str, str]]:
    """The downloads of a front page: where each leads, and its note."""
    page = (site / "index.html").read_text(encoding="utf-8")
    return re.findall(r'<a href="(downl[^"]+)" download>.*<span class="st-note">([^<]*)<', page)


def speech_of(site: Collection[str]) -> set[str]:
    """The speech files among the files of a site."""
    return {name for name in site if name.endswith("/speech_only.wav")}


def test_a_release_is_the_build(stemsilver: Terminal, workspace: Workspace, tmp_path: Path) -> None:
    ended = stemsilver("release")
    assert (ended.code, ended.out) == (0, f"{ZIP}\n")
    assert "2 speech files, " in ended.err
    assert f"SHA-256 {Path(f'{ZIP}.sha256').read_text().split()[0]}" in ended.err
    subprocess.run(["sha256sum", "-c", f"{ZIP.name}.sha256"], cwd="dist", check=True)
    top = unpack(ZIP, tmp_path / "elsewhere")
    subprocess.run(["sha256sum", "-c", "SHA256SUMS"], cwd=top, check=True)
    places = workspace.places
    assert contents(top / "speech") == contents(places.proceed)
    site, packed = contents(places.site), contents(top / "site")
    # The pages link to the speech files that are in the release already.
    assert packed.keys() == site.keys() - speech_of(site)
    changed = {name for name in packed if packed[name] != site[name]}
    assert changed == {f"{name.rpartition('/')[0]}.html" for name in speech_of(site)}
    assert links.problems(top) == []
    card = (places.report / "scorecard.json").read_bytes()
    assert (top / "scorecard" / "scorecard.json").read_bytes() == card
    assert "speechmos 0.0.1.1: MIT" in (top / "README.txt").read_text(encoding="utf-8")
    for place in (places.proceed, places.report, places.site):
        shutil.rmtree(place)
    build_site(stemsilver)
    stemsilver("release", "--out", "again")
    assert Path("again", ZIP.name).read_bytes() == ZIP.read_bytes()


def test_a_site_offers_its_zip(stemsilver: Terminal, workspace: Workspace, tmp_path: Path) -> None:
    stemsilver("release")
    plain = contents(workspace.places.site)
    others = offers(workspace.places.site)
    ended = stemsilver("build-site", "--cache", "cache", "--zip")
    assert f"For offline use: {NESTED}, " in ended.err
    megabytes = NESTED.stat().st_size / 1e6
    listed = offers(workspace.places.site)
    assert listed[0] == (
        f"downloads/{NESTED.name}",
        f"speech, scorecard and this site: ZIP, {megabytes:.1f} MB",
    )
    assert others[0][0] == "downloads/scorecard.json"
    assert listed[1:] == others
    assert links.problems(workspace.places.site) == []
    # The ZIP in the site is the release of a site that has none, and so is the release of this.
    assert NESTED.read_bytes() == ZIP.read_bytes()
    assert stemsilver("release", "--out", "again").code == 0
    assert Path("again", ZIP.name).read_bytes() == ZIP.read_bytes()
    top = unpack(NESTED, tmp_path / "elsewhere")
    assert contents(top / "site").keys() == plain.keys() - speech_of(plain)
    assert offers(top / "site") == others
    assert links.problems(top) == []
    # The next build keeps it as long as it is up to date.
    build_site(stemsilver)
    assert NESTED.is_file()
    build_site(stemsilver, "--fresh-site")
    assert contents(workspace.places.site) == plain
    build_site(stemsilver, "--no-wav")
    assert not speech_of(contents(workspace.places.site))


def test_the_zip_counts_against_the_budget(stemsilver: Terminal, workspace: Workspace) -> None:
    before = contents(workspace.places.site)
    without = sum(map(len, before.values()))
    ended = stemsilver(
        *["build-site", "--cache", "cache", "--zip", "--max-site-mb", str(without / 1e6 + 0.2)]
    )
    faulty(Ended(ended.code, "", ended.err[ended.err.index("error: ") :]), 1, NESTED.name)
    assert contents(workspace.places.site) == before


def test_a_project_page_is_packed(
    stemsilver: Terminal, workspace: Workspace, tmp_path: Path
) -> None:
    own = (Path(__file__).parents[2] / "mkdocs.yml").read_text(encoding="utf-8")
    Path("mkdocs.yml").write_text(f"site_url: https://team.example/narration/\n{own}", "utf-8")
    build_site(stemsilver, "--zip")
    assert Path("site", "404.html").is_file()
    top = unpack(NESTED, tmp_path / "elsewhere")
    assert not (top / "site" / "404.html").exists()
    assert links.problems(top) == []


def test_release_takes_version_and_folders(stemsilver: Terminal, workspace: Workspace) -> None:
    for place in ("proceed", "report", "site"):
        (workspace.folder / place).rename(workspace.folder / f"[{place}] of mine")
    words = ["release", "--proceed", "[proceed] of mine", "--report", "[report] of mine"]
    words += ["--site", "[site] of mine", "--out", "[o] u/t", "--version"]
    ended = stemsilver(*words, "v1.2.0")
    assert (ended.code, ended.out) == (0, "[o] u/t/stemsilver-release-v1.2.0.zip\n")
    faulty(stemsilver(*words, "1/2"), 2, "'1/2' cannot be part")


def test_without_a_build_it_says_how_to_get_one(stemsilver: Terminal, folder: Path) -> None:
    ended = stemsilver("release")
    faulty(ended, 2, "there is no scorecard")
    assert "stemsilver build-site" in ended.err
    assert list(folder.iterdir()) == []


def test_a_disk_that_takes_no_more_is_4_and_leaves_nothing(built: Built, tmp_path: Path) -> None:
    """A real limit of the system, on the installed command."""
    workspace = built.workspace.copy(tmp_path / "batch")
    limited = "import resource; resource.setrlimit(resource.RLIMIT_FSIZE, (100_000, 100_000)); "
    command = [sys.executable, "-c", limited + "from stemsilver.cli import main; main()", "release"]
    done = subprocess.run(
        command, cwd=workspace.folder, capture_output=True, text=True, check=False
    )
    assert done.returncode == 4, done.stderr
    assert f"cannot write {ZIP}: File too large" in done.stderr
    assert "Traceback" not in done.stderr
    assert [path.name for path in (workspace.folder / "dist").iterdir()] == [".stemsilver.lock"]
