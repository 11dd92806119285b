"""The cache: whole and verified entries, or none."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from stemsilver import cache as cache_module
from stemsilver import fsio
from stemsilver.cache import MANIFEST, Cache
from stemsilver.config import digest
from stemsilver.errors import EnvironmentFault

KEY = digest("an entry")
FILES = {"content": bytes(range(256)) * 4, "seconds": b"1.5"}


@pytest.fixture
def cache(tmp_path: Path) -> Cache:
    return Cache(tmp_path / "cache")


def everything(folder: Path) -> list[str]:
    """All that lies under a folder, hidden or not."""
    return sorted(path.relative_to(folder).as_posix() for path in folder.rglob("*"))


def test_what_was_put_is_found_whole(cache: Cache) -> None:
    put = cache.put(KEY, FILES)
    found = cache.get(KEY)
    assert found == put
    assert {name: (put / name).read_bytes() for name in FILES} == FILES
    assert everything(put) == sorted([*FILES, MANIFEST])


def test_an_unknown_key_is_a_miss(cache: Cache) -> None:
    assert cache.get(KEY) is None
    cache.put(KEY, FILES)
    assert cache.get(digest("another entry")) is None
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
    "emptied file": lambda entry: os.truncate(entry / "content", 0),
    "flipped bit": lambda entry: flip(entry / "content"),
    "longer file": lambda entry: (entry / "content").write_bytes(FILES["content"] + b"\0"),
    "missing file": lambda entry: (entry / "seconds").unlink(),
    "folder for a file": lambda entry: ((entry / "seconds").unlink(), (entry / "seconds").mkdir()),
    "missing manifest": lambda entry: (entry / MANIFEST).unlink(),
    "empty manifest": lambda entry: os.truncate(entry / MANIFEST, 0),
    "truncated manifest": lambda entry: os.truncate(entry / MANIFEST, 60),
    "manifest not JSON": lambda entry: (entry / MANIFEST).write_text("key"),
    "manifest not text": lambda entry: (entry / MANIFEST).write_bytes(b"\xff\xfe\0"),
    "manifest a list": lambda entry: (entry / MANIFEST).write_text("[]"),
    "manifest null": lambda entry: (entry / MANIFEST).write_text("null"),
    "wrong key": lambda entry: rewrite(entry, lambda m: m.update(key=digest("another"))),
    "no key": lambda entry: rewrite(entry, lambda m: m.pop("key")),
    "no files": lambda entry: rewrite(entry, lambda m: m.pop("files")),
    "files a list": lambda entry: rewrite(entry, lambda m: m.update(files=[])),
    "hash a number": lambda entry: rewrite(entry, lambda m: m["files"].update(content=1)),
    "name with a NUL": lambda entry: rewrite(entry, lambda m: m["files"].update({"\0": "00"})),
}


@pytest.mark.parametrize("damage", DAMAGE)
def test_a_damaged_entry_is_a_miss_and_deleted_and_can_be_put_again(
    cache: Cache, damage: str
) -> None:
    entry = cache.put(KEY, FILES)
    neighbour = cache.put(digest("sound"), FILES)
    DAMAGE[damage](entry)
    assert cache.get(KEY) is None
    assert not entry.exists()
    assert cache.get(digest("sound")) == neighbour
    assert cache.put(KEY, FILES) == entry == cache.get(KEY)


@pytest.mark.parametrize("damage", DAMAGE)
def test_put_replaces_a_damaged_entry(cache: Cache, damage: str) -> None:
    entry = cache.put(KEY, FILES)
    DAMAGE[damage](entry)
    assert cache.put(KEY, FILES) == entry == cache.get(KEY)
    assert (entry / "content").read_bytes() == FILES["content"]
    assert everything(cache.root) == everything_of_one_entry(entry, cache.root)


def everything_of_one_entry(entry: Path, root: Path) -> list[str]:
    name = entry.relative_to(root)
    files = [(name / file).as_posix() for file in (*FILES, MANIFEST)]
    return sorted([name.parent.as_posix(), name.as_posix(), *files])


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


def test_an_entry_under_another_key_is_not_taken_for_it(cache: Cache) -> None:
    other = digest("another entry")
    entry = cache.put(KEY, FILES)
    moved = cache.root / other[:2] / other
    moved.parent.mkdir(exist_ok=True)
    entry.rename(moved)
    assert cache.get(other) is None
    assert not moved.exists()


def test_a_second_put_of_a_sound_entry_changes_nothing(cache: Cache) -> None:
    entry = cache.put(KEY, FILES)
    before = (entry / "content").stat().st_mtime_ns
    assert cache.put(KEY, FILES) == entry
    assert (entry / "content").stat().st_mtime_ns == before
    assert everything(cache.root) == everything_of_one_entry(entry, cache.root)


def test_a_plain_miss_deletes_nothing(cache: Cache, monkeypatch: pytest.MonkeyPatch) -> None:
    # Another process may put the entry at this very moment.
    monkeypatch.setattr(shutil, "rmtree", lambda *_, **__: pytest.fail("deleted"))
    assert cache.get(KEY) is None


AT_ONCE = """
import sys
from pathlib import Path
from stemsilver.cache import Cache

