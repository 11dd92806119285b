from __future__ import annotations

import pytest

from stemsilver.evaluation.words.script import Spoken, spoken

HELLO = "Hello there. (How are you?)"


@pytest.mark.parametrize(
    ("script", "taken_off"),
    [
        # Speaker labels.
        ("Speaker 1: Hello there.\nSpeaker 2: (How are you?)", ("Speaker 1:", "Speaker 2:")),
        ("**Narrator (softly):** Hello there. (How are you?)", ("Narrator (softly):",)),
        ("[S1] Hello there. [S2] (How are you?)", ("[S1]", "[S2]")),
        # Stage directions.
        ("[He sits down.] Hello there. (How are you?)", ("[He sits down.]",)),
        ("Hello [sighs] there. (How are you?) [[slnc 200]]", ("[sighs]", "[[slnc 200]]")),
        # Markdown.
        ("# Hello *there*.\n\n> (How __are__ you?)", ()),
        ("Hello ***there***. (How _are_ you?)", ()),
        ('[Hello](https://a.org/x "A") there. (How are you?)', ('(https://a.org/x "A")',)),
        # SSML.
        (
            "<speak>Hello <break time='1s'/> there. (How are you?)</speak>",
            ("<speak>", "<break time='1s'/>", "</speak>"),
        ),
        (
            '<sub alias="Hello">hi</sub> there. <!-- ask --> (How are&#32;you?)',
            ("<!-- ask -->",),
        ),
    ],
)
def test_what_is_not_spoken_is_taken_off(script: str, taken_off: tuple[str, ...]) -> None:
    found = spoken(script)
    assert found.text.split() == HELLO.split()
    assert found.taken_off == taken_off


@pytest.mark.parametrize(
    "script",
    [
        "Note: bring water.\nRemember: it is hot.",
        "Step one: warm the milk.\nStep two: stir.",
        "Host https://example.com at 10:30: it costs 5 * 3 * 2 dollars",
        "if 3 < 5 and 7 > 2 then a_b_c",
        "The ratio is 3:1 [unclosed",
    ],
)
def test_what_may_be_spoken_stays(script: str) -> None:
    assert spoken(script) == Spoken(script)


def test_names_are_labels_where_every_line_has_one_and_one_comes_twice() -> None:
    dialogue = "Anna: Hello.\nBen: Good morning.\n\nAnna: How are you?"
    said = "Hello.\nGood morning.\n\nHow are you?"
    assert spoken(dialogue) == Spoken(said, ("Anna:", "Ben:", "Anna:"))
    assert spoken(f"{dialogue}\nShe smiles.").taken_off == ()
