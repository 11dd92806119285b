"""The cache: whole and verified entries, or none."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from stemsilver import cache as cache_module
from stemsilver.cache import ABANDONED_SECONDS, MANIFEST, SCRATCH, Cache
from stemsilver.config import digest
from stemsilver.errors import EnvironmentFault

KEY, OTHER = digest("an entry"), digest("another entry")
FILES = {"content": bytes(range(256)) * 4, "seconds": b"1.5"}
ONE_ENTRY = sorted(
    [KEY[:2], *(f"{KEY[:2]}/{KEY}{name}" for name in ("", "/content", "/seconds", f"/{MANIFEST}"))]
)


@pytest.fixture
def cache(tmp_path: Path) -> Cache:
    return Cache(tmp_path / "cache")


def everything(folder: Path) -> list[str]:
    """All that lies under a folder, hidden or not."""
    return sorted(path.relative_to(folder).as_posix() for path in folder.rglob("*"))


def test_what_was_put_is_found_whole_and_not_written_again(cache: Cache) -> None:
    put = cache.put(KEY, FILES)
    assert cache.get(KEY) == put
    before = (put / "content").stat().st_mtime_ns
    assert cache.put(KEY, FILES) == put
    assert (put / "content").stat().st_mtime_ns == before
    assert {name: (put / name).read_bytes() for name in FILES} == FILES
    assert everything(cache.root) == ONE_ENTRY


def test_an_unknown_key_is_a_miss_that_deletes_nothing(
    cache: Cache, monkeypatch: pytest.MonkeyPatch
) -> None:
    cache.put(KEY, FILES)
    # Another process may put the entry at this very moment.
    monkeypatch.setattr(shutil, "rmtree", lambda *_, **__: pytest.fail("deleted"))
    assert cache.get(OTHER) is None
    assert cache.get(KEY) is not None


def flip(path: Path) -> None:
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 1
    path.write_bytes(content)


def rewrite(folder: Path, change: Callable[[dict], object]) -> None:
    manifest = json.loads((folder / MANIFEST).read_bytes())
    change(manifest)
    (folder / MANIFEST).write_text(json.dumps(manifest))


DAMAGE: dict[str, Callable[[Path], object]] = {
    "truncated file": lambda entry: os.truncate(entry / "content", 1000),
    "missing file": lambda entry: (entry / "seconds").unlink(),
    "folder for a file": lambda entry: ((entry / "seconds").unlink(), (entry / "seconds").mkdir()),
    "missing manifest": lambda entry: (entry / MANIFEST).unlink(),
    "truncated manifest": lambda entry: os.truncate(entry / MANIFEST, 60),
    "manifest not text": lambda entry: (entry / MANIFEST).write_bytes(b"\xff\xfe\0"),
    "manifest a list": lambda entry: (entry / MANIFEST).write_text("[]"),
    "wrong key": lambda entry: rewrite(entry, lambda m: m.update(key=OTHER)),
    "no key": lambda entry: rewrite(entry, lambda m: m.pop("key")),
    "files a list": lambda entry: rewrite(entry, lambda m: m.update(files=[])),
    "hash a number": lambda entry: rewrite(entry, lambda m: m["files"].update(content=1)),
    "name with a NUL": lambda entry: rewrite(entry, lambda m: m["files"].update({"\0": "00"})),
}


@pytest.mark.parametrize("damage", DAMAGE.values(), ids=DAMAGE)
def test_a_damaged_entry_is_a_miss_and_deleted_and_can_be_put_again(
    cache: Cache, damage: Callable[[Path], object]
) -> None:
    entry, neighbour = cache.put(KEY, FILES), cache.put(OTHER, FILES)
    damage(entry)
    assert cache.get(KEY) is None
    assert not entry.exists()
    assert cache.get(OTHER) == neighbour
    assert cache.put(KEY, FILES) == entry == cache.get(KEY)
    damage(entry)
    assert cache.put(KEY, FILES) == entry == cache.get(KEY)
    shutil.rmtree(neighbour.parent)
    assert everything(cache.root) == ONE_ENTRY


def test_no_flipped_bit_ever_gives_other_content(cache: Cache) -> None:
    small = {"content": b"abc", "seconds": b"1.5"}
    entry = cache.put(KEY, small)
    whole = entry.with_name("whole")
    shutil.copytree(entry, whole)
    for name in (*small, MANIFEST):
        for place in range((whole / name).stat().st_size):
            content = bytearray((whole / name).read_bytes())
            content[place] ^= 1 << (place % 8)
            (entry / name).write_bytes(content)
            if cache.get(KEY) is None:
                assert not entry.exists()
                shutil.copytree(whole, entry)
            else:  # white space in the manifest, say
                assert {file: (entry / file).read_bytes() for file in small} == small


AT_ONCE = """
import sys
from pathlib import Path
from stemsilver.cache import Cache

cache, key = Cache(Path(sys.argv[1])), sys.argv[2]
sys.stdin.readline()  # all start together
for turn in range(40):
    files = {"content": bytes([turn]) * 5000, "seconds": b"1.5"}
    each = key[:-2] + format(turn, "02x")
    entry = cache.get(each)
    if entry is not None:
        assert (entry / "content").read_bytes() == files["content"]
    cache.put(each, files)
