"""A release: what is in the ZIP, that it is the same every time, and what is refused."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import subprocess
import tracemalloc
import zipfile
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import pytest

from stemsilver import fsio
from stemsilver.delivery.archive import write_zip
from stemsilver.delivery.release import Release, name_of
from stemsilver.errors import EnvironmentFault, Locked, NothingToDo, UsageError

from .builds import OUTPUTS, UNFIT, LeftByABuild, leave

NAME = "stemsilver-release-2026-11-22"
Packed = tuple[LeftByABuild, Release]
MOMENT = datetime(2026, 11, 22, 13, 50, 1, tzinfo=UTC)
REPORTS = ("scorecard.json", "batch_metrics.csv", "scorecard.md")


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> LeftByABuild:
    """A finished build; not to be written to."""
    return leave(tmp_path_factory.mktemp("left") / "build")


@pytest.fixture
def left(built: LeftByABuild, tmp_path: Path) -> LeftByABuild:
    """A finished build to change."""
    return built.copy(tmp_path / "build")


@pytest.fixture(scope="module")
def packed(built: LeftByABuild, tmp_path_factory: pytest.TempPathFactory) -> Packed:
    """A build with what is not of it beside its files, and a treacherous licence; its release."""
    left = built.copy(tmp_path_factory.mktemp("packed") / "build")
    (left.proceed / "stray.wav").write_bytes(b"of an earlier build")
    (left.report / "items" / "stray.json").write_bytes(b"{}")
    for scorecard in (left.report / "scorecard.json", left.site / "downloads" / "scorecard.json"):
        text = scorecard.read_text(encoding="utf-8")
        assert '"licence": "MIT"' in text
        scorecard.write_text(text.replace('"licence": "MIT"', r'"licence": "MIT\nVerdict: fine"'))
    return left, left.release()


@pytest.fixture(scope="module")
def top(packed: Packed, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The one folder in that release, unpacked."""
    folder = tmp_path_factory.mktemp("elsewhere")
    with zipfile.ZipFile(packed[1].archive) as archive:
        archive.extractall(folder)
    [top] = folder.iterdir()
    return top


def files(folder: Path) -> dict[str, bytes]:
    found = (path for path in folder.rglob("*") if path.is_file())
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in found}


def check_sums(folder: Path, sums: str = "SHA256SUMS") -> subprocess.CompletedProcess[str]:
    """What the real tool says."""
    words = ["sha256sum", "--check", "--strict", sums]
    return subprocess.run(words, cwd=folder, capture_output=True, text=True, check=False)


def test_the_sums_hold(packed: Packed, top: Path, tmp_path: Path) -> None:
    left, made = packed
    assert made.archive == left.out / f"{NAME}.zip"
    assert top.name == NAME
    said = check_sums(top)
    assert said.returncode == 0, said.stderr
    assert len(said.stdout.splitlines()) == len(files(top)) - 1 == made.files - 1
    beside = check_sums(left.out, f"{NAME}.zip.sha256")
    assert (beside.returncode, beside.stdout) == (0, f"{NAME}.zip: OK\n")
    assert made.sha256 == hashlib.sha256(made.archive.read_bytes()).hexdigest()
    copy = Path(shutil.copytree(top, tmp_path / "copy"))
    with (copy / "speech" / "-rf.wav").open("r+b") as file:
        file.write(b"X")
    assert check_sums(copy).stdout.count("FAILED") == 1


def test_it_holds_speech_scorecard_and_site(packed: Packed, top: Path) -> None:
    left, _ = packed
    unpacked = files(top)
    del unpacked["README.txt"], unpacked["SHA256SUMS"], unpacked["NAMES.json"]
    # A name that a ZIP cannot hold gives way.
    names = {output: output for output in OUTPUTS}
    for index, output in enumerate(UNFIT, len(OUTPUTS)):
        names[output] = f"take-{index:08x}__speech_only.wav"
    assert unpacked == {
        **{f"speech/{name}": (left.proceed / out).read_bytes() for out, name in names.items()},
        **{f"scorecard/{name}": (left.report / name).read_bytes() for name in REPORTS},
        **{f"site/{name}": content for name, content in files(left.site).items()},
    }


def test_a_map_has_the_names_that_gave_way(left: LeftByABuild, top: Path) -> None:
    told = json.loads((top / "NAMES.json").read_text(encoding="utf-8"))
    assert told == {
        f"speech/take-{index:08x}__speech_only.wav": output
        for index, output in enumerate(UNFIT, len(OUTPUTS))
    }
    for scorecard in left.folder.rglob("scorecard.json"):
        values = json.loads(scorecard.read_text())
        values["items"] = [one for one in values["items"] if one["output"] in OUTPUTS]
        scorecard.write_text(json.dumps(values))
    names = zipfile.ZipFile(left.release().archive).namelist()
    assert f"{NAME}/README.txt" in names
    assert f"{NAME}/NAMES.json" not in names, "every name was kept"


