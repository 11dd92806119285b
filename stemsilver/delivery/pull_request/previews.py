"""Add a preview of every open pull request to a built site."""

from __future__ import annotations

import shutil
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory

from stemsilver.config import Profile
from stemsilver.delivery.github import GitHub
from stemsilver.delivery.isolation import isolated
from stemsilver.delivery.pull_request.artifact import forged_error, read
from stemsilver.delivery.pull_request.fetch import artifacts_of_open_pulls, fetch
from stemsilver.delivery.pull_request.preview import WrittenPreview, write_preview
from stemsilver.errors import StemsilverError
from stemsilver.microsite import check_replaceable

FOLDER = "previews"
"""The folder of the previews in a site, for example `previews/pr-7/`."""

MAX_MEGABYTES = 25.0
"""The size limit of one preview."""

_SECONDS = 600  # for one preview


@dataclass
class Previews:
    """The numbers of the pull requests with a preview, and of those without.

    `refused` gives the reason by number; `left_out` had no space left.
    """

    added: list[int] = field(default_factory=list)
    refused: dict[int, str] = field(default_factory=dict)
    left_out: list[int] = field(default_factory=list)


def add_previews(github: GitHub, profile: Profile, site: Path, max_megabytes: float) -> Previews:
    """Write previews of open pull requests into `site`, in place of its former previews.

    The last updated pull requests come first, until `max_megabytes` may not be enough for another
    preview. If an artifact cannot be fetched or is refused, only its own preview is missing.

    Args:
        github: the repository of the pull requests.
        profile: its gates and guardrail apply.
        site: a built site.
        max_megabytes: the size limit of all previews together.

    Raises:
        UsageError: `site` was not built by Stemsilver.
        EnvironmentFault: the open pull requests cannot be listed.
    """
    check_replaceable(site)
    shutil.rmtree(site / FOLDER, ignore_errors=True)
    done = Previews()
    left = max_megabytes * 1e6
    with isolated(_SECONDS) as call:
        for number, artifact_id in artifacts_of_open_pulls(github).items():
            if left < MAX_MEGABYTES * 1e6:
                done.left_out.append(number)
                continue
            with TemporaryDirectory() as temporary:
                artifact, made = Path(temporary, "artifact"), Path(temporary, "preview")
                try:
                    fetch(github, artifact_id, artifact)
                    left -= call(make_preview, artifact, number, profile, made).bytes
                except StemsilverError as error:
                    done.refused[number] = error.message
                    continue
                target = site / FOLDER / f"pr-{number}"
                target.parent.mkdir(exist_ok=True)
                shutil.move(made, target)
                done.added.append(number)
    return done


def make_preview(folder: Path, number: int, profile: Profile, target: Path) -> WrittenPreview:
    """Write the preview of the artifact in `folder` into `target`.

    Args:
        folder: the unpacked artifact of pull request `number`.
        number: the number that the artifact must claim.
        profile: its gates and guardrail apply.
        target: the folder to write.

    Raises:
        UsageError: the artifact claims another number, or as in `read` and `write_preview`.
    """
    artifact = read(folder)
    if artifact.claim.number != number:
        raise forged_error(f"it claims #{artifact.claim.number} and is the artifact of #{number}")
    return write_preview(artifact, profile, target, MAX_MEGABYTES)
