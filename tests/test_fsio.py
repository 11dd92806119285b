"""Files are whole or absent, folders swap or stay, and one run holds the lock."""

from __future__ import annotations

import errno
import hashlib
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from stemsilver import fsio
from stemsilver.errors import EnvironmentFault, Locked, UsageError

Patch = pytest.MonkeyPatch


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def failing(number: int) -> Callable[..., None]:
    def fail(*_: object, **__: object) -> None:
        raise OSError(number, os.strerror(number))

    return fail


# --- files


def test_write_makes_folders_and_leaves_nothing_else(tmp_path: Path) -> None:
    fsio.write_bytes(tmp_path / "a" / "b.bin", b"\x00\xff")
    assert (tmp_path / "a" / "b.bin").read_bytes() == b"\x00\xff"
    assert names(tmp_path / "a") == ["b.bin"]


def test_write_follows_the_umask_like_any_file(tmp_path: Path) -> None:
    before = os.umask(0o022)
    try:
        fsio.write_bytes(tmp_path / "page.html", b"x")
    finally:
        os.umask(before)
    assert (tmp_path / "page.html").stat().st_mode & 0o777 == 0o644


def test_write_reaches_the_longest_name_there_is(tmp_path: Path) -> None:
    fsio.write_bytes(tmp_path / ("n" * 255), b"x")
    assert names(tmp_path) == ["n" * 255]


def test_text_is_utf8_with_its_own_line_ends(tmp_path: Path) -> None:
    fsio.write_text(tmp_path / "t", "é\r\nb\n")
    assert (tmp_path / "t").read_bytes() == b"\xc3\xa9\r\nb\n"


@pytest.mark.parametrize("number", [errno.ENOSPC, errno.EDQUOT])
@pytest.mark.parametrize("call", ["fsync", "replace"])
def test_full_disk_keeps_the_old_file_and_says_so(
    tmp_path: Path, monkeypatch: Patch, number: int, call: str
) -> None:
    target = tmp_path / "out.wav"
    target.write_bytes(b"old")
    with monkeypatch.context() as patch:
        patch.setattr(os if call == "fsync" else Path, call, failing(number))
        with pytest.raises(EnvironmentFault, match="disk is full") as caught:
            fsio.write_bytes(target, b"new")
    assert str(target) in str(caught.value)
    assert "Free some space" in caught.value.next_step
    assert target.read_bytes() == b"old"
    assert names(tmp_path) == ["out.wav"]


def test_other_refusals_name_the_path_and_the_reason(tmp_path: Path) -> None:
    (tmp_path / "taken").mkdir()
    with pytest.raises(EnvironmentFault, match=r"cannot write .*taken: Is a directory"):
        fsio.write_bytes(tmp_path / "taken", b"x")
    assert names(tmp_path) == ["taken"]


def test_interrupt_leaves_no_temporary_file(tmp_path: Path, monkeypatch: Patch) -> None:
    def interrupt(_: int) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(os, "fsync", interrupt)
    with pytest.raises(KeyboardInterrupt):
        fsio.write_bytes(tmp_path / "x", b"x")
    assert names(tmp_path) == []


def test_bytes_are_on_disk_before_the_name_is(tmp_path: Path, monkeypatch: Patch) -> None:
    seen: list[str] = []
    fsync, replace = os.fsync, Path.replace

    def noting_fsync(descriptor: int) -> None:
        seen.append(f"fsync {os.fstat(descriptor).st_size}")
        fsync(descriptor)

    def noting_replace(self: Path, target: Path) -> Path:
        seen.append(f"replace {target.name}")
        return replace(self, target)

    monkeypatch.setattr(os, "fsync", noting_fsync)
    monkeypatch.setattr(Path, "replace", noting_replace)
    fsio.write_bytes(tmp_path / "x", b"four")
    assert seen == ["fsync 4", "replace x"]


def test_a_file_in_pieces_is_whole_or_absent(tmp_path: Path) -> None:
    target = tmp_path / "a" / "x"
    with fsio.open_atomic(target) as file:
        file.write(b"one ")
        assert not target.exists()
        file.write(b"two")
    assert target.read_bytes() == b"one two"
    with pytest.raises(ZeroDivisionError), fsio.open_atomic(target) as file:
        file.write(b"other")
        raise ZeroDivisionError
    assert target.read_bytes() == b"one two"
    with pytest.raises(EnvironmentFault, match="disk is full"), fsio.open_atomic(target) as file:
        file.write(b"other")
        failing(errno.ENOSPC)()
    assert target.read_bytes() == b"one two"
    assert names(tmp_path / "a") == ["x"]


