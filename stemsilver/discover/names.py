"""The ids and outputs of renders. They depend only on relative paths, so that they are the same on
every machine and in every run.
"""

from __future__ import annotations

import hashlib
import re
import unicodedata
from collections import Counter
from collections.abc import Sequence

from stemsilver.discover.folders import Found
from stemsilver.errors import NameClash
from stemsilver.records import Failure, Render

_SLUG_LENGTH = 48
_OUTPUT_ENDING = "__speech_only.wav"
_NAME_BYTES = 255  # the longest file name of ext4, APFS, XFS and Btrfs, in UTF-8


def render_id(relative: str) -> str:
    """Return the stable id of the render at `relative`, a path with `/` between its parts.

    The id is a readable slug plus 8 hex digits of a hash that makes it unique.

    >>> render_id("Été/intro 1.wav")
    'ete-intro-1-9bea795f'
    """
    return f"{_slug(relative)}-{_digest(relative)}"


def fold(name: str) -> str:
    """Return a key of a path: equal keys are one file on a file system that ignores case."""
    return unicodedata.normalize("NFC", unicodedata.normalize("NFC", name).casefold())


def named(found: Sequence[Found]) -> tuple[Render, ...]:
    """Return the renders with their ids and outputs. No two of `found` have the same path.

    Renders that would share an id or an output get a failure that names the other.
    """
    plain = Counter(fold(_output(item.relative)) for item in found)
    taken: dict[str, list[str]] = {}
    wanted = []
    for item in found:
        id_, output = render_id(item.relative), _output(item.relative)
        if plain[fold(output)] > 1:
            output = _output(item.relative, f"-{_digest(item.relative)}")
        for key in (id_, fold(output)):
            taken.setdefault(key, []).append(item.relative)
        wanted.append((item, id_, output))
    renders = []
    for item, id_, output in wanted:
        rivals = [*taken[id_], *taken[fold(output)]]
        other = next((one for one in rivals if one != item.relative), None)
        failure = None
        if other is not None:
            failure = _clash(item.relative, other)
        if len(taken[id_]) > 1:
            id_ = f"{_slug(item.relative)}-{_exact_digest(item.relative)[:16]}"
        renders.append(
            Render(id_, item.relative, item.source, output, item.script, item.reference, failure)
        )
    return tuple(renders)


def _clash(relative: str, other: str) -> Failure:
    # Possible causes: names that differ only in the Unicode form of an accent, a name that looks
    # like another's output, or a hash collision (one in four billion pairs). In ASCII, because
    # names of the first kind look the same.
    error = NameClash(f"{relative}: {relative!a} and {other!a} cannot be told apart by their names")
    return Failure(error.code, error.message, error.next_step)


def _output(relative: str, mark: str = "") -> str:
    """Return the output path; `mark` distinguishes renders that would share an output."""
    folder, slash, name = _without_extension(relative).rpartition("/")
    ending = mark + _OUTPUT_ENDING
    if len((name + ending).encode()) > _NAME_BYTES:
        ending = f"-{_digest(relative)}{_OUTPUT_ENDING}"
        name = name.encode()[: _NAME_BYTES - len(ending)].decode(errors="ignore")
    return folder + slash + name + ending


def _slug(relative: str) -> str:
    plain = unicodedata.normalize("NFKD", _without_extension(relative))
    ascii_only = plain.encode("ascii", "ignore").decode().lower()
    slug = re.sub(r"[^a-z0-9]+", "-", ascii_only).strip("-")[:_SLUG_LENGTH].rstrip("-")
    return slug or "render"


def _digest(relative: str) -> str:
    return _exact_digest(unicodedata.normalize("NFC", relative))[:8]


def _exact_digest(relative: str) -> str:
    return hashlib.sha256(relative.encode()).hexdigest()


def _without_extension(relative: str) -> str:
    return relative.rpartition(".")[0]
