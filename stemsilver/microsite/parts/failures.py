"""Why a render was not cleaned, in words that can be forwarded."""

from __future__ import annotations

from stemsilver.records import Failure
from stemsilver.translation import N_, shown

_MEANINGS = {
    "empty": N_("there is no sound in the file"),
    "unreadable": N_("the file cannot be read as audio"),
    "non_finite": N_("the file has samples that are not numbers"),
    "too_long": N_("the file is too long"),
    "name_clash": N_("another file has the same name"),
    "stage_failed": N_("a step of the cleaning gave no usable result"),
    "crashed": N_("the cleaning crashed on this file"),
}


def meaning(failure: Failure) -> str:
    """Return what a failure's code means, as the end of a sentence in the language of the site.

    >>> meaning(Failure("empty", "a.wav: the file has 0 bytes", "Render it again."))
    'there is no sound in the file'
    """
    return shown(_MEANINGS.get(failure.code, failure.code.replace("_", " ")))


def cause(path: str, failure: Failure) -> str:
    """Return why a render failed, in English, without its path: its page and row have that."""
    return failure.message.removeprefix(f"{path}: ")
