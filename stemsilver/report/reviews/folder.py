"""The folder with the reviews of a batch: one file for each person, by whatever name."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Sequence
from pathlib import Path

from stemsilver import fsio
from stemsilver.errors import UsageError
from stemsilver.records import Skipped
from stemsilver.report.reviews.merging import merge_reviews
from stemsilver.report.reviews.reader import read_review, review_json
from stemsilver.report.reviews.review import Review
from stemsilver.report.text.wording import visible

MAX_FOLDER_BYTES = 4_000_000
"""The reviews of a folder that are read, in bytes: a scorecard has all of them."""

_PLAIN = re.compile(r"[a-z0-9]+(?: [a-z0-9]+)*")


def read_reviews(folder: Path) -> tuple[tuple[Review, ...], tuple[Skipped, ...]]:
    """Return the reviews in `folder`, merged, and the files that cannot be used with the reason.

    Without a folder there are none.
    """
    found: list[Review] = []
    refused: list[Skipped] = []
    read = 0
    for path in sorted(folder.glob("*.json")):
        shown = f"{folder.name}/{visible(path.name)}"
        try:
            if path.is_symlink():
                raise UsageError("it is a link", next_step="Put the file itself there.")
            read += path.stat().st_size
            if read > MAX_FOLDER_BYTES:
                limit = f"{MAX_FOLDER_BYTES / 1e6:.0f} MB"
                raise UsageError(
                    f"the reviews up to this one have more than {limit}",
                    next_step="Move the reviews of earlier batches away.",
                )
            found.append(read_review(path))
        except UsageError as error:
            reason = error.message.removeprefix(f"{path}: ")
            refused.append(Skipped(shown, f"{visible(reason)}. {error.next_step}"))
    return merge_reviews(found), tuple(refused)


def add_reviews(reviews: Sequence[Review], folder: Path) -> dict[Path, Review]:
    """Merge `reviews` into those in `folder`, and return the files that were written.

    Other people's files are left as they are.

    Raises:
        UsageError: a file that would be replaced cannot be read.
        EnvironmentFault: the folder cannot be written to.
    """
    new = {one.reviewer.casefold() for one in reviews}
    targets = {folder / file_name(one.reviewer) for one in reviews}
    # A file that was damaged has what nobody can merge.
    for target in sorted(targets):
        if target.exists():
            read_review(target)
    known, _ = read_reviews(folder)
    written = {}
    for one in merge_reviews([*known, *reviews]):
        if one.reviewer.casefold() in new:
            path = folder / file_name(one.reviewer)
            fsio.write_json(path, review_json(one))
            written[path] = one
    return written


def file_name(reviewer: str) -> str:
    """Return the name of a person's file: the same for one person, another for anybody else.

    >>> file_name("Ada Lovelace"), file_name("Jürgen")
    ('stemsilver-review-ada-lovelace.json', 'stemsilver-review-j-rgen-19b720a9.json')
    """
    name = reviewer.casefold()
    plain = re.sub("[^a-z0-9]+", "-", name).strip("-")[:40]
    if not _PLAIN.fullmatch(name) or len(name) > len(plain):
        plain = f"{plain}-{hashlib.sha256(name.encode()).hexdigest()[:8]}".lstrip("-")
    return f"stemsilver-review-{plain}.json"
