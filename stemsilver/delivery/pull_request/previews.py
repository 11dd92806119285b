"""Adds a preview of every open pull request to a built site."""

from __future__ import annotations

import shutil
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory

from stemsilver.config import Profile
from stemsilver.delivery.github import GitHub
from stemsilver.delivery.isolation import isolated
from stemsilver.delivery.pull_request.artifact import forged, read
from stemsilver.delivery.pull_request.fetch import artifacts_of_open_pulls, fetch
from stemsilver.delivery.pull_request.preview import Written, write_preview
from stemsilver.errors import StemsilverError
from stemsilver.microsite import check_replaceable

FOLDER = "previews"
"""Where the previews lie in a site: `previews/pr-7/`."""

MAX_MEGABYTES = 25.0
"""The largest preview."""

_SECONDS = 600  # for one preview


@dataclass
class Previews:
    """The numbers of the pull requests with a preview, and why others have none."""

    added: list[int] = field(default_factory=list)
    refused: dict[int, str] = field(default_factory=dict)
    left_out: list[int] = field(default_factory=list)


def add_previews(github: GitHub, profile: Profile, site: Path, max_megabytes: float) -> Previews:
    """Write previews of open pull requests into `site`, judged by the rule of `profile`; they
    replace those that are there.

    The pull requests changed last come first, until `max_megabytes` might not be enough for another
    one. What cannot be fetched or is refused costs its own preview alone.

    Raises:
        UsageError: `site` is no site of ours.
        EnvironmentFault: GitHub does not say which pull requests are open.
    """
    check_replaceable(site)
    shutil.rmtree(site / FOLDER, ignore_errors=True)
    done = Previews()
    left = max_megabytes * 1e6
    with isolated(_SECONDS) as call:
        for number, artifact in artifacts_of_open_pulls(github).items():
            if left < MAX_MEGABYTES * 1e6:
                done.left_out.append(number)
                continue
            with TemporaryDirectory() as temporary:
                handed_over, made = Path(temporary, "artifact"), Path(temporary, "preview")
                try:
                    fetch(github, artifact, handed_over)
                    left -= call(make_preview, handed_over, number, profile, made).bytes
                except StemsilverError as error:
                    done.refused[number] = error.message
                    continue
                target = site / FOLDER / f"pr-{number}"
                target.parent.mkdir(exist_ok=True)
                shutil.move(made, target)
                done.added.append(number)
    return done


def make_preview(folder: Path, number: int, profile: Profile, target: Path) -> Written:
    """Write the preview of what was handed over for pull request `number` into `target`.

    Raises:
        UsageError: `folder` is another pull request's, or as `read` and `write_preview`.
    """
    handed_over = read(folder)
    if handed_over.claim.number != number:
        raise forged(f"it names #{handed_over.claim.number} and was handed over for #{number}")
    return write_preview(handed_over, profile, target, MAX_MEGABYTES)