KILLED = """
import sys
from pathlib import Path
from stemsilver.fsio import write_bytes
print("ready", flush=True)
n = 0
while True:
    write_bytes(Path(sys.argv[1]), bytes([65 + n % 2]) * 2_000_000)
    n += 1
"""


def test_a_killed_writer_leaves_a_whole_file(tmp_path: Path) -> None:
    target = tmp_path / "x.bin"
    for delay in (0.02, 0.05, 0.11):
        with subprocess.Popen([sys.executable, "-c", KILLED, target], stdout=-1) as child:
            assert child.stdout is not None
            child.stdout.readline()
            time.sleep(delay)
            child.send_signal(signal.SIGKILL)
        if target.exists():
            data = target.read_bytes()
            assert data in (b"A" * 2_000_000, b"B" * 2_000_000)
    fsio.sweep(tmp_path)
    assert set(names(tmp_path)) <= {"x.bin"}


def test_sweep_takes_temporary_files_only(tmp_path: Path) -> None:
    inner = tmp_path / "inner"
    inner.mkdir()
    (inner / ".stemsilver-0123456789abcdef.tmp").write_bytes(b"half")
    for kept in ("a.tmp", ".stemsilver.lock", "b.wav"):
        (inner / kept).write_bytes(b"")
    fsio.sweep(tmp_path)
    assert names(inner) == [".stemsilver.lock", "a.tmp", "b.wav"]


def test_sweep_of_one_folder_leaves_those_below(tmp_path: Path) -> None:
    for folder in (tmp_path, tmp_path / "below"):
        folder.mkdir(exist_ok=True)
        (folder / ".stemsilver-0.tmp").touch()
    fsio.sweep(tmp_path, below=False)
    assert names(tmp_path) == ["below"]
    assert names(tmp_path / "below") == [".stemsilver-0.tmp"]


def test_sweep_knows_the_names_write_uses(tmp_path: Path, monkeypatch: Patch) -> None:
    monkeypatch.setattr(Path, "unlink", failing(errno.EIO))
    monkeypatch.setattr(os, "fsync", failing(errno.EIO))
    with pytest.raises(EnvironmentFault):
        fsio.write_bytes(tmp_path / "x", b"x")
    monkeypatch.undo()
    assert len(names(tmp_path)) == 1
    fsio.sweep(tmp_path)
    assert names(tmp_path) == []


def test_unchanged_files_keep_their_time(tmp_path: Path) -> None:
    path = tmp_path / "x"
    assert fsio.write_if_changed(path, b"same")
    os.utime(path, ns=(1, 1))
    assert not fsio.write_if_changed(path, b"same")
    assert path.stat().st_mtime_ns == 1
    assert fsio.write_if_changed(path, b"diff")
    assert path.read_bytes() == b"diff"
    assert path.stat().st_mtime_ns != 1


def test_json_is_readable_stable_and_never_nan(tmp_path: Path) -> None:
    path = tmp_path / "s.json"
    fsio.write_json(path, {"b": "é", "a": [None, 0.5]})
    text = '{\n  "b": "é",\n  "a": [\n    null,\n    0.5\n  ]\n}\n'
    assert path.read_text(encoding="utf-8") == text
    for bad in (float("nan"), float("inf")):
        with pytest.raises(ValueError, match="JSON compliant"):
            fsio.write_json(path, {"x": bad})
    assert path.read_text(encoding="utf-8") == text


@given(st.recursive(st.none() | st.integers() | st.text(st.characters(codec="utf-8")), st.lists))
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=25)
def test_json_comes_back(tmp_path: Path, value: object) -> None:
    fsio.write_json(tmp_path / "v.json", value)
    assert json.loads((tmp_path / "v.json").read_text(encoding="utf-8")) == value


@given(st.binary(max_size=300_000))
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=25)
def test_bytes_and_digest_come_back(tmp_path: Path, data: bytes) -> None:
    fsio.write_bytes(tmp_path / "d", data)
    assert (tmp_path / "d").read_bytes() == data
    assert fsio.sha256_file(tmp_path / "d") == hashlib.sha256(data).hexdigest()


