"""Check whether a published site is up to date: whether a new build would change nothing.

The marker file of a site holds one digest of everything that the site was made from and of every
file that its build wrote: speech, report and site. It is written last, and swapped in with the
site, so a build that was killed never counts as done.

The inputs of a build are compared by content. Its outputs and the weights are compared by size and
time of change: they are large, and a build verifies the weights before it loads them.
"""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from collections.abc import Iterable, Sequence
from dataclasses import astuple
from pathlib import Path
from typing import Any, TypedDict

from stemsilver import __version__, weights
from stemsilver.config import Profile, digest
from stemsilver.errors import StemsilverError
from stemsilver.fsio import file_states, files_below, has_leftovers, sha256_file
from stemsilver.microsite.publish.marker import is_made_by
from stemsilver.records import Render, Skipped
from stemsilver.report import Review, review_json
from stemsilver.resources import resource
from stemsilver.weights.store import folder

_SCORECARD = "scorecard.json"
_REPORTS = (
    _SCORECARD,
    "scorecard.md",
    "batch_metrics.csv",
    "costs.csv",
    "history.json",
    "items",
    "ab",
)
_ENVIRONMENT = ("SOURCE_DATE_EPOCH", "STEMSILVER_DEVICE")

# Settings that make MkDocs read files or values that cannot be listed.
_READS_MORE = re.compile(
    r"\b(?:INHERIT|hooks|custom_dir|snippets)\b|!ENV|^plugins *:(?! *\[ *\] *(?:#.*)?$)",
    re.MULTILINE,
)


class Options(TypedDict):
    """The options of a build besides its renders and its profile, as `build_site` takes them."""

    stages: bool
    base: Path | None
    history: Sequence[Path]
    archive: bool
    wav: bool
    max_site_megabytes: float
    skipped: Sequence[Skipped]
    reviews: Sequence[Review]


def inputs_digest(
    renders: Sequence[Render], profile: Profile, used: Iterable[str], options: Options
) -> str | None:
    """Return a digest of everything that a build reads; `used` are the names of its weight files.

    Return None if the site may read files that cannot be listed, such as those of a MkDocs plugin.

    Raises:
        WeightsError, OSError: a weight file is missing.
    """
    settings = Path("mkdocs.yml")
    if settings.is_file() and _READS_MORE.search(settings.read_text("utf-8", "replace")):
        return None
    look = [
        _contents(place)
        for name in ("mkdocs.yml", "site_src", "templates")
        for place in (Path(name), resource(name))
    ]
    batch = [
        (one.id, one.path, one.output, *map(_contents, (one.source, one.script, one.reference)))
        for one in renders
    ]
    asked = {
        **options,
        "base": _contents(options["base"]),
        "history": [_contents(path, "*.json") for path in options["history"]],
        "max_site_megabytes": float(options["max_site_megabytes"]),
        "skipped": [astuple(one) for one in options["skipped"]],
        "reviews": [review_json(one) for one in options["reviews"]],
    }
    machine = [sys.version, _packages(), {name: os.environ.get(name) for name in _ENVIRONMENT}]
    package = Path(__file__).parents[1]
    code = [__version__, _contents(package, "*.py"), _contents(package, "*.po")]
    models = [[_weight(name) for name in used], _contents(folder(), "*.yaml")]
    facts = [batch, asked, look, models, machine, code, commit()]
    return digest(profile, json.dumps(facts, sort_keys=True))


def build_digest(inputs: str, renders: Sequence[Render], proceed: Path, report: Path) -> str:
    """Return a digest of what a build read, and of what it wrote to `proceed` and `report`."""
    speech = [file_states(proceed / one.output) for one in renders]
    return digest(inputs, json.dumps([speech, [file_states(report / name) for name in _REPORTS]]))


def is_up_to_date(
    renders: Sequence[Render],
    profile: Profile,
    proceed: Path,
    report: Path,
    site: Path,
    options: Options,
) -> bool:
    """Return whether a build would change nothing: its inputs and outputs are unchanged.

    A ZIP that the site offers is kept although none is asked for, as long as it is up to date.

    Write nothing. Return False if something cannot be read: the build then reports the error.

    Args:
        renders: the batch.
        profile: the profile of the build.
        proceed: the folder of the speech-only files.
        report: the folder of the report.
        site: the folder of the site.
        options: the other options of the build.
    """
    try:
        if any(map(has_leftovers, (proceed, report, site))):
            return False
        card = json.loads((report / _SCORECARD).read_bytes())
        used = [str(one["name"]) for one in card["weights"]]
        # A site that also offers a ZIP of itself is as good: the ZIP has the same build.
        for archive in dict.fromkeys((options["archive"], True)):
            inputs = inputs_digest(renders, profile, used, {**options, "archive": archive})
            if inputs is None:
                return False
            if is_made_by(site, build_digest(inputs, renders, proceed, report)):
                return True
        return False
    except (OSError, ValueError, KeyError, TypeError, StemsilverError):
        return False


def commit() -> str | None:
    """Return the commit of the repository in the working folder; None without a repository."""
    try:
        result = subprocess.run(
            ["git", "rev-parse", "--short=12", "HEAD"],
            capture_output=True,
            text=True,
            check=True,
            timeout=10,
        )
    except (OSError, subprocess.SubprocessError):
        return None
    return result.stdout.strip()


def _contents(path: Path | None, pattern: str = "*") -> list[tuple[str, str]]:
    """List the files at or below `path`: the place in `path` and the SHA-256 of each."""
    return (
        [] if path is None else [(place, _sha256(one)) for place, one in files_below(path, pattern)]
    )


def _sha256(path: Path) -> str:
    try:
        return sha256_file(path)
    except OSError as error:
        return f"unreadable: {error.errno}"


def _weight(name: str) -> tuple[Any, ...]:
    return name, weights.entry(name).sha256, file_states(weights.locate(name))


def _packages() -> list[str]:
    """List every package that can be imported here, with its version."""
    places = [Path(one) for one in dict.fromkeys(sys.path) if Path(one).is_dir()]
    return sorted(one.name for place in places for one in place.glob("*.*-info"))
