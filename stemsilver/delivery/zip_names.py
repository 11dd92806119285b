"""Names in a ZIP that every system can unpack, side by side and unchanged."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Collection

from stemsilver.discover.names import fold

# Windows stores none of these, and a lone surrogate is no text.
_FORBIDDEN = re.compile(r'[<>:"|?*\\\x00-\x1f\x7f\ud800-\udfff]')
_DEVICES = frozenset(
    ["CON", "PRN", "AUX", "NUL", "CONIN$", "CONOUT$"]
    + [f"{port}{number}" for port in ("COM", "LPT") for number in "0123456789¹²³"]
)
# Many programs on Windows stop at a path of 260, which includes the folder to unpack into.
_LONGEST = 160


def fitting(names: Collection[str]) -> frozenset[str]:
    """Return those of `names`, different paths with `/` between their parts, that all can unpack.

    Two that differ only in upper and lower case do not fit, because the second would replace the
    first.
    """
    folded = {name: fold(name) for name in names}
    files = Counter(folded.values())
    folders = {
        "/".join(parts[:count])
        for parts in (name.split("/") for name in folded.values())
        for count in range(1, len(parts))
    }
    return frozenset(
        name
        for name, key in folded.items()
        if files[key] == 1 and key not in folders and _storable(name)
    )


def _storable(name: str) -> bool:
    return len(name) <= _LONGEST and all(map(_storable_part, name.split("/")))


def _storable_part(part: str) -> bool:
    # The empty name, `.` and `..` are refused too, and a device has its name with any extension.
    device = part.partition(".")[0].rstrip(" ").upper() in _DEVICES
    return not (_FORBIDDEN.search(part) or part[-1:] in ("", ".", " ") or device)
