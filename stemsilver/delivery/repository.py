"""A ready repository for a team's own batch: what `stemsilver init` writes.

The files are those of this repository itself, wherever there are such: profile, pins, workflows and
the action that they share. Only what differs in a team's repository is rewritten, and a rewriting
that does not find what it looks for is an error.
"""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path, PurePosixPath

from stemsilver import __version__
from stemsilver.errors import EnvironmentFault, UsageError
from stemsilver.fsio import contained, write_bytes
from stemsilver.microsite.templates import environment
from stemsilver.profiles import DEFAULT
from stemsilver.resources import resource

WORKFLOWS = ("pages.yml", "pr-comment.yml", "pr-scorecard.yml", "release.yml")
"""The workflows of this repository that a team's needs too."""

ACTION = ".github/actions/stemsilver"
"""Where a team's repository has the action that lies at the top of this one."""

# What a team edits. Scripts and style sheets stay with the version that is installed.
_PAGES = ("how-it-works.md", "assets/favicon.svg", "assets/logo.svg")
_GENERATED = {
    ".gitattributes": "gitattributes",
    ".gitignore": "gitignore",
    "README.md": "README.md",
    "raw/README.md": "raw.md",
    "requirements.txt": "requirements.txt",
}
_REPOSITORY = "repository"  # the folder of templates that are no pages

_USES = re.compile(
    r"^(?P<key> *(?:- +)?uses: +\./)(?P<checkout>(?:base|head)?)(?P<rest> *(?:#.*)?)$", re.MULTILINE
)
_FILE = re.compile(r"(?<![\w./-])(?P<checkout>(?:(?:base|head)/)?)action\.yml\b")
# What names this repository's own action in another way, once these two are rewritten.
_UNKNOWN = re.compile(
    rf"^.*(?:\buses: *['\"]?\.(?!/(?:base/|head/)?{re.escape(ACTION)} *(?:#.*)?$)"
    rf"|(?<!{re.escape(ACTION)}/)\baction\.ya?ml).*$",
    re.MULTILINE,
)
_INSTALL = '# init writes "-r requirements.txt" here\n'
_EMPTY_DEFAULT = re.compile(re.escape(_INSTALL) + r'(?P<key> *default: )""$', re.MULTILINE)


@dataclass(frozen=True)
class Initialised:
    """What became of a folder: the files written, and those that were there and stay as they are,
    by their paths in it.
    """

    written: tuple[str, ...]
    kept: tuple[str, ...]


def initialise(
    folder: Path, requirement: str | None = None, *, lfs: bool = False, templates: bool = False
) -> Initialised:
    """Write into `folder` what a team's repository needs and what is not there yet.

    `requirement` is what pip is to install, as a line of a requirements file; by default this
    version. With `lfs` renders go to Git LFS; with `templates` the page templates come along.

    Raises:
        UsageError: there can be no repository at `folder`, or `requirement` is no such line.
        EnvironmentFault: this installation lacks files, or the folder cannot be written to.
    """
    _check_place(folder)
    wanted = repository(requirement, lfs=lfs, templates=templates)
    # Links that lead nowhere are there too, and somebody's.
    kept = [name for name in wanted if os.path.lexists(folder / name)]
    missing = {name: contained(folder, name) for name in wanted if name not in kept}
    for name, path in missing.items():
        write_bytes(path, wanted[name])
    return Initialised(tuple(missing), tuple(kept))


def repository(
    requirement: str | None = None, *, lfs: bool = False, templates: bool = False
) -> dict[str, bytes]:
    """The files of a team's repository by their paths in it, sorted; see `initialise`."""
    chosen = _checked(f"stemsilver=={__version__}" if requirement is None else requirement)
    profile = f"{DEFAULT}.yaml"
    found = {
        f"config/{profile}": (resource("config") / profile).read_bytes(),
        "constraints.txt": resource("constraints.txt").read_bytes(),
        "docs/delivery.md": resource("docs/delivery.md").read_bytes(),
        "mkdocs.yml": resource("mkdocs.yml").read_bytes(),
    }
    found |= {f"site_src/{page}": (resource("site_src") / page).read_bytes() for page in _PAGES}
    if templates:
        shipped = sorted(resource("templates").glob("*.html"))
        found |= {f"templates/{path.name}": path.read_bytes() for path in shipped}
    for name in WORKFLOWS:
        text = (resource(".github/workflows") / name).read_text(encoding="utf-8")
        found[f".github/workflows/{name}"] = team_workflow(name, text).encode()
    action = resource("action.yml").read_text(encoding="utf-8")
    found[f"{ACTION}/action.yml"] = team_action(action).encode()
    found |= _generated({"requirement": chosen, "lfs": lfs, "templates": templates})
    return dict(sorted(found.items()))


def team_workflow(name: str, text: str) -> str:
    """A workflow of this repository as a team's needs it: the action lies elsewhere.

    >>> team_workflow("x.yml", "uses: ./head")
    'uses: ./head/.github/actions/stemsilver'

    Raises:
        EnvironmentFault: it does not use the action, or names it in a way that is not known here.
    """
    path = f".github/workflows/{name}"
    rewritten, times = _USES.subn(
        lambda found: f"{found['key']}{PurePosixPath(found['checkout'], ACTION)}{found['rest']}",
        text,
    )
    if not times:
        raise _unexpected(path, "it does not use the action")
    rewritten = _FILE.sub(rf"\g<checkout>{ACTION}/action.yml", rewritten)
    if left := _UNKNOWN.search(rewritten):
        raise _unexpected(path, left[0].strip())
    return rewritten


def team_action(text: str) -> str:
    """The action of this repository as a team's needs it: it installs what the team requires.

    Raises:
        EnvironmentFault: it does not say where that goes.
    """
    rewritten, times = _EMPTY_DEFAULT.subn(rf'{_INSTALL}\g<key>"-r requirements.txt"', text)
    if times != 1:
        raise _unexpected("action.yml", f"{times} places for what to install")
    return rewritten


def _unexpected(name: str, what: str) -> EnvironmentFault:
    return EnvironmentFault(
        f"{name} of this installation is not what init can rewrite: {what}",
        next_step="Install Stemsilver again.",
    )


def _check_place(folder: Path) -> None:
    if os.path.lexists(folder) and not folder.is_dir():
        raise UsageError(f"{folder} is not a folder", next_step="Name another one.")
    package = Path(str(files("stemsilver"))).resolve()
    if folder.resolve().is_relative_to(package):
        raise UsageError(
            f"{folder} lies inside the installed package", next_step="Name a folder of your own."
        )


def _checked(requirement: str) -> str:
    """`requirement`, if pip reads it as one requirement and nothing else."""
    line = requirement.strip()
    # Whatever ends a line for anybody is not printable. A leading dash begins an option, a hash a
    # comment; a backslash at the end would take in the next line.
    if not line or not line.isprintable() or line[0] in "-#" or line[-1] == "\\":
        raise UsageError(
            f"{requirement!r} is not one requirement",
            next_step="Name one as pip does: `stemsilver==1.0`, a wheel, or "
            "`stemsilver @ git+https://…`.",
        )
    return line


def _generated(values: Mapping[str, object]) -> dict[str, bytes]:
    """The files made from templates. They are plain text, of which nothing is to be escaped."""
    jinja = environment(resource("templates") / _REPOSITORY, html=False)
    return {
        name: jinja.get_template(template).render(values).encode()
        for name, template in _GENERATED.items()
    }