cache, key, mark = Cache(Path(sys.argv[1])), sys.argv[2], sys.argv[3]
sys.stdin.readline()  # all start together
for turn in range(40):
    files = {"content": bytes([turn]) * 5000, "seconds": b"1.5"}
    each = key[:-2] + format(turn, "02x")
    entry = cache.get(each)
    if entry is not None:
        assert (entry / "content").read_bytes() == files["content"], mark
    cache.put(each, files)
"""


def test_processes_that_put_one_key_at_once_all_succeed_and_leave_one_entry(
    cache: Cache,
) -> None:
    workers = [
        subprocess.Popen(
            [sys.executable, "-c", AT_ONCE, str(cache.root), KEY, str(number)],
            stdin=subprocess.PIPE,
            stderr=subprocess.PIPE,
        )
        for number in range(4)
    ]
    for worker in workers:
        assert worker.stdin
        worker.stdin.write(b"\n")
        worker.stdin.flush()
    assert [(worker.communicate()[1], worker.returncode) for worker in workers] == [(b"", 0)] * 4
    assert cache.verify() == (40, 0)
    assert [path for path in everything(cache.root) if "/." in path] == []


def test_a_failure_inside_put_leaves_nothing_half_written(
    cache: Cache, monkeypatch: pytest.MonkeyPatch
) -> None:
    def disk_full(path: Path, data: bytes) -> None:
        if path.name == "seconds":
            raise EnvironmentFault("the disk is full")
        fsio.write_bytes(path, data)

    monkeypatch.setattr(cache_module, "write_bytes", disk_full)
    with pytest.raises(EnvironmentFault):
        cache.put(KEY, FILES)
    assert [path for path in everything(cache.root) if "content" in path or "/" in path] == []
    assert cache.get(KEY) is None


@pytest.mark.parametrize("step", ["write_json", "sha256_file"])
def test_an_interruption_inside_put_leaves_nothing_half_written(
    cache: Cache, monkeypatch: pytest.MonkeyPatch, step: str
) -> None:
    def interrupt(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(cache_module, step, interrupt)
    with pytest.raises(KeyboardInterrupt):
        cache.put(KEY, FILES)
    assert everything(cache.root) == [KEY[:2]]


def test_a_cache_that_cannot_be_written_says_so(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"")
    with pytest.raises(EnvironmentFault, match="file"):
        Cache(tmp_path / "file").put(KEY, FILES)
    assert Cache(tmp_path / "file").get(KEY) is None


def test_verify_counts_sound_entries_and_deletes_damaged_ones(cache: Cache) -> None:
    entries = [cache.put(digest("entry", number), FILES) for number in range(5)]
    flip(entries[1] / "content")
    (entries[3] / "seconds").unlink()
    assert cache.verify() == (3, 2)
    assert [entry.exists() for entry in entries] == [True, False, True, False, True]
    assert cache.verify() == (3, 0)


def test_an_empty_cache_has_nothing_to_verify_or_collect(cache: Cache) -> None:
    assert cache.verify() == (0, 0)
    assert cache.gc(0) == 0


def use(entry: Path, moment: int) -> None:
    os.utime(entry / MANIFEST, (moment, moment))


def size(entry: Path) -> int:
    return sum(path.stat().st_size for path in entry.iterdir())


def test_gc_keeps_the_most_recently_used_entries_that_fit(cache: Cache) -> None:
    keys = [digest("entry", number) for number in range(5)]
    entries = [cache.put(key, FILES) for key in keys]
    for entry, moment in zip(entries, [300, 100, 500, 200, 400], strict=True):
        use(entry, moment)
    one = size(entries[0])  # they are all of one size
    assert cache.gc(3 * one + 1) == 2 * one
    assert [entry.exists() for entry in entries] == [True, False, True, False, True]
    assert cache.gc(3 * one) == 0
    assert cache.gc(3 * one - 1) == one
    assert [entry.exists() for entry in entries] == [False, False, True, False, True]
    assert cache.gc(0) > 0
    assert cache.verify() == (0, 0)


def test_reading_an_entry_keeps_it_from_the_next_gc(cache: Cache) -> None:
    old, new = (cache.put(digest("entry", name), FILES) for name in ("old", "new"))
    use(old, 100)
    use(new, 200)
    cache.get(digest("entry", "old"))
    one = size(old)
    assert cache.gc(one) == one
    assert (old.exists(), new.exists()) == (True, False)
