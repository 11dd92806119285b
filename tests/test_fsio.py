"""Files are whole or absent, folders swap or stay, and one run holds the lock."""

from __future__ import annotations

import errno
import hashlib
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


def test_a_file_is_written_like_any_other_and_leaves_nothing_else(tmp_path: Path) -> None:
    longest = tmp_path / "a" / ("n" * 255)
    before = os.umask(0o022)
    try:
        fsio.write_text(longest, "é\r\nb\n")
    finally:
        os.umask(before)
    content = b"\xc3\xa9\r\nb\n"
    assert longest.read_bytes() == content
    assert longest.stat().st_mode & 0o777 == 0o644
    assert names(tmp_path / "a") == [longest.name]
    assert fsio.sha256_file(longest) == hashlib.sha256(content).hexdigest()


@pytest.mark.parametrize(
    ("number", "place", "call"), [(errno.ENOSPC, os, "fsync"), (errno.EDQUOT, Path, "replace")]
)
def test_full_disk_keeps_the_old_file_and_says_so(
    tmp_path: Path, monkeypatch: Patch, number: int, place: object, call: str
) -> None:
    target = tmp_path / "out.wav"
    target.write_bytes(b"old")
    with monkeypatch.context() as patch:
        patch.setattr(place, call, failing(number))
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


def test_bytes_are_on_disk_before_the_name_is(tmp_path: Path, monkeypatch: Patch) -> None:
    seen: list[tuple[int, bool]] = []

    def fsync(descriptor: int) -> None:
        seen.append((os.fstat(descriptor).st_size, (tmp_path / "x").exists()))

    monkeypatch.setattr(os, "fsync", fsync)
    fsio.write_bytes(tmp_path / "x", b"four")
    assert seen == [(4, False)]


def test_a_file_in_pieces_is_whole_or_absent(tmp_path: Path) -> None:
    target = tmp_path / "x"
    with fsio.open_atomic(target) as file:
        file.write(b"one ")
        assert not target.exists()
        file.write(b"two")
    assert target.read_bytes() == b"one two"
    full = OSError(errno.ENOSPC, "")
    for error, told in ((KeyboardInterrupt(), KeyboardInterrupt), (full, EnvironmentFault)):
        with pytest.raises(told), fsio.open_atomic(target) as file:
            file.write(b"other")
            raise error
        assert target.read_bytes() == b"one two"
        assert names(tmp_path) == ["x"]


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
            assert target.read_bytes() in (b"A" * 2_000_000, b"B" * 2_000_000)
    fsio.sweep(tmp_path)
    assert set(names(tmp_path)) <= {"x.bin"}


def test_sweep_takes_what_write_left_and_nothing_else(tmp_path: Path, monkeypatch: Patch) -> None:
    below = tmp_path / "below"
    with monkeypatch.context() as patch:
        patch.setattr(Path, "unlink", failing(errno.EIO))
        patch.setattr(os, "fsync", failing(errno.EIO))
        for folder in (tmp_path, below):
            with pytest.raises(EnvironmentFault):
                fsio.write_bytes(folder / "x", b"half")
    for kept in ("a.tmp", ".stemsilver.lock", "b.wav"):
        (below / kept).touch()
    fsio.sweep(tmp_path, below=False)
    assert names(tmp_path) == ["below"]
    assert len(names(below)) == 4
    fsio.sweep(tmp_path)
    assert names(below) == [".stemsilver.lock", "a.tmp", "b.wav"]


def test_unchanged_files_keep_their_time(tmp_path: Path) -> None:
    path = tmp_path / "x"
    assert fsio.write_if_changed(path, b"same")
    os.utime(path, ns=(1, 1))
    assert not fsio.write_if_changed(path, b"same")
    assert path.stat().st_mtime_ns == 1
    assert fsio.write_if_changed(path, b"diff")
    assert path.read_bytes() == b"diff"


def test_json_is_readable_stable_and_never_nan(tmp_path: Path) -> None:
    path = tmp_path / "s.json"
    fsio.write_json(path, {"b": "é", "a": [None, 0.5]})
    text = '{\n  "b": "é",\n  "a": [\n    null,\n    0.5\n  ]\n}\n'
    assert path.read_text(encoding="utf-8") == text
    for bad in (float("nan"), float("inf")):
        with pytest.raises(ValueError, match="JSON compliant"):
            fsio.write_json(path, {"x": bad})
    assert path.read_text(encoding="utf-8") == text


# --- folders


def site(folder: Path, text: str) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "index.html").write_text(text)
    return folder


def shown(folder: Path) -> str:
    return (folder / "index.html").read_text()


@pytest.mark.parametrize("linked", [False, True])
def test_staging_is_empty_beside_the_target_and_swaps_in(tmp_path: Path, linked: bool) -> None:
    target = tmp_path / "site"
    if linked:
        (tmp_path / "www").mkdir()
        target.symlink_to(tmp_path / "www" / "real")
    real = target.resolve()
    for text in ("old", "new"):
        site(fsio.staging_beside(target), "from a killed run")
        staged = fsio.staging_beside(target)
        assert staged.parent == real.parent
        assert names(staged) == []
        fsio.swap_directory(site(staged, text), target)
        assert shown(target) == shown(real) == text
        assert names(real.parent) == [real.name]
    assert target.is_symlink() == linked


