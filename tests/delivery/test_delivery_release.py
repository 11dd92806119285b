"""A release: what is in the ZIP, that it is the same every time, and what is refused."""

from __future__ import annotations

import errno
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
from typing import Any

import pytest

from stemsilver import fsio
from stemsilver.delivery.archive import write_zip
from stemsilver.delivery.release import name_of
from stemsilver.errors import (
    EnvironmentFault,
    Locked,
    NothingToDo,
    StemsilverError,
    UsageError,
)
from stemsilver.report import visible

from .builds import OUTPUTS, UNFIT, LeftByABuild, leave

NAME = "stemsilver-release-2026-11-22"
MOMENT = datetime(2026, 11, 22, 13, 50, 1, tzinfo=UTC)


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> LeftByABuild:
    """A finished build; not to be written to."""
    return leave(tmp_path_factory.mktemp("left") / "build")


@pytest.fixture
def left(built: LeftByABuild, tmp_path: Path) -> LeftByABuild:
    """A finished build to change."""
    return built.copy(tmp_path / "build")


def unpack(archive: Path, folder: Path) -> Path:
    """The one folder in a ZIP."""
    with zipfile.ZipFile(archive) as packed:
        packed.extractall(folder)
    [top] = folder.iterdir()
    return top


def files(folder: Path) -> dict[str, bytes]:
    return {
        path.relative_to(folder).as_posix(): path.read_bytes()
        for path in folder.rglob("*")
        if path.is_file()
    }


def check_sums(folder: Path, sums: str = "SHA256SUMS") -> subprocess.CompletedProcess[str]:
    """What the real tool says."""
    return subprocess.run(
        ["sha256sum", "--check", "--strict", sums],
        cwd=folder,
        capture_output=True,
        text=True,
        check=False,
    )


def fitting(index: int, output: str) -> str:
    """The name under which the output of the render `index` is packed."""
    return output if output in OUTPUTS else f"take-{index:08x}__speech_only.wav"


def test_the_sums_hold_where_it_is_unpacked(left: LeftByABuild, tmp_path: Path) -> None:
    made = left.release()
    assert made.archive == left.out / f"{NAME}.zip"
    top = unpack(made.archive, tmp_path / "elsewhere")
    assert top.name == NAME
    said = check_sums(top)
    assert said.returncode == 0, said.stderr
    unpacked = files(top)
    assert len(said.stdout.splitlines()) == len(unpacked) - 1 == made.files - 1
    beside = check_sums(left.out, f"{NAME}.zip.sha256")
    assert (beside.returncode, beside.stdout) == (0, f"{NAME}.zip: OK\n")
    assert made.sha256 == hashlib.sha256(made.archive.read_bytes()).hexdigest()
    with (top / "speech" / "-rf.wav").open("r+b") as file:
        file.write(b"X")
    assert check_sums(top).stdout.count("FAILED") == 1


def test_it_holds_the_speech_the_scorecard_and_the_site(left: LeftByABuild, tmp_path: Path) -> None:
    (left.proceed / "stray.wav").write_bytes(b"of an earlier build")
    (left.report / "items" / "stray.json").write_bytes(b"{}")
    unpacked = files(unpack(left.release().archive, tmp_path / "elsewhere"))
    del unpacked["README.txt"], unpacked["SHA256SUMS"]
    assert unpacked == {
        **{
            f"speech/{fitting(index, output)}": (left.proceed / output).read_bytes()
            for index, output in enumerate((*OUTPUTS, *UNFIT))
        },
        **{
            f"scorecard/{name}": (left.report / name).read_bytes()
            for name in ("scorecard.json", "batch_metrics.csv", "scorecard.md")
        },
        **{f"site/{name}": content for name, content in files(left.site).items()},
    }


def test_a_name_that_a_zip_cannot_hold_gives_way_and_the_readme_tells(
    left: LeftByABuild, tmp_path: Path
) -> None:
    archive = left.release().archive
    names = zipfile.ZipFile(archive).namelist()
    readme = unpack(archive, tmp_path / "elsewhere") / "README.txt"
    text = readme.read_text(encoding="utf-8")
    for name in names:
        assert name.startswith(f"{NAME}/")
        assert not set(name) & {"\\", "\n", "\x07", ":"}
        assert ".." not in name.split("/")
    for index, output in enumerate(UNFIT, len(OUTPUTS)):
        assert f"    speech/take-{index:08x}__speech_only.wav\n        {visible(output)}\n" in text
    for output in OUTPUTS:
        assert f"  {visible(output)}\n" not in text


