"""Make docs/licences.md, or check that it is current: the licences of all that pip installs.

    python tools/licences.py            of the packages in this environment; others keep their lines
    python tools/licences.py --check    writes nothing

Needs the extras `test` and `studio`. pip-licenses reads what the packages state.
"""

from __future__ import annotations

import json
import re
import subprocess
import sys
from collections.abc import Iterable
from importlib.metadata import PackageNotFoundError, requires
from pathlib import Path

from lock import CUDA, PROJECT, targets
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

PAGE = Path(__file__).parents[1] / "docs" / "licences.md"
EXTRAS = ("multilingual", "dask", "uvr", "studio")
"""The extras that users install; those for tests and releases are ours alone."""

NOT_LISTED = (*CUDA, "triton", "standard-", "audioop-lts")
"""What only some builds of PyTorch and some versions of Python bring along: see the header."""

STATED = {
    "denoiser": "CC-BY-NC-4.0",
    "diffq": "CC-BY-NC-4.0",
    "matplotlib": "Matplotlib License (PSF-based)",
    "quickjs-ng": "MIT",
    "sphn": "Apache-2.0 OR MIT",
    "tiktoken": "MIT",
}
"""Licences of packages that state none by name, from their licence files."""

NON_COMMERCIAL = re.compile(r"-NC\b|non-?commercial", re.IGNORECASE)

HEADER = """\
# Licences

Of every package that an installation of Stemsilver brings along, as the package states it. Made by
`make licences`. [Dependencies](dependencies.md) says why each of the direct ones is there, and
[Credits](credits.md) whose models they carry. A release has the same list with exact versions, as
a CycloneDX file.

Packages that forbid commercial use are in **bold**. None is in the default installation: they come
with an extra that you ask for. With `uvr` and `studio`, PyTorch also installs NVIDIA's libraries on
Linux (`nvidia-*`, `cuda-*`, under NVIDIA's own terms) and triton (MIT), unless you choose its build
for the CPU; and from Python 3.13 on, modules come along that left its standard library
(`standard-*`, audioop-lts: PSF-2.0).

A package's licence is that of its own code. Some wheels also carry libraries of others: av has
FFmpeg, with x264 and x265 (GPL-2.0-or-later); soundfile has libsndfile (LGPL-2.1-or-later). Whoever
passes them on, in an image for example, does so under these terms.

| package | licence | comes with |
|---|---|---|
"""


def main() -> None:
    """Make or check the page."""
    made = page(PAGE.read_text(encoding="utf-8") if PAGE.is_file() else "")
    if "--check" not in sys.argv:
        PAGE.write_text(made, encoding="utf-8")
    elif PAGE.read_text(encoding="utf-8") != made:
        sys.exit("docs/licences.md is not what `make licences` makes in this environment.")


def page(before: str) -> str:
    """Return the text of the page; packages that are not installed keep their lines of `before`."""
    kept = {name: licence for name, licence, _ in rows(before)}
    found = kept | installed() | STATED
    lines = []
    for name, groups in sorted(packages().items()):
        if name not in found:
            sys.exit(f"{name}: not installed, and its licence is not known yet")
        bold = "**" * bool(NON_COMMERCIAL.search(found[name]))
        lines.append(f"| {bold}{name}{bold} | {found[name]} | {', '.join(groups)} |\n")
    return HEADER + "".join(lines)


def rows(text: str) -> list[tuple[str, str, str]]:
    """Return the lines of the page's table: package, licence, what it comes with."""
    return re.findall(r"^\| (?:\*\*)?([\w.-]+?)(?:\*\*)? \| (.+) \| (.+) \|$", text, re.MULTILINE)


def packages() -> dict[str, list[str]]:
    """Return the packages by canonical name, with what brings them: `default`, or some extras."""
    base = closure(map(Requirement, PROJECT["dependencies"]))
    found = {name: ["default"] for name in base}
    for extra in EXTRAS:
        for name in closure(map(Requirement, PROJECT["optional-dependencies"][extra])) - base:
            found[name] = [*found.get(name, []), extra]
    return found


def closure(wanted: Iterable[Requirement], without: tuple[str, ...] = NOT_LISTED) -> set[str]:
    """Return the canonical names of all that some requirements bring along, on any target.

    What is not installed here counts, but what it needs itself is not known. Names that begin like
    one in `without` are left out.
    """
    reached: set[str] = set()
    waiting = list(wanted)
    while waiting:
        requirement = waiting.pop()
        name = canonicalize_name(requirement.name)
        if name in reached or name.startswith(without):
            continue
        reached.add(name)
        waiting += [one for one in needs(name) if applies(one, requirement.extras)]
    return reached


def needs(name: str) -> list[Requirement]:
    """Return what an installed package requires, nothing if it is not installed."""
    try:
        return [Requirement(line) for line in requires(name) or ()]
    except PackageNotFoundError:
        return []


def applies(requirement: Requirement, extras: Iterable[str] = ()) -> bool:
    """Return whether a requirement holds on one of the targets, with one of some extras or none."""
    return requirement.marker is None or any(
        requirement.marker.evaluate({**target, "extra": extra})
        for target in targets().values()
        for extra in ("", *extras)
    )


def installed() -> dict[str, str]:
    """Return the licences that the packages of this environment state, by canonical name."""
    command = [sys.executable, "-m", "piplicenses", "--from=mixed", "--format=json"]
    done = subprocess.run(
        [*command, "--with-system"], capture_output=True, text=True, check=True, encoding="utf-8"
    )
    return {
        canonicalize_name(one["Name"]): one["License"]
        for one in json.loads(done.stdout)
        if one["License"] != "UNKNOWN"
    }


if __name__ == "__main__":
    main()
