"""The files of a team's own repository, as `stemsilver init` writes them.

Profile, pins, workflows and the action that they share are copied from this repository. Only the
parts that differ in a team's repository are rewritten. If the text to rewrite is not found, that is
an error.
"""

from __future__ import annotations

import math
import os
import re
from collections.abc import Mapping
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path, PurePosixPath

import yaml

from stemsilver import __version__
from stemsilver.errors import EnvironmentFault, UsageError
from stemsilver.fsio import contained, write_bytes
from stemsilver.microsite.templates import environment
from stemsilver.profiles import DEFAULT
from stemsilver.report import visible
from stemsilver.resources import resource

WORKFLOWS = ("pages.yml", "pr-comment.yml", "pr-scorecard.yml", "release.yml")
"""The workflows that are copied to a team's repository."""

ACTION = ".github/actions/stemsilver"
"""The folder of the action in a team's repository; in this one it is at the top."""

# Files that a team edits. Scripts and style sheets come from the installed version.
_PAGES = ("how-it-works.md", "assets/favicon.svg", "assets/logo.svg")
_GENERATED = {
    ".gitattributes": "gitattributes",
    ".github/dependabot.yml": "dependabot.yml",
    ".gitignore": "gitignore",
    "README.md": "README.md",
    "raw/README.md": "raw.md",
    "requirements.txt": "requirements.txt",
}
_REPOSITORY = "repository"  # the folder of templates that are not pages

_USES = re.compile(
    r"^(?P<key> *(?:- +)?uses: +\./)(?P<checkout>(?:base|head)?)(?P<rest> *(?:#.*)?)$", re.MULTILINE
)
_FILE = re.compile(r"(?<![\w./-])(?P<checkout>(?:(?:base|head)/)?)action\.yml\b")
# Any other reference to the action that is left after the two patterns above are rewritten.
_UNKNOWN = re.compile(
    rf"^.*(?:\buses: *['\"]?\.(?!/(?:base/|head/)?{re.escape(ACTION)} *(?:#.*)?$)"
    rf"|(?<!{re.escape(ACTION)}/)\baction\.ya?ml).*$",
    re.MULTILINE,
)
_INSTALL = '# init writes "-r requirements.txt" here\n'
_TITLE = re.compile(r"^site:\n  title: .*$", re.MULTILINE)
_LONGEST_TITLE = 120
_EMPTY_DEFAULT = re.compile(re.escape(_INSTALL) + r'(?P<key> *default: )""$', re.MULTILINE)


@dataclass(frozen=True)
class Initialised:
    """The relative paths of the files written, and of the existing files that were kept."""

    written: tuple[str, ...]
    kept: tuple[str, ...]


def initialise(
    folder: Path, requirement: str | None = None, *, lfs: bool = False, templates: bool = False
) -> Initialised:
    """Write the missing files of a team's repository into `folder`. Existing files are kept.

    The site has the name of the folder.

    Args:
        folder: the repository; it may be missing.
        requirement: the line of `requirements.txt`; by default this version of Stemsilver.
        lfs: store renders in Git LFS.
        templates: also copy the page templates.

    Raises:
        UsageError: `folder` cannot be a repository, or `requirement` is not one requirement.
        EnvironmentFault: this installation lacks files, or the folder cannot be written to.
    """
    _check_place(folder)
    title = folder.resolve().name
    wanted = repository(requirement, title=title, lfs=lfs, templates=templates)
    # lexists: a broken link counts as an existing file of the user, too.
    kept = [name for name in wanted if os.path.lexists(folder / name)]
    missing = {name: contained(folder, name) for name in wanted if name not in kept}
    for name, path in missing.items():
        write_bytes(path, wanted[name])
    return Initialised(tuple(missing), tuple(kept))


def repository(
    requirement: str | None = None,
    *,
    title: str = "",
    lfs: bool = False,
    templates: bool = False,
) -> dict[str, bytes]:
    """Return the files of a team's repository by relative path, sorted; see `initialise`.

    Without a `title`, the site has the name that the shipped profile gives it.
    """
    chosen = _checked(f"stemsilver=={__version__}" if requirement is None else requirement)
    profile = f"{DEFAULT}.yaml"
    found = {
        f"config/{profile}": team_profile(
            (resource("config") / profile).read_text(encoding="utf-8"), title
        ).encode(),
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


def team_profile(text: str, title: str) -> str:
    """Rewrite a profile so that its site has this title; an empty title changes nothing.

    >>> team_profile("a: 1\\nsite:\\n  title: Stemsilver\\n", "2026")
    "a: 1\\nsite:\\n  title: '2026'\\n"

    Raises:
        EnvironmentFault: the place for the title is not found exactly once.
    """
    if not title:
        return text
    # Names may have characters that a profile cannot hold, such as line breaks.
    shown = {"title": visible(title)[:_LONGEST_TITLE]}
    line = yaml.safe_dump(shown, allow_unicode=True, width=math.inf).strip()
    rewritten, times = _TITLE.subn(lambda _: f"site:\n  {line}", text)
    if times != 1:
        raise _unexpected(f"config/{DEFAULT}.yaml", f"{times} places for the title, not 1")
    return rewritten


def team_workflow(name: str, text: str) -> str:
    """Rewrite a workflow for a team's repository, where the action is in another folder.

    >>> team_workflow("x.yml", "uses: ./head")
    'uses: ./head/.github/actions/stemsilver'

    Raises:
        EnvironmentFault: the workflow does not use the action, or refers to it in an unknown way.
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
    """Rewrite the action for a team's repository, so that it installs `requirements.txt`.

    Raises:
        EnvironmentFault: the place for the requirement is not found exactly once.
    """
    rewritten, times = _EMPTY_DEFAULT.subn(rf'{_INSTALL}\g<key>"-r requirements.txt"', text)
    if times != 1:
        raise _unexpected("action.yml", f"{times} places for the requirement, not 1")
    return rewritten


def _unexpected(name: str, what: str) -> EnvironmentFault:
    return EnvironmentFault(
        f"init cannot rewrite {name} of this installation: {what}",
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
    """Return `requirement` stripped. Raise UsageError unless pip reads it as one requirement."""
    line = requirement.strip()
    # isprintable refuses every kind of line break. A leading dash begins an option, a hash begins a
    # comment, and a backslash at the end continues on the next line.
    if not line or not line.isprintable() or line[0] in "-#" or line[-1] == "\\":
        raise UsageError(
            f"{requirement!r} is not one requirement",
            next_step="Name one as pip does: `stemsilver==1.0`, a wheel, or "
            "`stemsilver @ git+https://…`.",
        )
    return line


def _generated(values: Mapping[str, object]) -> dict[str, bytes]:
    """Render the files that are made from templates: plain text, without HTML escapes."""
    jinja = environment(resource("templates") / _REPOSITORY, html=False)
    return {
        name: jinja.get_template(template).render(values).encode()
        for name, template in _GENERATED.items()
    }