def test_the_readme_says_what_it_is(left: LeftByABuild, tmp_path: Path) -> None:
    top = unpack(left.release().archive, tmp_path / "elsewhere")
    text = (top / "README.txt").read_text(encoding="utf-8")
    for line in (
        "Made        22 November 2026, 13:50 UTC",
        "By          Stemsilver 0.1.0, commit 0123456789ab",
        "Verdict     13 renders: 12 passed, 1 not cleaned",
        "    sha256sum -c SHA256SUMS",
        "    a-package 1.2.3: MIT",
    ):
        assert line in text.splitlines()
    assert "Profile     embedded, settings " in text
    assert "site/index.html" in text


def test_nothing_in_a_scorecard_adds_a_line_to_the_readme(
    left: LeftByABuild, tmp_path: Path
) -> None:
    for scorecard in (
        left.report / "scorecard.json",
        left.site / "downloads" / "scorecard.json",
    ):
        text = scorecard.read_text(encoding="utf-8")
        assert '"licence": "MIT"' in text
        scorecard.write_text(text.replace('"licence": "MIT"', r'"licence": "MIT\nVerdict: fine"'))
    top = unpack(left.release().archive, tmp_path / "elsewhere")
    assert r": MIT\nVerdict: fine" in (top / "README.txt").read_text(encoding="utf-8")


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


def test_every_entry_says_only_its_name_and_the_moment_of_the_build(left: LeftByABuild) -> None:
    entries = zipfile.ZipFile(left.release().archive).infolist()
    *sorted_names, last = [entry.filename for entry in entries]
    assert sorted_names == sorted(sorted_names)
    assert last == f"{NAME}/SHA256SUMS"
    for entry in entries:
        # The build was made at 13:50:01, and a ZIP counts in twos.
        assert entry.date_time == (2026, 11, 22, 13, 50, 0)
        assert (entry.create_system, entry.external_attr >> 16) == (3, 0o100644)
        assert entry.extra == b""
        kind = Path(entry.filename).suffix
        stored = kind in (".flac", ".webp", ".gz", ".png", ".woff2")
        assert (entry.compress_type == zipfile.ZIP_STORED) == stored, entry.filename


@pytest.mark.parametrize(
    ("moment", "date"),
    [
        (datetime(1970, 1, 1, tzinfo=UTC), (1980, 1, 1, 0, 0, 0)),
        (datetime(1999, 12, 31, 23, 59, 59, tzinfo=UTC), (1999, 12, 31, 23, 59, 58)),
        (datetime(9999, 1, 1, tzinfo=UTC), (2107, 12, 31, 23, 59, 58)),
    ],
)
def test_a_moment_that_a_zip_cannot_tell_is_the_nearest(
    tmp_path: Path, moment: datetime, date: tuple[int, ...]
) -> None:
    write_zip(tmp_path / "a.zip", {"x": b"x"}, moment)
    assert {entry.date_time for entry in zipfile.ZipFile(tmp_path / "a.zip").infolist()} == {date}


def test_a_version_names_it(left: LeftByABuild) -> None:
    archive = left.release("v1.2.0-rc.1+linux_x").archive
    assert archive.name == "stemsilver-release-v1.2.0-rc.1+linux_x.zip"
    names = zipfile.ZipFile(archive).namelist()
    assert {name.split("/")[0] for name in names} == {archive.name.removesuffix(".zip")}


@pytest.mark.parametrize("version", ["", "a/b", "../up", "a b", "x" * 65, "é", "a\n", "$(x)"])
def test_a_version_that_is_no_file_name_is_refused(left: LeftByABuild, version: str) -> None:
    with pytest.raises(UsageError, match="cannot be part of a file name"):
        left.release(version)
    assert not left.out.exists()
    assert name_of("x" * 64)


def _of_another_build(left: LeftByABuild) -> None:
    other = left.site / "downloads" / "scorecard.json"
    other.write_text(other.read_text(encoding="utf-8") + "\n", encoding="utf-8")


