"""Walk through a folder: which files are renders, which are beside them, what is skipped."""

from __future__ import annotations

import stat
import unicodedata
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from re import Pattern
from typing import NamedTuple

from stemsilver.discover.formats import REFERENCE, RENDER, SCRIPT, format_fault, is_audio
from stemsilver.records import Skipped


class Found(NamedTuple):
    """A render before it gets an id and an output: relative path, file and sidecars."""

    relative: str
    source: Path
    script: Path | None
    reference: Path | None


def walk(root: Path, skipped: list[Skipped]) -> Iterator[Found]:
    """Yield the renders under the absolute folder `root`; append to `skipped` what is left out."""
    folders = [root]
    while folders:
        folder = folders.pop()
        names, inner = _entries(folder, root, skipped)
        folders += inner
        prefix = "" if folder == root else f"{folder.relative_to(root).as_posix()}/"
        yield from _pair(folder, prefix, names, skipped)


def single(path: Path) -> list[Found]:
    """Return the render at `path` with its sidecars, under its name alone."""
    # The folder is listed to find the sidecars. What else is skipped there is not told.
    folder = path.parent.resolve()
    siblings, _ = _entries(folder, folder, [])
    pairs = _pair(folder, "", {*siblings, path.name}, [])
    return [item for item in pairs if item.relative == path.name]


def shown(relative: str) -> str:
    """Return a printable name: bytes that are not valid UTF-8 are escaped."""
    return relative.encode(errors="backslashreplace").decode()


def _entries(folder: Path, root: Path, skipped: list[Skipped]) -> tuple[list[str], list[Path]]:
    """Return the names of the regular files in `folder`, and its subfolders; none hidden."""
    names: list[str] = []
    folders: list[Path] = []

    def skip(path: Path, reason: str) -> None:
        skipped.append(Skipped(shown(path.relative_to(root).as_posix()), reason))

    try:
        entries = sorted(folder.iterdir())
    except OSError as error:
        skip(folder, f"cannot be listed ({error.strerror})")
        return names, folders
    beside = {entry.name for entry in entries}
    for entry in entries:
        try:
            mode = entry.lstat().st_mode
        except OSError as error:
            skip(entry, f"cannot be examined ({error.strerror})")
            continue
        if entry.name.startswith("."):
            if _hides_audio(entry, mode, beside):
                skip(entry, "hidden, because its name begins with a dot")
        elif stat.S_ISLNK(mode):
            skip(entry, _link_fault(entry, root))
        elif stat.S_ISDIR(mode):
            folders.append(entry)
        elif stat.S_ISREG(mode):
            names.append(entry.name)
        elif is_audio(entry.name):
            # Opening a named pipe would block forever.
            skip(entry, "not a regular file")
    return names, folders


def _hides_audio(entry: Path, mode: int, beside: set[str]) -> bool:
    """Return whether a hidden entry is audio, or a folder with audio directly in it.

    Folders in it do not count: those of `.git`, of a trash or of snapshots are not the user's own.
    """
    if stat.S_ISDIR(mode):
        try:
            return any(is_audio(inner.name) for inner in entry.iterdir())
        except OSError:
            return False
    # On a foreign file system, macOS keeps beside NAME the rest of its attributes in ._NAME.
    attributes = entry.name.startswith("._") and entry.name[2:] in beside
    return stat.S_ISREG(mode) and is_audio(entry.name) and not attributes


def _link_fault(link: Path, root: Path) -> str:
    try:
        target = link.resolve(strict=True)
    except FileNotFoundError:
        return "a link to nothing"
    except (OSError, RuntimeError):  # Python 3.11 raises RuntimeError, later ones OSError
        return "a link that loops"
    if not target.is_relative_to(root):
        return "a link that leads out of the folder"
    if link.is_relative_to(target):
        return "a link that loops back to a folder above it"
    return "a link to something the batch holds already"


def _pair(
    folder: Path, prefix: str, names: Iterable[str], skipped: list[Skipped]
) -> Iterator[Found]:
    """Yield the renders among the file names of one folder, each with its sidecars."""
    ordered = sorted(names)
    scripts = _by_stem(SCRIPT, ordered)
    references = _by_stem(REFERENCE, ordered)
    renders = _by_stem(RENDER, [name for name in ordered if not REFERENCE.fullmatch(name)])
    for stem, twins in renders.items():
        for name in twins:
            script, reference = (
                folder / sidecars[stem][0] if stem in sidecars else None
                for sidecars in (scripts, references)
            )
            yield Found(prefix + name, folder / name, script, reference)
    faults = [(name, fault) for name in ordered if (fault := format_fault(name))]
    for kind, sidecars in (("reference", references), ("script", scripts)):
        for stem in sidecars.keys() - renders.keys():
            faults += [(name, f"a {kind} without its render") for name in sidecars[stem]]
    skipped += [Skipped(shown(prefix + name), fault) for name, fault in faults]


def _by_stem(pattern: Pattern[str], names: Sequence[str]) -> dict[str, list[str]]:
    # NFC: a script and a render from different systems may encode é differently.
    stems: dict[str, list[str]] = {}
    for name in names:
        if match := pattern.fullmatch(name):
            stems.setdefault(unicodedata.normalize("NFC", match["stem"]), []).append(name)
    return stems