# --- folders


def site(folder: Path, text: str) -> Path:
    folder.mkdir(parents=True)
    (folder / "index.html").write_text(text)
    return folder


def test_staging_is_empty_beside_the_target_and_swaps_in(tmp_path: Path) -> None:
    target = site(tmp_path / "site", "old")
    staged = fsio.staging_beside(target)
    assert staged.parent == target.parent
    (staged / "half").write_text("from a killed run")
    staged = fsio.staging_beside(target)
    assert names(staged) == []
    (staged / "index.html").write_text("new")
    fsio.swap_directory(staged, target)
    assert (target / "index.html").read_text() == "new"
    assert names(tmp_path) == ["site"]


def test_swap_onto_nothing(tmp_path: Path) -> None:
    fsio.swap_directory(site(tmp_path / "new", "new"), tmp_path / "site")
    assert names(tmp_path) == ["site"]


def test_swap_behind_a_link_keeps_the_link(tmp_path: Path) -> None:
    real = site(tmp_path / "www" / "real", "old")
    (tmp_path / "site").symlink_to(real)
    staged = fsio.staging_beside(tmp_path / "site")
    (staged / "index.html").write_text("new")
    fsio.swap_directory(staged, tmp_path / "site")
    assert (tmp_path / "site").is_symlink()
    assert (real / "index.html").read_text() == "new"
    assert names(tmp_path / "www") == ["real"]


def test_swap_rolls_back(tmp_path: Path) -> None:
    target = site(tmp_path / "site", "old")
    with pytest.raises(EnvironmentFault, match="cannot write"):
        fsio.swap_directory(tmp_path / "never built", target)
    assert (target / "index.html").read_text() == "old"
    assert names(tmp_path) == ["site"]


def test_swap_refuses_a_file(tmp_path: Path) -> None:
    (tmp_path / "site").write_text("mine")
    with pytest.raises(EnvironmentFault, match="folder should be"):
        fsio.swap_directory(site(tmp_path / "new", "new"), tmp_path / "site")
    assert (tmp_path / "site").read_text() == "mine"


class Killed(BaseException):
    """Stands for the moment after which a process does nothing more."""


@pytest.mark.parametrize("renames", [0, 1, 2])
@pytest.mark.parametrize("recovered", [True, False])
def test_kill_at_every_point_of_a_swap(
    tmp_path: Path, monkeypatch: Patch, renames: int, recovered: bool
) -> None:
    target = site(tmp_path / "site", "old")
    staged = site(tmp_path / "staged", "new")
    done = 0
    rename = Path.rename

    def rename_until_killed(self: Path, to: Path) -> Path:
        nonlocal done
        if done >= renames:
            raise Killed
        done += 1
        return rename(self, to)

    def killed(*_: object, **__: object) -> None:
        raise Killed

    with monkeypatch.context() as patch, pytest.raises(Killed):
        patch.setattr(Path, "rename", rename_until_killed)
        patch.setattr("stemsilver.fsio.shutil.rmtree", killed)
        fsio.swap_directory(staged, target)

    if recovered:
        fsio.recover_directory(target)
        assert (target / "index.html").read_text() == ("new" if renames == 2 else "old")
    fsio.swap_directory(site(tmp_path / "again", "newer"), target)
    assert (target / "index.html").read_text() == "newer"
    assert [name for name in names(tmp_path) if name != "staged"] == ["site"]


# --- containment

PARTS = st.sampled_from(["..", ".", "a", "link", "inner", "loop", "", "é b", "x.wav", "/", "\0"])


@pytest.fixture
def root(tmp_path: Path) -> Path:
    root = tmp_path / "root"
    (root / "a").mkdir(parents=True)
    (tmp_path / "outside").mkdir()
    (root / "link").symlink_to(tmp_path / "outside")
    (root / "inner").symlink_to(root / "a")
    (root / "loop").symlink_to(root / "loop")
    return root


@pytest.mark.parametrize(
    "relative",
    [
        *["..", "../x", "a/../../x", "/etc/passwd", "link", "link/x", "a/../link/x"],
        *["loop/x", "loop/../link", "loop/../link/x", "a\0b"],
    ],
)
def test_escapes_are_refused(root: Path, relative: str) -> None:
    with pytest.raises(UsageError, match="leads out of"):
        fsio.contained(root, relative)


