"""Find the renders of a batch and give them ids and output paths, without opening the files.

A render is a `.wav` or `.flac` file; upper and lower case are equal. Next to `NAME.wav` there may
be sidecar files: `NAME.txt`, the script, and `NAME.reference.wav` or `.flac`, the true speech. Ids
and outputs depend only on relative paths, so they are the same on every machine and in every run.
"""

from __future__ import annotations

import hashlib
import re
import stat
import unicodedata
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

from stemsilver.errors import NameClash, NothingToDo, UsageError
from stemsilver.records import Render

_RENDER = re.compile(r"(?P<stem>.+)\.(?:wav|flac)", re.IGNORECASE | re.DOTALL)
_REFERENCE = re.compile(r"(?P<stem>.+)\.reference\.(?:wav|flac)", re.IGNORECASE | re.DOTALL)
_SCRIPT = re.compile(r"(?P<stem>.+)\.txt", re.IGNORECASE | re.DOTALL)

_SLUG_LENGTH = 48
_OUTPUT_ENDING = "__speech_only.wav"
_NAME_BYTES = 255  # the longest file name of ext4, APFS, XFS and Btrfs, in UTF-8


@dataclass(frozen=True)
class Discovery:
    """The renders, sorted by path, and warnings about skipped files."""

    renders: tuple[Render, ...]
    warnings: tuple[str, ...]


class _Found(NamedTuple):
    """A render before it gets an id and an output: relative path, file and sidecars."""

    relative: str
    source: Path
    script: Path | None
    reference: Path | None


def discover(root: Path) -> Discovery:
    """Return every render under the folder `root`.

    Symbolic links, unreadable entries, and scripts and references without a render are skipped
    with a warning. Hidden entries and other files are skipped silently.

    Raises `NothingToDo` if there are no renders, `NameClash` if two would share an id or output.
    """
    if not root.is_dir():
        raise NothingToDo(f"there is no folder {root}")
    warnings: list[str] = []
    return _discovery(_walk(root.resolve(), warnings), warnings, f"in {root}")


def discover_files(paths: Sequence[Path]) -> Discovery:
    """Return the renders among `paths`: single files, and folders searched as in `discover`.

    The path of a single file is its name alone. Duplicates are removed. Raises `UsageError` for a
    path that does not exist or is not a render, and the errors of `discover`.
    """
    warnings: list[str] = []
    found: dict[Path, _Found] = {}
    for path in paths:
        if not path.exists():
            raise UsageError(f"{path} does not exist")
        if path.is_dir():
            chosen = list(_walk(path.resolve(), warnings))
        elif not path.is_file() or not _RENDER.fullmatch(path.name):
            raise UsageError(f"{path} is neither a .wav nor a .flac file")
        elif _REFERENCE.fullmatch(path.name):
            # The shell pattern *.wav also matches reference files.
            warnings.append(f"{_shown(path.name)}: a reference, not a render; skipped")
            continue
        else:
            chosen = _single(path)
        for item in chosen:
            found.setdefault(item.source.resolve(), item)
    return _discovery(found.values(), warnings, f"among {', '.join(map(str, paths)) or 'no paths'}")


def render_id(relative: str) -> str:
    """Return the stable id of the render at `relative`, a path with `/` between its parts.

    The id is a readable slug plus 8 hex digits of a hash that makes it unique.

    >>> render_id("Été/intro 1.wav")
    'ete-intro-1-9bea795f'
    """
    plain = unicodedata.normalize("NFKD", _without_extension(relative))
    ascii_only = plain.encode("ascii", "ignore").decode().lower()
    slug = re.sub(r"[^a-z0-9]+", "-", ascii_only).strip("-")[:_SLUG_LENGTH].rstrip("-")
    return f"{slug or 'render'}-{_digest(relative)}"


def _walk(root: Path, warnings: list[str]) -> Iterator[_Found]:
    folders = [root]
    while folders:
        folder = folders.pop()
        names, inner = _entries(folder, root, warnings)
        folders += inner
        prefix = "" if folder == root else f"{folder.relative_to(root).as_posix()}/"
        yield from _pair(folder, prefix, names, warnings)


def _single(path: Path) -> list[_Found]:
    # The folder is listed to find the sidecars. Warnings about other files in it are dropped.
    folder = path.parent.resolve()
    siblings, _ = _entries(folder, folder, [])
    pairs = _pair(folder, "", {*siblings, path.name}, [])
    return [item for item in pairs if item.relative == path.name]