def test_the_readme_says_what_it_is_and_that_names_gave_way(top: Path) -> None:
    text = (top / "README.txt").read_text(encoding="utf-8")
    for line in (
        "Made        22 November 2026, 13:50 UTC",
        "By          Stemsilver 0.1.0, commit 0123456789ab",
        f"Verdict     {len(OUTPUTS + UNFIT) + 1} renders: {len(OUTPUTS + UNFIT)} passed, "
        "1 not cleaned; 1 file skipped",
        f"NAMES.json   the original names of {len(UNFIT)} recordings, which not every system",
        "    sha256sum -c SHA256SUMS",
        r"    a-package 1.2.3: MIT\nVerdict: fine",
    ):
        assert line in text.splitlines()
    assert "Profile     embedded, settings " in text
    assert "site/index.html" in text


def test_the_same_build_gives_the_same_bytes(
    built: LeftByABuild, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = built.copy(tmp_path / "one").release().archive.read_bytes()
    other = built.copy(tmp_path / "two" / "far away")
    for index, path in enumerate(sorted(other.folder.rglob("*"))):
        if path.is_file():
            path.chmod(0o600)
        os.utime(path, (index * 1e6, index * 1e6))
    monkeypatch.chdir(tmp_path)
    before = os.umask(0o077)
    try:
        again = other.release().archive.read_bytes()
    finally:
        os.umask(before)
    assert again == first
    assert other.release().archive.read_bytes() == first


def test_an_entry_says_only_name_and_moment(packed: Packed) -> None:
    entries = zipfile.ZipFile(packed[1].archive).infolist()
    *sorted_names, last = [entry.filename for entry in entries]
    assert sorted_names == sorted(sorted_names)
    assert last == f"{NAME}/SHA256SUMS"
    for entry in entries:
        assert entry.filename.startswith(f"{NAME}/")
        assert not set(entry.filename) & set('\\\n\x07:*?"<>|')
        assert ".." not in entry.filename.split("/")
        # The build was made at 13:50:01, and a ZIP counts in twos.
        assert entry.date_time == (2026, 11, 22, 13, 50, 0)
        assert (entry.create_system, entry.external_attr >> 16) == (3, 0o100644)
        assert entry.extra == b""
        kind = Path(entry.filename).suffix
        stored = kind in (".flac", ".webp", ".gz", ".png", ".woff2")
        assert (entry.compress_type == zipfile.ZIP_STORED) == stored, entry.filename


@pytest.mark.parametrize(
    ("year", "date"), [(1970, (1980, 1, 1, 0, 0, 0)), (9999, (2107, 12, 31, 23, 59, 58))]
)
def test_a_moment_beyond_a_zip_is_the_nearest(
    tmp_path: Path, year: int, date: tuple[int, ...]
) -> None:
    write_zip(tmp_path / "a.zip", {"x": b"x"}, MOMENT.replace(year=year))
    assert {entry.date_time for entry in zipfile.ZipFile(tmp_path / "a.zip").infolist()} == {date}


def test_a_version_names_it_and_what_it_replaces_is_told(left: LeftByABuild) -> None:
    for version in ("", "a/b", "../up", "x" * 65, "é", "a\n", "$(x)"):
        with pytest.raises(UsageError, match="cannot be part of a file name"):
            left.release(version)
    assert not left.out.exists()
    assert name_of("x" * 64)
    version = "v1.2.0-rc.1+linux_x"
    made = left.release(version)
    assert made.archive.name == f"stemsilver-release-{version}.zip"
    names = zipfile.ZipFile(made.archive).namelist()
    assert {name.split("/")[0] for name in names} == {made.archive.stem}
    assert not made.replaced
    assert not left.release(version).replaced, "the same bytes"
    made.archive.write_bytes(b"another")
    assert left.release(version).replaced


def other(path: Path) -> None:
    path.write_text('{"schema_version": 1')


def gone(path: Path) -> None:
    assert not path.exists()


def linked(target: str) -> Callable[[Path], object]:
    return lambda path: path.symlink_to(target)


@pytest.mark.parametrize(
    ("place", "make", "why"),
    [
        ("site/downloads/scorecard.json", other, "are from different builds"),
        ("report/batch_metrics.csv", other, "are from different builds"),
        ("proceed/narration/intro one.wav", gone, "intro one.wav: the scorecard names it"),
        ("proceed/-rf.wav", Path.mkdir, "the scorecard names it"),
        ("proceed/-rf.wav", linked("/etc/passwd"), "leads out of"),
        ("proceed/-rf.wav", other, "-rf.wav: its SHA-256 differs"),
        ("report/scorecard.json", gone, "there is no scorecard"),
        ("report/scorecard.json", other, "not a scorecard"),
        ("site/.stemsilver-site", gone, "not a site of Stemsilver"),
        ("site/assets/up", linked(".."), "a link or a special file"),
        ("site/pipe", os.mkfifo, "a link or a special file"),
        ("site/assets/x\n0000  README.txt", other, "cannot be stored in a ZIP"),
        ("site/aux.html", other, "cannot be stored in a ZIP"),
        ("site/INDEX.html", other, "cannot be stored in a ZIP"),
        ("dist", linked("site/downloads"), "lies in the site"),
    ],
)
def test_what_is_not_one_whole_build_is_refused(
    left: LeftByABuild, place: str, make: Callable[[Path], object], why: str
) -> None:
    path = left.folder / place
    path.unlink(missing_ok=True)
    make(path)
    with pytest.raises(UsageError, match=why) as caught:
        left.release()
    assert caught.value.next_step
    assert not list(left.folder.rglob("*.zip"))
    assert place == "dist" or not left.out.exists()


def test_a_build_that_cleaned_nothing_is_nothing_to_release(left: LeftByABuild) -> None:
    for scorecard in left.folder.rglob("scorecard.json"):
        values = json.loads(scorecard.read_text())
        values["items"] = [one for one in values["items"] if one["failure"]]
        assert values["items"]
        scorecard.write_text(json.dumps(values))
    with pytest.raises(NothingToDo, match="no render was cleaned"):
        left.release()
    assert not left.out.exists()


def test_a_lock_is_respected_and_a_killed_release_swept(left: LeftByABuild) -> None:
    with fsio.run_lock(left.proceed), pytest.raises(Locked, match=f"process {os.getpid()}"):
        left.release()
    assert files(left.out) == {}
    left.out.mkdir(exist_ok=True)
    (left.out / ".stemsilver-0.tmp").write_bytes(b"half a ZIP")
    left.release()
    names = [".stemsilver.lock", f"{NAME}.zip", f"{NAME}.zip.sha256"]
    assert sorted(path.name for path in left.out.iterdir()) == names


def test_a_file_that_vanishes_on_the_way_is_one_clear_error(tmp_path: Path) -> None:
    gone = {"a": b"a", "b": tmp_path / "gone.wav"}
    target = tmp_path / "out" / "a.zip"
    with pytest.raises(EnvironmentFault, match=r"cannot read .*gone\.wav"):
        write_zip(target, gone, MOMENT)
    assert not target.parent.exists()
    (tmp_path / "gone.wav").mkdir()  # has a size, and cannot be read
    with pytest.raises(EnvironmentFault, match=r"cannot read .*gone\.wav"):
        write_zip(target, gone, MOMENT)
    assert list(target.parent.iterdir()) == []


def test_a_large_file_needs_no_memory_of_its_size(tmp_path: Path) -> None:
    long = tmp_path / "long.flac"
    long.touch()
    os.truncate(long, 64_000_000)
    seen: list[tuple[int, int]] = []
    tracemalloc.start()
    write_zip(tmp_path / "a.zip", {"long.flac": long}, MOMENT, lambda *done: seen.append(done))
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < 8_000_000
    assert seen == sorted(seen)
    assert seen[-1] == (64_000_000, 64_000_000)
    sums = zipfile.ZipFile(tmp_path / "a.zip").read("a/SHA256SUMS").decode()
    assert sums == f"{fsio.sha256_file(long)}  long.flac\n"


def test_a_large_file_gets_zip64(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    # Without half an hour of audio: the limit comes down instead.
    monkeypatch.setattr(zipfile, "ZIP64_LIMIT", 1000)
    (tmp_path / "long.flac").write_bytes(bytes(range(256)) * 40)
    write_zip(tmp_path / "a.zip", {"a": b"a", "long.flac": tmp_path / "long.flac"}, MOMENT)
    archive = zipfile.ZipFile(tmp_path / "a.zip")
    assert archive.testzip() is None
    assert archive.getinfo("a/long.flac").extract_version == zipfile.ZIP64_VERSION
    assert archive.getinfo("a/a").extract_version < zipfile.ZIP64_VERSION
