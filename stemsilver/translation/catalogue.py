"""Read the messages of a language from its `.po` file."""

from __future__ import annotations

from functools import cache
from importlib.resources import files
from io import BytesIO

from babel.messages.catalog import Catalog
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po
from babel.support import Translations


@cache
def catalogue(language: str) -> Catalog:
    """Return the messages of a language, with the files in which they are."""
    with (files("stemsilver.translation") / f"{language}.po").open("rb") as file:
        return read_po(file, locale=language)


@cache
def translations(language: str) -> Translations:
    """Return the messages of a language, to look them up."""
    compiled = BytesIO()
    write_mo(compiled, catalogue(language))
    compiled.seek(0)
    return Translations(compiled)


def script_texts(language: str) -> dict[str, str]:
    """Return the messages that the scripts of the pages show, by their English text."""
    return {
        str(message.id): str(message.string)
        for message in catalogue(language)
        if any(name.endswith(".js") for name, _ in message.locations)
    }