"""


def test_processes_that_put_one_key_at_once_all_succeed_and_leave_one_entry(cache: Cache) -> None:
    command = [sys.executable, "-c", AT_ONCE, str(cache.root), KEY]
    workers = [
        subprocess.Popen(command, stdin=subprocess.PIPE, stderr=subprocess.PIPE) for _ in range(4)
    ]
    for worker in workers:
        assert worker.stdin
        worker.stdin.write(b"\n")
        worker.stdin.flush()
    assert [(worker.communicate()[1], worker.returncode) for worker in workers] == [(b"", 0)] * 4
    assert cache.verify() == (40, 0)
    assert [path for path in everything(cache.root) if "/." in path] == []


@pytest.mark.parametrize("step", ["sha256_file", "write_json"])
@pytest.mark.parametrize("error", [EnvironmentFault("the disk is full"), KeyboardInterrupt()])
def test_a_failure_inside_put_leaves_nothing_half_written(
    cache: Cache, monkeypatch: pytest.MonkeyPatch, step: str, error: BaseException
) -> None:
    def fail(*_: object) -> None:
        raise error

    monkeypatch.setattr(cache_module, step, fail)
    with pytest.raises(type(error)):
        cache.put(KEY, FILES)
    assert everything(cache.root) == [KEY[:2]]
    assert cache.get(KEY) is None


def test_a_cache_that_cannot_be_written_says_so(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"")
    with pytest.raises(EnvironmentFault, match="file"):
        Cache(tmp_path / "file").put(KEY, FILES)
    assert Cache(tmp_path / "file").get(KEY) is None


def test_verify_counts_sound_entries_and_deletes_damaged_ones(cache: Cache) -> None:
    assert (cache.verify(), cache.gc(0)) == ((0, 0), 0)
    entries = [cache.put(digest("entry", number), FILES) for number in range(5)]
    flip(entries[1] / "content")
    (entries[3] / "seconds").unlink()
    assert cache.verify() == (3, 2)
    assert [entry.exists() for entry in entries] == [True, False, True, False, True]
    assert cache.verify() == (3, 0)


def test_gc_keeps_the_most_recently_used_entries_that_fit(cache: Cache) -> None:
    keys = [digest("entry", number) for number in range(5)]
    entries = [cache.put(key, FILES) for key in keys]
    for entry, moment in zip(entries, [300, 100, 500, 200, 400], strict=True):
        os.utime(entry / MANIFEST, (moment, moment))
    one = sum(path.stat().st_size for path in entries[0].iterdir())  # they are all of one size
    assert cache.gc(3 * one + 1) == 2 * one
    assert [entry.exists() for entry in entries] == [True, False, True, False, True]
    assert cache.gc(3 * one) == 0
    cache.get(keys[0])  # now the last one used
    assert cache.gc(3 * one - 1) == one
    assert [entry.exists() for entry in entries] == [True, False, True, False, False]
    assert cache.gc(0) == 2 * one
    assert cache.verify() == (0, 0)


def test_gc_deletes_what_a_dead_writer_left_and_no_live_one(cache: Cache) -> None:
    cache.put(KEY, FILES)
    dead, live = (cache.root / KEY[:2] / name for name in (".dead", ".live"))
    for folder in (dead, live):
        folder.mkdir()
    os.utime(dead, (0, dead.stat().st_mtime - ABANDONED_SECONDS - 60))
    assert cache.gc(10_000) == 0
    assert (dead.exists(), live.exists()) == (False, True)
    assert cache.verify() == (1, 0)


def test_a_large_file_is_moved_in_from_a_folder_that_goes(cache: Cache) -> None:
    with cache.scratch() as folder:
        large = folder / "large"
        large.write_bytes(FILES["content"])
        put = cache.put(KEY, {"content": large, "seconds": b"1.5"})
        assert not large.exists()
        (folder / "unfinished").write_bytes(b"half")
    assert cache.get(KEY) == put
    assert everything(cache.root) == sorted([*ONE_ENTRY, SCRATCH, f"{SCRATCH}/.stemsilver.lock"])


def test_folders_of_killed_runs_are_removed_but_not_those_in_use(cache: Cache) -> None:
    killed = (
        "import os, sys; from pathlib import Path; from stemsilver.cache import Cache\n"
        "with Cache(Path(sys.argv[1])).scratch() as folder:\n"
        "    (folder / 'half').write_bytes(b'x'); os._exit(1)"
    )
    subprocess.run([sys.executable, "-c", killed, str(cache.root)], check=False)
    assert len(list(cache.root.glob(f"{SCRATCH}/*/half"))) == 1
    with cache.scratch() as one:
        assert list(cache.root.glob(f"{SCRATCH}/*/")) == [one]
        with cache.scratch() as other:
            assert set(cache.root.glob(f"{SCRATCH}/*/")) == {one, other}


def test_folders_that_are_made_at_the_same_time_are_not_taken_for_those_of_killed_runs(
    cache: Cache,
) -> None:
    def work(_: int) -> bool:
        with cache.scratch() as folder:
            (folder / "half").write_bytes(b"x")
            return (folder / "half").exists()

    with ThreadPoolExecutor(4) as pool:
        assert all(pool.map(work, range(100)))
