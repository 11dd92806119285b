"""Why a render was not cleaned, in words that can be forwarded."""

from __future__ import annotations

from stemsilver.records import Failure

_MEANINGS = {
    "empty": "there is no sound in the file",
    "unreadable": "the file cannot be read as audio",
    "non_finite": "the file has samples that are not numbers",
    "too_long": "the file is too long",
    "name_clash": "another file has the same name",
    "stage_failed": "a step of the cleaning gave no usable result",
    "crashed": "the cleaning crashed on this file",
}


def meaning(failure: Failure) -> str:
    """Return what a failure's code means, as the end of a sentence.

    >>> meaning(Failure("empty", "a.wav: the file has 0 bytes", "Render it again."))
    'there is no sound in the file'
    """
    return _MEANINGS.get(failure.code, failure.code.replace("_", " "))


def cause(path: str, failure: Failure) -> str:
    """Return why a render failed, without its path, which its page and its row have already."""
    return failure.message.removeprefix(f"{path}: ")