def test_a_swap_that_fails_changes_nothing(tmp_path: Path) -> None:
    target = site(tmp_path / "site", "old")
    with pytest.raises(EnvironmentFault, match="cannot write"):
        fsio.swap_directory(tmp_path / "never built", target)
    assert shown(target) == "old"
    (tmp_path / "file").write_text("mine")
    with pytest.raises(EnvironmentFault, match="folder should be"):
        fsio.swap_directory(target, tmp_path / "file")
    assert (tmp_path / "file").read_text() == "mine"
    assert names(tmp_path) == ["file", "site"]


class Killed(BaseException):
    """Stands for the moment after which a process does nothing more."""


@pytest.mark.parametrize("renames", [0, 1, 2])
@pytest.mark.parametrize("recovered", [True, False])
def test_kill_at_every_point_of_a_swap(
    tmp_path: Path, monkeypatch: Patch, renames: int, recovered: bool
) -> None:
    target, staged = site(tmp_path / "site", "old"), site(tmp_path / "staged", "new")

    def killed(*_: object, **__: object) -> Path:
        raise Killed

    left = iter([Path.rename] * renames)
    with monkeypatch.context() as patch, pytest.raises(Killed):
        patch.setattr(Path, "rename", lambda *paths: next(left, killed)(*paths))
        patch.setattr("stemsilver.fsio.shutil.rmtree", killed)
        fsio.swap_directory(staged, target)

    if recovered:
        fsio.recover_directory(target)
        assert shown(target) == ("new" if renames == 2 else "old")
    fsio.swap_directory(site(tmp_path / "again", "newer"), target)
    assert shown(target) == "newer"
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


def test_escapes_are_refused_and_the_rest_is_left_in_peace(root: Path) -> None:
    escapes = ["..", "a/../../x", "/etc/passwd", str(root / "a"), "link", "a/../link/x"]
    for relative in [*escapes, "loop/x", "loop/../link", "loop/../link/x", "a\0b"]:
        with pytest.raises(UsageError, match="leads out of"):
            fsio.contained(root, relative)
    for relative in ("new/file.wav", "a/../b", "...", "%2e%2e/x", "-x", "<b>"):
        assert fsio.contained(root, relative) == Path(os.path.normpath(root / relative))
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


def refused(folder: Path, holder: object) -> None:
    with pytest.raises(Locked, match=rf"process {holder}\b"), fsio.run_lock(folder):
        pass


def test_a_second_run_is_refused_with_the_pid_and_a_dead_one_does_not_block(
    tmp_path: Path,
) -> None:
    with subprocess.Popen([sys.executable, "-c", HOLDER, tmp_path], stdout=-1) as child:
        try:
            assert child.stdout is not None
            refused(tmp_path, int(child.stdout.readline()))
        finally:
            child.kill()
    with fsio.run_lock(tmp_path):
        refused(tmp_path, os.getpid())


def test_the_lock_is_free_again_after_an_error(tmp_path: Path) -> None:
    folder = tmp_path / "made" / "by the lock"
    with pytest.raises(ZeroDivisionError), fsio.run_lock(folder):
        raise ZeroDivisionError
    assert [path for path in folder.iterdir() if path.stat().st_size] == []
    with fsio.run_lock(folder):
        (folder / ".stemsilver.pid").unlink()  # as before it was written
        refused(folder, "unknown")


def test_a_second_run_that_says_how_waits_for_the_first(tmp_path: Path) -> None:
    told: list[str] = []
    first = fsio.run_lock(tmp_path)
    first.__enter__()

    def wait(holder: str) -> None:
        told.append(holder)
        first.__exit__(None, None, None)

    with fsio.run_lock(tmp_path, wait):
        assert told == [str(os.getpid())]
        refused(tmp_path, os.getpid())


# --- piece by piece


def test_a_file_is_lengthened_and_then_put_in_place(tmp_path: Path) -> None:
    part, whole = tmp_path / "new" / "a.part", tmp_path / "new" / "a"
    with pytest.raises(ZeroDivisionError), fsio.open_append(part) as file:
        file.write(b"one ")
        raise ZeroDivisionError
    with fsio.open_append(part) as file:
        file.write(b"two")
    whole.write_bytes(b"old")
    fsio.replace_file(part, whole)
    assert whole.read_bytes() == b"one two"
    assert names(whole.parent) == ["a"]


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="no device that is full")
def test_an_unfinished_file_says_that_the_disk_is_full() -> None:
    with (
        pytest.raises(EnvironmentFault, match="the disk is full"),
        fsio.open_append(Path("/dev/full")) as file,
    ):
        file.write(b"x")
