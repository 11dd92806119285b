"""Translate sentences that are stored in English, with their values already filled in.

Notes, reasons and failures are written into the scorecard while a render is processed. A message
with placeholders, such as `cut off at {place}`, therefore serves as a pattern: the values are found
in the stored sentence, translated if they are messages themselves, and put into the translation.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import cache, lru_cache

from stemsilver.translation import N_, gettext, localised
from stemsilver.translation.catalogue import catalogue
from stemsilver.translation.extraction import STORED

_PLACEHOLDER = re.compile(r"\{([a-z_]\w*)\}", re.IGNORECASE)
_NUMBER = re.compile(r"[+−-]?\d[\d,]*(\.\d+)?( ?%)?")
# Longer texts are not searched: they are untrusted, and some patterns could take long.
_LONGEST = 2000
# Single words that are filled into them.
VALUES = (N_("earlier"), N_("later"), N_("reference"), N_("script"))


def sentence(language: str, text: str) -> str | None:
    """Return one or several stored sentences in `language`; None if any is in no catalogue."""
    return _sentence(language, text) if len(text) <= _LONGEST else None


@lru_cache(maxsize=4096)
def _sentence(language: str, text: str) -> str | None:
    found = _message(language, text)
    if found is not None:
        return found
    # Several sentences one after the other, of which the first is as long as possible.
    for end in reversed([match.start() for match in re.finditer(r"(?<=[.;?!]) ", text)]):
        first = _message(language, text[:end])
        if first is not None and (rest := _sentence(language, text[end + 1 :])) is not None:
            return f"{first} {rest}"
    # The name of a file, and what is wrong with it.
    name, colon, fault = text.partition(": ")
    if colon and (told := _sentence(language, fault)) is not None:
        return f"{name}: {told}"
    return None


def _message(language: str, text: str) -> str | None:
    if (known := _exact(language, text)) is not None:
        return known
    for pattern, translation in _patterns(language):
        if match := pattern.fullmatch(text):
            values = {name: _value(language, value) for name, value in match.groupdict().items()}
            return _PLACEHOLDER.sub(
                lambda place, values=values: values.get(place[1], place[0]),  # type: ignore[misc]
                translation,
            )
    return None


def _exact(language: str, text: str) -> str | None:
    known = catalogue(language).get(text)
    return known.string if known is not None and isinstance(known.string, str) else None


def _value(language: str, text: str) -> str:
    """Return what was filled into a message, in `language` if it is a number or a message."""
    if _NUMBER.fullmatch(text):
        return localised(text)
    if (known := _exact(language, text)) is not None:
        return known
    for comma in (" and ", ", "):
        listed = [_sentence(language, part) for part in text.split(comma)]
        if len(listed) > 1 and None not in listed:
            return gettext(comma).join(map(str, listed))
    return _sentence(language, text) or text


@cache
def _patterns(language: str) -> tuple[tuple[re.Pattern[str], str], ...]:
    """Return the messages with placeholders, those with the most text first."""
    found = [
        (message.id, str(message.string))
        for message in catalogue(language)
        if STORED in message.auto_comments
        and isinstance(message.id, str)
        and _PLACEHOLDER.search(message.id)
    ]
    found.sort(key=lambda pair: len(_PLACEHOLDER.sub("", pair[0])), reverse=True)
    return tuple((re.compile("".join(_regex(id_)), re.DOTALL), text) for id_, text in found)


def _regex(message: str) -> Iterator[str]:
    seen = set()
    # Splitting by a pattern with one group gives text and names in turn.
    for at, part in enumerate(_PLACEHOLDER.split(message)):
        if at % 2 == 0:
            yield re.escape(part)
        elif part in seen:
            yield f"(?P={part})"
        else:
            seen.add(part)
            yield f"(?P<{part}>.*)"
