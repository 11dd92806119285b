"""What the reader is told about metadata that is not carried."""

from __future__ import annotations

from collections.abc import Collection

LIMIT = 2**20
"""The most bytes of metadata that are carried."""

MANIFEST_LOST = (
    "Content Credentials (C2PA) of the input were not carried over: the audio is changed."
)


def notes(left_out: Collection[str], has_manifest: bool) -> tuple[str, ...]:
    """Return the notes about chunks or texts that were left out, and about a C2PA manifest.

    >>> notes({"bext"}, has_manifest=False)
    ('Metadata of the input that is damaged, or over 1 MB in all, was not carried over: bext.',)
    """
    found = [MANIFEST_LOST] if has_manifest else []
    if left_out:
        found.append(
            "Metadata of the input that is damaged, or over 1 MB in all, was not carried over: "
            f"{', '.join(sorted(left_out))}."
        )
    return tuple(found)