def test_an_absolute_path_is_refused_even_inside(root: Path) -> None:
    with pytest.raises(UsageError):
        fsio.contained(root, str(root / "a"))


@pytest.mark.parametrize("relative", ["new/file.wav", "a/../b", "...", "%2e%2e/x", "-x", "<b>"])
def test_the_rest_is_left_in_peace(root: Path, relative: str) -> None:
    assert fsio.contained(root, relative) == Path(os.path.normpath(root / relative))


def test_a_link_inside_is_followed(root: Path) -> None:
    assert fsio.contained(root, "inner/x") == root / "a" / "x"


@given(st.lists(PARTS, max_size=6).map("/".join))
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=200)
def test_what_is_given_back_is_inside(root: Path, relative: str) -> None:
    try:
        path = fsio.contained(root, relative)
    except UsageError:
        return
    assert os.path.realpath(path) == str(path)
    assert os.path.commonpath([root, path]) == str(root)


# --- the run lock

HOLDER = """
import os, sys, time
from pathlib import Path
from stemsilver.fsio import run_lock
with run_lock(Path(sys.argv[1])):
    print(os.getpid(), flush=True)
    time.sleep(60)
"""


def test_a_second_run_is_refused_with_the_pid_and_a_dead_one_does_not_block(
    tmp_path: Path,
) -> None:
    with subprocess.Popen([sys.executable, "-c", HOLDER, tmp_path], stdout=-1) as child:
        try:
            assert child.stdout is not None
            pid = int(child.stdout.readline())
            with pytest.raises(Locked, match=rf"process {pid}\b"), fsio.run_lock(tmp_path):
                pass
        finally:
            child.kill()
    with fsio.run_lock(tmp_path):
        pass


def test_the_lock_is_free_again_after_an_error(tmp_path: Path) -> None:
    folder = tmp_path / "made" / "by the lock"
    with pytest.raises(ZeroDivisionError), fsio.run_lock(folder):
        raise ZeroDivisionError
    with (
        fsio.run_lock(folder),
        pytest.raises(Locked, match=rf"process {os.getpid()}\b"),
        fsio.run_lock(folder),
    ):
        pass
    assert [path for path in folder.iterdir() if path.stat().st_size] == []


def test_a_holder_that_has_not_written_its_pid_still_blocks(tmp_path: Path) -> None:
    with fsio.run_lock(tmp_path):
        (tmp_path / ".stemsilver.pid").unlink()
        with pytest.raises(Locked, match="unknown"), fsio.run_lock(tmp_path):
            pass


def test_a_second_run_that_says_how_waits_for_the_first(tmp_path: Path) -> None:
    told: list[str] = []
    first = fsio.run_lock(tmp_path)
    first.__enter__()

    def wait(holder: str) -> None:
        told.append(holder)
        first.__exit__(None, None, None)

    with fsio.run_lock(tmp_path, wait):
        assert told == [str(os.getpid())]
        with pytest.raises(Locked), fsio.run_lock(tmp_path):
            pass


# --- piece by piece


def test_a_file_is_lengthened_and_then_put_in_place(tmp_path: Path) -> None:
    part, whole = tmp_path / "new" / "a.part", tmp_path / "new" / "a"
    for piece in (b"one ", b"two"):
        with fsio.open_append(part) as file:
            file.write(piece)
    assert not whole.exists()
    whole.write_bytes(b"old")
    fsio.replace_file(part, whole)
    assert whole.read_bytes() == b"one two"
    assert names(whole.parent) == ["a"]


def test_what_was_lengthened_stays_when_the_work_fails(tmp_path: Path) -> None:
    with pytest.raises(ZeroDivisionError), fsio.open_append(tmp_path / "a.part") as file:
        file.write(b"one")
        raise ZeroDivisionError
    assert (tmp_path / "a.part").read_bytes() == b"one"


def test_a_file_that_cannot_be_lengthened_is_told() -> None:
    with (
        pytest.raises(EnvironmentFault, match="the disk is full"),
        fsio.open_append(Path("/dev/full")) as file,
    ):
        file.write(b"x")
