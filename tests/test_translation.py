"""The catalogues of the site's languages: complete, current, and safe to fill in."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import datetime
from functools import cache
from pathlib import Path
from typing import get_args

import pytest
from babel.messages.catalog import Catalog, Message
from babel.messages.frontend import CommandLineInterface
from babel.messages.pofile import read_po

from stemsilver import translation
from stemsilver.microsite.templates import environment, told
from stemsilver.translation import Language, spoken
from stemsilver.translation.catalogue import catalogue

REPOSITORY = Path(__file__).parents[1]
OTHERS = [language for language in get_args(Language) if language != "en"]

# What a translation must keep: values, tags with their links, formulas.
_KEPT = re.compile(r"\{[a-z_]\w*\}|%\(\w+\)s|</?[a-z][^>]*>|\$[^$]+\$|`[^`]+`", re.IGNORECASE)


@pytest.fixture(scope="module")
def extracted(tmp_path_factory: pytest.TempPathFactory) -> Catalog:
    """Every message of the source, by the command that CONTRIBUTING.md gives."""
    found = tmp_path_factory.mktemp("messages") / "messages.pot"
    arguments = ["extract", "-F", "pyproject.toml", "--add-location=file", "-o", str(found), "."]
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(REPOSITORY)
        CommandLineInterface().run(["pybabel", "-q", *arguments])
    with found.open("rb") as file:
        return read_po(file)


def messages(found: Catalog) -> dict[str | tuple[str, ...], Message]:
    """The messages by their ids, without the header."""
    return {
        message.id if isinstance(message.id, str) else tuple(message.id): message
        for message in found
        if message.id
    }


def parts(text: str | tuple[str, ...] | list[str]) -> list[str]:
    return [text] if isinstance(text, str) else list(text)


@pytest.mark.parametrize("language", OTHERS)
def test_every_message_is_translated_and_none_is_left_over(
    language: str, extracted: Catalog
) -> None:
    known, needed = messages(catalogue(language)), messages(extracted)
    assert known.keys() == needed.keys(), "run the commands of CONTRIBUTING.md"
    assert not catalogue(language).obsolete
    for id_, message in known.items():
        assert all(parts(message.string)), f"not translated: {id_}"
        assert not message.fuzzy, id_
        # By these, scripts get their texts, and stored sentences are found.
        assert set(message.locations) == set(needed[id_].locations), id_
        assert message.auto_comments == needed[id_].auto_comments, id_


@pytest.mark.parametrize("language", OTHERS)
def test_translations_keep_values_tags_and_formulas(language: str) -> None:
    for id_, message in messages(catalogue(language)).items():
        for text in parts(message.string):
            english = parts(id_)[-1]
            assert sorted(set(_KEPT.findall(text))) == sorted(set(_KEPT.findall(english))), text
            # Formatting of words, but nothing a text could not carry itself.
            assert not re.search(r"<script|\son\w+=|javascript:", text, re.IGNORECASE)


@pytest.mark.parametrize("language", OTHERS)
def test_a_new_text_without_a_translation_is_found(language: str, tmp_path: Path) -> None:
    """Each kind of source, with a text that no catalogue has."""
    planted = {
        "stemsilver/report/new.py": 'print(_("A planted text"), counted(2, "planted noun"))',
        "stemsilver/audio/new.py": 'raise UnreadableAudio(f"planted at byte {position}")',
        "templates/new.html": "{% trans n=1 %}A planted page {{ n }}{% endtrans %}",
        "site_src/assets/new/new.js": '_("A planted script");',
    }
    for name, text in planted.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(text, encoding="utf-8")
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(tmp_path)
        mapping = str(REPOSITORY / "pyproject.toml")
        CommandLineInterface().run(
            ["pybabel", "-q", "extract", "-F", mapping, "-o", "new.pot", "."]
        )
    with (tmp_path / "new.pot").open("rb") as file:
        found = messages(read_po(file)).keys()
    assert found == {
        "A planted text",
        ("planted noun", "planted nouns"),
        "planted at byte {position}",
        "A planted page %(n)s",
        "A planted script",
    }
    assert not found & messages(catalogue(language)).keys()


@cache
def _stored() -> list[tuple[str, str]]:
    return [
        (
            "cut off at 1.204 s (frame 28,896); the header claims 48000 frames",
            "abgeschnitten bei 1,204 s (Abtastpunkt 28.896); laut Kopf sind es 48000 Abtastpunkte",
        ),
        (
            "Compared with the true speech: raw and clean 10.21 ms later. SI-SDR and ESTOI are "
            "measured without this lag.",
            "Verglichen mit der wahren Sprache: Original und Ergebnis 10,21 ms später. SI-SDR und "
            "ESTOI werden ohne diesen Versatz gemessen.",
        ),
        # The name of a file, its fault, and two more sentences.
        (
            "take.txt: the script cannot be read (it is not text). Nothing was compared with this "
            "file. Save the script as plain text in UTF-8.",
            "take.txt: Das Skript ist nicht lesbar (kein Text). Mit dieser Datei wurde nichts "
            "verglichen. Das Skript als reinen Text in UTF-8 speichern.",
        ),
    ]


def test_stored_sentences_are_translated_by_their_patterns() -> None:
    with spoken("de"):
        for english, german in _stored():
            assert translation.translated(english) == german
        assert translation.translated("Segmentation fault in libfoo") is None
        assert told("Segmentation fault") == '<span lang="en">Segmentation fault</span>'
        assert told("a <b>\u202e") == '<span lang="en">a &lt;b&gt;\\u202e</span>'
    assert all(translation.translated(english) == english for english, _ in _stored())


def test_values_within_a_translated_text_are_escaped_and_made_visible() -> None:
    def finalize(value: object) -> object:
        return value.replace("\u202e", "?") if type(value) is str else value

    jinja = environment(finalize=finalize)
    page = jinja.from_string(
        "{% trans name=name %}Incumbent <b>{{ name }}</b>{% endtrans %} {{ _('Overview') }}"
    )
    with spoken("de"):
        shown = page.render(name="<i>\u202e%(x)s")
    assert shown == "Bisheriges Profil <b>&lt;i&gt;?%(x)s</b> Übersicht"


def test_numbers_and_dates_follow_the_language() -> None:
    moment = datetime(2026, 3, 5)

    def all_of_them() -> Iterator[str]:
        yield translation.localised("−1,234.5")
        yield translation.date(moment)
        yield translation.short_date(moment)

    assert list(all_of_them()) == ["−1,234.5", "5 March 2026", "5 Mar 2026"]
    with spoken("de"):
        assert list(all_of_them()) == ["−1.234,5", "5. März 2026", "5. März 2026"]
