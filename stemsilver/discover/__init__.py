"""Find the renders of a batch and give them ids and output paths, without opening the files.

A render is a file whose name has the ending of an audio format that can be decoded, in upper or
lower case. Beside `NAME.wav` there may be sidecar files: `NAME.txt`, the script, and
`NAME.reference.wav`, or of another such format, the true speech. Whatever else could be audio of
the batch is skipped, and the reason told.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from stemsilver.discover.folders import Found, shown, single, walk
from stemsilver.discover.formats import READABLE, REFERENCE, RENDER
from stemsilver.discover.names import named, render_id
from stemsilver.errors import NothingToDo, UsageError
from stemsilver.records import Render, Skipped

__all__ = ["Discovery", "discover", "discover_files", "render_id"]


@dataclass(frozen=True)
class Discovery:
    """The renders and what was skipped, each sorted by path, and the folders that were searched."""

    renders: tuple[Render, ...]
    skipped: tuple[Skipped, ...]
    folders: tuple[Path, ...]


def discover(root: Path) -> Discovery:
    """Return every render under the folder `root`.

    Audio and video of other formats, hidden audio, symbolic links, unreadable entries, and scripts
    and references without a render are skipped. Other files are not mentioned. Renders whose names
    cannot be told apart have a `failure`.

    Raises `NothingToDo` if there are no renders.
    """
    if not root.is_dir():
        raise NothingToDo(f"there is no folder {root}")
    skipped: list[Skipped] = []
    return _discovery(walk(root.resolve(), skipped), skipped, [root.resolve()], f"in {root}")


def discover_files(paths: Sequence[Path]) -> Discovery:
    """Return the renders among `paths`: single files, and folders searched as in `discover`.

    The path of a single file is its name alone. Duplicates are removed. Raises `UsageError` for a
    path that does not exist or is not a render, and for two files that have the same path in their
    folders; and the errors of `discover`.
    """
    skipped: list[Skipped] = []
    folders: list[Path] = []
    found: dict[Path, Found] = {}
    for path in paths:
        if not path.exists():
            raise UsageError(f"{path} does not exist")
        if path.is_dir():
            folders.append(path.resolve())
            chosen = list(walk(path.resolve(), skipped))
        elif not path.is_file() or not RENDER.fullmatch(path.name):
            raise UsageError(
                f"{path} is not a file of a format that can be read",
                next_step=f"Name files that end in {', '.join(f'.{one}' for one in READABLE)}; "
                "convert others to WAV or FLAC.",
            )
        elif REFERENCE.fullmatch(path.name):
            # The shell pattern *.wav also matches reference files.
            skipped.append(Skipped(shown(path.name), "a reference, not a render"))
            continue
        else:
            chosen = single(path)
        for item in chosen:
            found.setdefault(item.source.resolve(), item)
    _refuse_same(found.values())
    where = f"among {', '.join(map(str, paths)) or 'no paths'}"
    return _discovery(found.values(), skipped, folders, where)


def _refuse_same(found: Iterable[Found]) -> None:
    taken: dict[str, Found] = {}
    for item in found:
        other = taken.setdefault(item.relative, item)
        if other is not item:
            raise UsageError(
                f"{other.source} and {item.source} have the same name, {shown(item.relative)}",
                next_step="Clean them one after the other, each into a folder of its own.",
            )


def _discovery(
    found: Iterable[Found], skipped: list[Skipped], folders: Sequence[Path], where: str
) -> Discovery:
    usable = []
    for item in sorted(found):
        if shown(item.relative) == item.relative:
            usable.append(item)
        else:
            skipped.append(Skipped(shown(item.relative), "the name is not valid UTF-8"))
    left = tuple(sorted(skipped, key=lambda one: (one.path, one.reason)))
    if not usable:
        some = "; ".join(f"{one.path}: {one.reason}" for one in left[:3])
        raise NothingToDo(f"no render {where}{f' (skipped: {some})' if left else ''}")
    return Discovery(named(usable), left, tuple(folders))
