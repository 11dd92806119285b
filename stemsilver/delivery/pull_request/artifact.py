"""What a pull request's run hands over: written where anybody's code ran, so nothing is believed.

The folder holds `pull_request.json`, the scorecards `base.json` and `head.json`, and in `ab/ID/`
the snippets of the renders that changed.
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
from stemsilver.report.untrusted import Part, read_json

CLAIM = "pull_request.json"
BASE = "base.json"
HEAD = "head.json"
SNIPPETS = "ab"

_MAX_ENTRIES = 3_000
_MAX_CLAIM_BYTES = 10_000
_FORGED = "Look at the pull request and at who opened it."

Number: TypeAlias = Annotated[int, Field(ge=1, le=2_000_000_000)]
Sha: TypeAlias = Annotated[str, Field(pattern=r"^[0-9a-f]{40}([0-9a-f]{24})?$")]


class Claim(Part):
    """Which pull request a folder says it is of, and which commit was built."""

    schema_version: Literal[1]
    number: Number
    commit: Sha


@dataclass(frozen=True)
class HandedOver:
    """A folder that was read: whose it claims to be, and its scorecards.

    `base` is None where there was nothing to compare with.
    """

    folder: Path
    claim: Claim
    base: Scorecard | None
    head: Scorecard


def read_claim(folder: Path) -> Claim:
    """Whose `folder` claims to be.

    Raises:
        UsageError: it is no folder that was packed, something in it is neither a plain file nor a
            folder, or its claim is none.
    """
    # Not so much as a link of that name: somebody mistook the folder.
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
        raise forged(error.message) from error


def read(folder: Path) -> HandedOver:
    """What `pack` wrote to `folder`, or what somebody would like to be taken for it.

    The snippets are not looked at.

    Raises:
        UsageError: as `read_claim`, or a scorecard is none.
    """
    claim = read_claim(folder)
    base = _scorecard(folder / BASE) if (folder / BASE).exists() else None
    return HandedOver(folder, claim, base, _scorecard(folder / HEAD))


def forged(why: str) -> UsageError:
    """The error for what no run of ours would have handed over.

    The reason goes to the log of a runner, which takes some lines for commands.
    """
    shown = visible(why).replace("##[", "## [")
    return UsageError(f"forged or damaged, and refused: {shown[:400]}", next_step=_FORGED)


def _scorecard(path: Path) -> Scorecard:
    try:
        return read_scorecard(path)
    except UsageError as error:
        raise forged(error.message) from error


def _check_files(folder: Path) -> None:
    """Refuse anything that is not a plain file in a plain folder: reading it might read something
    else, or never end.
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
                        raise forged(f"{entry.name!r} is a link or a device")
                    if left < 0:
                        raise forged(f"it holds more than {_MAX_ENTRIES} files")
    except OSError as error:
        raise forged(f"{folder} cannot be read ({error.strerror})") from error