def _of_another_table(left: LeftByABuild) -> None:
    (left.report / "batch_metrics.csv").write_text("render\n")


def _without_an_output(left: LeftByABuild) -> None:
    (left.proceed / OUTPUTS[0]).unlink()


def _with_a_folder_for_an_output(left: LeftByABuild) -> None:
    (left.proceed / OUTPUTS[1]).unlink()
    (left.proceed / OUTPUTS[1]).mkdir()


def _with_an_output_elsewhere(left: LeftByABuild) -> None:
    secret = left.folder / "secret"
    secret.write_text("secret")
    (left.proceed / OUTPUTS[1]).unlink()
    (left.proceed / OUTPUTS[1]).symlink_to(secret)


def _with_the_speech_of_another_build(left: LeftByABuild) -> None:
    path = left.proceed / OUTPUTS[1]
    path.write_bytes(path.read_bytes()[:-1] + b"x")


def _without_a_scorecard(left: LeftByABuild) -> None:
    (left.report / "scorecard.json").unlink()


def _with_half_a_scorecard(left: LeftByABuild) -> None:
    (left.report / "scorecard.json").write_text('{"schema_version": 1')


def _without_a_site(left: LeftByABuild) -> None:
    shutil.rmtree(left.site)


def _with_a_site_of_others(left: LeftByABuild) -> None:
    (left.site / ".stemsilver-site").unlink()


def _with_a_link_in_the_site(left: LeftByABuild) -> None:
    (left.site / "assets" / "up").symlink_to(left.folder)


def _with_a_pipe_in_the_site(left: LeftByABuild) -> None:
    os.mkfifo(left.site / "pipe")


def _with_a_treacherous_name_in_the_site(left: LeftByABuild) -> None:
    (left.site / "assets" / "x\n0000  README.txt").write_text("x")


@pytest.mark.parametrize(
    ("spoil", "why"),
    [
        (_of_another_build, "are from different builds"),
        (_of_another_table, "are from different builds"),
        (_without_an_output, "narration/intro one.wav: the scorecard names it"),
        (_with_a_folder_for_an_output, "the scorecard names it"),
        (_with_an_output_elsewhere, "leads out of"),
        (_with_the_speech_of_another_build, "-rf.wav: its SHA-256 differs"),
        (_without_a_scorecard, "there is no scorecard"),
        (_with_half_a_scorecard, "not a scorecard"),
        (_without_a_site, "not a site of Stemsilver"),
        (_with_a_site_of_others, "not a site of Stemsilver"),
        (_with_a_link_in_the_site, "a link or a special file"),
        (_with_a_pipe_in_the_site, "a link or a special file"),
        (_with_a_treacherous_name_in_the_site, "cannot be stored in a ZIP"),
    ],
)
def test_what_is_not_one_whole_build_is_refused_before_anything_is_written(
    left: LeftByABuild, spoil: Callable[[LeftByABuild], None], why: str
) -> None:
    spoil(left)
    with pytest.raises(UsageError, match=why) as caught:
        left.release()
    assert caught.value.next_step
    assert not left.out.exists()


def test_a_build_that_cleaned_nothing_is_nothing_to_release(left: LeftByABuild) -> None:
    for scorecard in left.folder.rglob("scorecard.json"):
        values = json.loads(scorecard.read_text())
        values["items"] = [one for one in values["items"] if one["failure"]]
        assert values["items"]
        scorecard.write_text(json.dumps(values))
    with pytest.raises(NothingToDo, match="no render was cleaned"):
        left.release()
    assert not left.out.exists()


def test_a_zip_of_the_same_name_is_replaced_and_that_is_told(left: LeftByABuild) -> None:
    assert not left.release("v1").replaced
    assert not left.release("v1").replaced, "the same bytes"
    (left.out / "stemsilver-release-v1.zip").write_bytes(b"another")
    assert left.release("v1").replaced


def test_a_release_inside_the_site_is_refused(left: LeftByABuild) -> None:
    inside = LeftByABuild(left.folder)
    (left.folder / "dist").symlink_to(left.site / "downloads")
    with pytest.raises(UsageError, match="lies in the site"):
        inside.release()
    assert not list(left.site.rglob("*.zip"))