def _entries(folder: Path, root: Path, warnings: list[str]) -> tuple[list[str], list[Path]]:
    """Return the names of the regular files in `folder`, and its subfolders; none hidden."""
    names: list[str] = []
    folders: list[Path] = []
    try:
        entries = sorted(folder.iterdir())
    except OSError as error:
        warnings.append(f"{_where(folder, root)}: cannot be listed ({error.strerror}); skipped")
        return names, folders
    for entry in entries:
        if entry.name.startswith("."):
            continue
        try:
            mode = entry.lstat().st_mode
        except OSError as error:
            warnings.append(
                f"{_where(entry, root)}: cannot be examined ({error.strerror}); skipped"
            )
            continue
        if stat.S_ISLNK(mode):
            warnings.append(f"{_where(entry, root)}: {_link_fault(entry, root)}; skipped")
        elif stat.S_ISDIR(mode):
            folders.append(entry)
        elif stat.S_ISREG(mode):
            names.append(entry.name)
        elif _RENDER.fullmatch(entry.name):
            # Opening a named pipe would block forever.
            warnings.append(f"{_where(entry, root)}: not a regular file; skipped")
    return names, folders


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


def _pair(folder: Path, prefix: str, names: Iterable[str], warnings: list[str]) -> Iterator[_Found]:
    """Yield the renders among the file names of one folder, each with its sidecars."""
    ordered = sorted(names)
    scripts = _by_stem(_SCRIPT, ordered)
    references = _by_stem(_REFERENCE, ordered)
    renders = _by_stem(_RENDER, [name for name in ordered if not _REFERENCE.fullmatch(name)])
    for stem, twins in renders.items():
        for name in twins:
            script, reference = (
                folder / sidecars[stem][0] if stem in sidecars else None
                for sidecars in (scripts, references)
            )
            yield _Found(prefix + name, folder / name, script, reference)
    for kind, sidecars in (("reference", references), ("script", scripts)):
        for stem in sidecars.keys() - renders.keys():
            for name in sidecars[stem]:
                warnings.append(f"{_shown(prefix + name)}: a {kind} without its render; skipped")


def _by_stem(pattern: re.Pattern[str], names: Sequence[str]) -> dict[str, list[str]]:
    # NFC: a script and a render from different systems may encode é differently.
    stems: dict[str, list[str]] = {}
    for name in names:
        if match := pattern.fullmatch(name):
            stems.setdefault(unicodedata.normalize("NFC", match["stem"]), []).append(name)
    return stems


def _discovery(found: Iterable[_Found], warnings: list[str], where: str) -> Discovery:
    usable = []
    for item in sorted(found):
        if _shown(item.relative) == item.relative:
            usable.append(item)
        else:
            warnings.append(f"{_shown(item.relative)}: the name is not valid UTF-8; skipped")
    if not usable:
        skipped = f" (skipped: {'; '.join(sorted(warnings)[:3])})" if warnings else ""
        raise NothingToDo(f"no .wav or .flac render {where}{skipped}")
    plain = Counter(_fold(_output(item.relative)) for item in usable)
    renders = []
    for item in usable:
        output = _output(item.relative)
        if plain[_fold(output)] > 1:
            output = _output(item.relative, f"-{_digest(item.relative)}")
        renders.append(
            Render(
                render_id(item.relative),
                item.relative,
                item.source,
                output,
                item.script,
                item.reference,
            )
        )
    _refuse_clashes(renders)
    return Discovery(tuple(renders), tuple(sorted(warnings)))


def _output(relative: str, mark: str = "") -> str:
    """Return the output path; `mark` distinguishes renders that would share an output."""
    folder, slash, name = _without_extension(relative).rpartition("/")
    ending = mark + _OUTPUT_ENDING
    if len((name + ending).encode()) > _NAME_BYTES:
        ending = f"-{_digest(relative)}{_OUTPUT_ENDING}"
        name = name.encode()[: _NAME_BYTES - len(ending)].decode(errors="ignore")
    return folder + slash + name + ending


def _refuse_clashes(renders: Sequence[Render]) -> None:
    # Possible causes: names that differ only in the Unicode form of an accent, the same file name
    # given from two folders, or a hash collision (one in four billion pairs).
    taken: dict[str, Render] = {}
    for render in renders:
        for key in (render.id, _fold(render.output)):
            other = taken.setdefault(key, render)
            if other is not render:
                raise NameClash(
                    f"{other.source} and {render.source} cannot be told apart by their names"
                )


def _digest(relative: str) -> str:
    return hashlib.sha256(unicodedata.normalize("NFC", relative).encode()).hexdigest()[:8]


def _fold(output: str) -> str:
    # Names with equal folds are the same file on a case-insensitive filesystem, as on macOS.
    return unicodedata.normalize("NFC", unicodedata.normalize("NFC", output).casefold())


def _without_extension(relative: str) -> str:
    return relative.rpartition(".")[0]


def _where(path: Path, root: Path) -> str:
    return _shown(path.relative_to(root).as_posix())


def _shown(relative: str) -> str:
    """Return a printable name: bytes that are not valid UTF-8 are escaped."""
    return relative.encode(errors="backslashreplace").decode()
