"""The artifact of a pull request's run. It is untrusted, because anybody's code ran there.

The artifact is a folder with `pull_request.json`, the scorecards `base.json` and `head.json`, and
the snippets of the changed renders in `ab/ID/`.
"""

from __future__ import annotations

import os
import stat
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Literal, TypeAlias

from pydantic import Field

from stemsilver.errors import UsageError
from stemsilver.report import Scorecard, read_scorecard, visible
from stemsilver.report.untrusted import UntrustedModel, read_json

CLAIM = "pull_request.json"
BASE = "base.json"
HEAD = "head.json"
SNIPPETS = "ab"

_MAX_ENTRIES = 3_000
_MAX_CLAIM_BYTES = 10_000
_FORGED = "Look at the pull request and at who opened it."

Number: TypeAlias = Annotated[int, Field(ge=1, le=2_000_000_000)]
Sha: TypeAlias = Annotated[str, Field(pattern=r"^[0-9a-f]{40}([0-9a-f]{24})?$")]


class Claim(UntrustedModel):
    """The pull request and the built commit that an artifact claims to belong to."""

    schema_version: Literal[1]
    number: Number
    commit: Sha


@dataclass(frozen=True)
class Artifact:
    """An artifact that was read: its folder, its claim and its scorecards.

    `base` is None if there was nothing to compare with.
    """

    folder: Path
    claim: Claim
    base: Scorecard | None
    head: Scorecard


def read_claim(folder: Path) -> Claim:
    """Read the claim of the artifact in `folder`.

    Raises:
        UsageError: `folder` is not an artifact, an entry is neither a regular file nor a folder,
            or the claim is invalid.
    """
    # If not even a link has this name, the caller named the wrong folder: nothing is forged.
    if not os.path.lexists(folder / CLAIM):
        raise UsageError(
            f"{folder} holds no {CLAIM}" if folder.is_dir() else f"{folder} is no folder",
            next_step="Name the folder that `stemsilver pull-request pack` made.",
        )
    _check_files(folder)
    try:
        return read_json(
            folder / CLAIM,
            Claim.model_validate,
            _MAX_CLAIM_BYTES,
            what="a pull request",
            next_step=_FORGED,
        )
    except UsageError as error:
        raise forged_error(error.message) from error


def read(folder: Path) -> Artifact:
    """Read the claim and the scorecards of the artifact in `folder`. The snippets are not checked.

    Raises:
        UsageError: as in `read_claim`, or a scorecard is invalid.
    """
    claim = read_claim(folder)
    base = _scorecard(folder / BASE) if (folder / BASE).exists() else None
    return Artifact(folder, claim, base, _scorecard(folder / HEAD))


def forged_error(why: str) -> UsageError:
    """Return the error for an artifact that no genuine run would have made.

    `why` goes to the log of a runner, which executes some lines as commands, so it is escaped.
    """
    shown = visible(why).replace("##[", "## [")
    return UsageError(f"forged or damaged, and refused: {shown[:400]}", next_step=_FORGED)


def _scorecard(path: Path) -> Scorecard:
    try:
        return read_scorecard(path)
    except UsageError as error:
        raise forged_error(error.message) from error


def _check_files(folder: Path) -> None:
    """Refuse every entry that is neither a regular file nor a folder.

    A link could lead to another file, and reading a device or a pipe might never end.
    """
    left, folders = _MAX_ENTRIES, [folder]
    try:
        while folders:
            with os.scandir(folders.pop()) as entries:
                for entry in entries:
                    left -= 1
                    found = entry.stat(follow_symlinks=False)
                    if stat.S_ISDIR(found.st_mode):
                        folders.append(Path(entry.path))
                    elif not stat.S_ISREG(found.st_mode) or found.st_nlink > 1:
                        raise forged_error(f"{entry.name!r} is a link or a device")
                    if left < 0:
                        raise forged_error(f"it holds more than {_MAX_ENTRIES} files")
    except OSError as error:
        raise forged_error(f"{folder} cannot be read ({error.strerror})") from error