def test_a_build_in_progress_is_not_packed(left: LeftByABuild) -> None:
    with fsio.run_lock(left.proceed), pytest.raises(Locked, match=f"process {os.getpid()}"):
        left.release()
    assert files(left.out) == {}


def test_what_a_killed_release_left_is_removed(left: LeftByABuild) -> None:
    left.out.mkdir()
    (left.out / ".stemsilver-0.tmp").write_bytes(b"half a ZIP")
    left.release()
    assert [path.name for path in sorted(left.out.iterdir())] == [
        ".stemsilver.lock",
        f"{NAME}.zip",
        f"{NAME}.zip.sha256",
    ]


class Full:
    """A file on a disk that has room for so many bytes more, in all its files together."""

    def __init__(self, file: Any, room: list[int]) -> None:
        self._file, self._room = file, room

    def write(self, data: bytes) -> int:
        self._room[0] -= len(data)
        if self._room[0] < 0:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        written: int = self._file.write(data)
        return written

    def __enter__(self) -> Full:
        return self

    def __exit__(self, *_: object) -> None:
        self._file.close()

    def __getattr__(self, name: str) -> Any:
        return getattr(self._file, name)


@pytest.mark.parametrize("room", [0, 100, 100_000, 1_000_000])
def test_a_full_disk_keeps_what_stood_there(
    left: LeftByABuild, monkeypatch: pytest.MonkeyPatch, room: int
) -> None:
    left.out.mkdir()
    (left.out / f"{NAME}.zip").write_bytes(b"the old one")
    real, rest = Path.open, [room]

    def full(path: Path, mode: str = "r") -> Any:
        file = real(path, mode)
        return Full(file, rest) if "x" in mode else file

    monkeypatch.setattr(Path, "open", full)
    with pytest.raises(EnvironmentFault, match="disk is full"):
        left.release()
    assert (left.out / f"{NAME}.zip").read_bytes() == b"the old one"
    assert set(files(left.out)) <= {".stemsilver.lock", f"{NAME}.zip"}


def test_a_file_that_vanishes_on_the_way_is_one_clear_error(tmp_path: Path) -> None:
    gone = {"a": b"a", "b": tmp_path / "gone.wav"}
    with pytest.raises(EnvironmentFault, match=r"cannot read .*gone\.wav") as caught:
        write_zip(tmp_path / "out" / "a.zip", gone, MOMENT)
    assert isinstance(caught.value, StemsilverError)
    assert not (tmp_path / "out").exists()
    (tmp_path / "gone.wav").mkdir()  # has a size, and cannot be read
    with pytest.raises(EnvironmentFault, match=r"cannot read .*gone\.wav"):
        write_zip(tmp_path / "out" / "a.zip", gone, MOMENT)
    assert list((tmp_path / "out").iterdir()) == []


def test_a_large_file_needs_no_memory_of_its_size(tmp_path: Path) -> None:
    with (tmp_path / "long.flac").open("wb") as file:
        file.truncate(64_000_000)
    seen: list[tuple[int, int]] = []
    tracemalloc.start()
    write_zip(
        tmp_path / "a.zip",
        {"long.flac": tmp_path / "long.flac"},
        MOMENT,
        lambda done, total: seen.append((done, total)),
    )
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < 8_000_000
    assert seen == sorted(seen)
    assert seen[-1] == (64_000_000, 64_000_000)
    sums = zipfile.ZipFile(tmp_path / "a.zip").read("a/SHA256SUMS").decode()
    assert sums == f"{fsio.sha256_file(tmp_path / 'long.flac')}  long.flac\n"


def test_a_file_beyond_the_old_limits_gets_zip64(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Without half an hour of audio: the limit comes down instead."""
    monkeypatch.setattr(zipfile, "ZIP64_LIMIT", 1000)
    (tmp_path / "long.flac").write_bytes(bytes(range(256)) * 40)
    write_zip(tmp_path / "a.zip", {"a": b"a", "long.flac": tmp_path / "long.flac"}, MOMENT)
    archive = zipfile.ZipFile(tmp_path / "a.zip")
    assert archive.testzip() is None
    assert archive.getinfo("a/long.flac").extract_version == zipfile.ZIP64_VERSION
    assert archive.getinfo("a/a").extract_version < zipfile.ZIP64_VERSION
