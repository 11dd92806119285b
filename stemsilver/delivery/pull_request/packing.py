"""Pack the artifact of a pull request's run. This runs without permissions, beside any code."""

from __future__ import annotations

import shutil
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from stemsilver.delivery.pull_request.artifact import BASE, CLAIM, HEAD, SNIPPETS, Claim
from stemsilver.delivery.pull_request.comparison import changed_renders, compare
from stemsilver.errors import UsageError
from stemsilver.fsio import staging_beside, swap_directory, write_bytes, write_json
from stemsilver.media import snippets
from stemsilver.report import read_scorecard

SCORECARD = "scorecard.json"

_MAX_FILES = 900  # `fetch.unpack` refuses more than 1,000


@dataclass(frozen=True)
class Packed:
    """The paths of the renders whose snippets were packed, and of those left out for size."""

    renders: tuple[str, ...]
    left_out: tuple[str, ...]
    bytes: int


def pack(base: Path | None, head: Path, claim: Claim, target: Path, max_megabytes: float) -> Packed:
    """Write the scorecards and the snippets of the changed renders to the folder `target`.

    The worst renders come first. When one does not fit, it and all after it are left out.

    Args:
        base: the report folder of the base; without it, every render counts as changed.
        head: the report folder of the pull request.
        claim: the pull request and its commit.
        target: the folder to write; a former artifact there is replaced.
        max_megabytes: the size limit of the artifact.

    Raises:
        UsageError: a report has no scorecard, the scorecards alone are too large, or `target`
            has other content.
        EnvironmentFault: the disk is full or not writable.
    """
    _check_replaceable(target)
    reports = {HEAD: head} if base is None else {HEAD: head, BASE: base}
    cards = {name: read_scorecard(report / SCORECARD) for name, report in reports.items()}
    files = {name: (report / SCORECARD).read_bytes() for name, report in reports.items()}
    budget = max_megabytes * 1e6 - sum(map(len, files.values()))
    if budget < 0:
        raise UsageError(
            f"the scorecards alone have more than {max_megabytes:g} MB",
            next_step="Raise --max-mb.",
        )
    packed: list[str] = []
    left_out: list[str] = []
    for item in changed_renders(compare(cards.get(BASE), cards[HEAD])):
        found = _snippets(head / SNIPPETS / item.id)
        size = sum(map(len, found.values()))
        if not found:
            continue
        # After the first render that does not fit, no smaller but less bad one is packed.
        if left_out or size > budget or len(files) + len(found) > _MAX_FILES:
            left_out.append(item.path)
        else:
            packed.append(item.path)
            budget -= size
            files |= {f"{SNIPPETS}/{item.id}/{name}": content for name, content in found.items()}
    _write(files, claim, target)
    return Packed(tuple(packed), tuple(left_out), sum(map(len, files.values())))


def _snippets(folder: Path) -> dict[str, bytes]:
    """Read the files of a render's snippets, by name. Empty if the profile makes no snippets."""
    if not (folder / snippets.LISTING).is_file():
        return {}
    try:
        names = [name for one in snippets.read(folder) for name in one.files.values()]
        return {name: (folder / name).read_bytes() for name in (snippets.LISTING, *names)}
    except (OSError, ValueError) as error:
        raise UsageError(
            f"{folder}: its snippets cannot be read ({error})",
            next_step="Run `stemsilver build-site` again.",
        ) from error


def _check_replaceable(target: Path) -> None:
    if target.is_dir() and any(target.iterdir()) and not (target / CLAIM).is_file():
        raise UsageError(
            f"{target} contains files that were not packed, and would be deleted",
            next_step="Name another folder.",
        )


def _write(files: Mapping[str, bytes], claim: Claim, target: Path) -> None:
    staged = staging_beside(target)
    try:
        for name, content in files.items():
            write_bytes(staged / name, content)
        write_json(staged / CLAIM, claim.model_dump())
        swap_directory(staged, target)
    finally:
        shutil.rmtree(staged, ignore_errors=True)
