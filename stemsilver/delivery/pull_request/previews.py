"""Adds a preview of every open pull request to a built site."""

from __future__ import annotations

import multiprocessing
import os
import shutil
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory

from pebble import ProcessPool

from stemsilver.config import Profile
from stemsilver.delivery.github import GitHub
from stemsilver.delivery.pull_request.artifact import forged, read
from stemsilver.delivery.pull_request.fetch import artifacts_of_open_pulls, fetch
from stemsilver.delivery.pull_request.preview import write_preview
from stemsilver.errors import StemsilverError

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
    """Write previews of open pull requests into `site`, judged by the rule of `profile`.

    They come with those changed last, until `max_megabytes` might not be enough for another one.
    What cannot be fetched or is refused costs its own preview alone.

    Raises:
        EnvironmentFault: GitHub does not say which pull requests are open.
    """
    done = Previews()
    left = max_megabytes * 1e6
    for number, artifact in artifacts_of_open_pulls(github).items():
        if left < MAX_MEGABYTES * 1e6:
            done.left_out.append(number)
            continue
        with TemporaryDirectory() as temporary:
            handed_over, made = Path(temporary, "artifact"), Path(temporary, "preview")
            try:
                fetch(github, artifact, handed_over)
                left -= _apart(_preview, handed_over, number, profile, made)
            except StemsilverError as error:
                done.refused[number] = error.message
                continue
            target = site / FOLDER / f"pr-{number}"
            target.parent.mkdir(exist_ok=True)
            shutil.move(made, target)
            done.added.append(number)
    return done


def _preview(folder: Path, number: int, profile: Profile, target: Path) -> int:
    """Write the preview of a folder that must be pull request `number`'s; its bytes."""
    handed_over = read(folder)
    if handed_over.claim.number != number:
        raise forged(f"it names #{handed_over.claim.number} and was handed over for #{number}")
    return write_preview(handed_over, profile, target, MAX_MEGABYTES).bytes


def _apart(function: Callable[..., int], *arguments: object) -> int:
    """Call a function in a process of its own.

    Sounds of a stranger's are decoded there. A decoder that crashes or never ends must not take the
    site along, and what it prints must not reach the runner, which takes some lines for commands.

    Raises:
        UsageError: it failed in any way.
    """
    context = multiprocessing.get_context("spawn")
    with ProcessPool(max_workers=1, context=context, initializer=_mute) as pool:
        try:
            called = pool.schedule(function, args=arguments, timeout=_SECONDS)
            return int(called.result())
        except StemsilverError:
            raise
        except Exception as error:
            # Its words may be the artifact's.
            raise forged(f"its preview cannot be made ({type(error).__name__})") from error


def _mute() -> None:
    nothing = os.open(os.devnull, os.O_WRONLY)
    for output in (1, 2):
        os.dup2(nothing, output)
