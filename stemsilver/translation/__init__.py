"""The language of the microsite: texts, plurals, numbers and dates.

The English text in the source is the id of a message; a `.po` file beside this module has the
messages of every other language. The language is set while a site is built, so that everything
else, such as the terminal, the scorecard and Markdown reports, stays English.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from datetime import datetime
from typing import Literal, TypeAlias

Language: TypeAlias = Literal["en", "de"]

_language: ContextVar[Language] = ContextVar("language", default="en")


@contextmanager
def spoken(language: Language) -> Iterator[None]:
    """Set the language within a `with` statement. It is not carried over into other threads."""
    before = _language.set(language)
    try:
        yield
    finally:
        _language.reset(before)


def language() -> Language:
    """Return the current language, as in `site.language` of a profile."""
    return _language.get()


def gettext(text: str) -> str:
    """Return a text in the current language; in English if it is in no catalogue.

    >>> with spoken("de"):
    ...     gettext("Overview")
    'Übersicht'
    """
    if language() == "en":
        return text
    from stemsilver.translation.catalogue import translations

    return translations(language()).gettext(text)


def ngettext(one: str, many: str, count: int) -> str:
    """Return the text for `count` things in the current language.

    >>> ngettext("1 file", "{count} files", 2)
    '{count} files'
    """
    if language() == "en":
        return one if count == 1 else many
    from stemsilver.translation.catalogue import translations

    return translations(language()).ngettext(one, many, count)


def N_(text: str) -> str:  # noqa: N802
    """Mark a text that is translated where it is shown, and return it unchanged."""
    return text


def shown(text: str) -> str:
    """Return a sentence of the evidence, which is stored in English, in the current language.

    A sentence that is in no catalogue stays English.
    """
    return translated(text) or text


def translated(text: str) -> str | None:
    """Return a stored sentence in the current language, or None if it is in no catalogue."""
    if language() == "en":
        return text
    from stemsilver.translation.stored import sentence

    return sentence(language(), text)


def localised(text: str) -> str:
    """Return a text of English numbers with the decimal and group marks of the current language.

    >>> with spoken("de"):
    ...     localised("−20.5"), localised("48,000")
    ('−20,5', '48.000')
    """
    if language() == "en":
        return text
    from babel.numbers import get_decimal_symbol, get_group_symbol  # slow to import

    marks = {".": get_decimal_symbol(language()), ",": get_group_symbol(language())}
    return "".join(marks.get(letter, letter) for letter in text)


def date(moment: datetime) -> str:
    """Format the date of a moment, with the name of the month.

    >>> date(datetime(2026, 11, 30))
    '30 November 2026'
    """
    return _formatted(moment, gettext("d MMMM y"))


def short_date(moment: datetime) -> str:
    """Format the date of a moment, with the name of the month shortened.

    >>> short_date(datetime(2026, 9, 3))
    '3 Sep 2026'
    """
    return _formatted(moment, gettext("d MMM y"))


def _formatted(moment: datetime, pattern: str) -> str:
    from babel.dates import format_date

    return format_date(moment, pattern, locale=language())
