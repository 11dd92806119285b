"""What of a script is spoken: the words without speaker labels, stage directions and markup."""

from __future__ import annotations

import html
import re
from collections import Counter
from dataclasses import dataclass

# Lengths are limited, so that the time does not grow with the square of that of the script.
_ALIAS = re.compile(r"<sub\b[^<>]*\balias\s*=\s*[\"']([^\"']*)[\"'][^<>]*>[^<>]*</sub>", re.I)
_TAG = re.compile(r"<!--.{0,999}?-->|<[/!?]?[A-Za-z][^<>]*>", re.DOTALL)
_LINK = re.compile(r"!?\[([^\[\]]*)\](\([^()\s]*(?:\s+\"[^\"\n]*\")?\))")
_BRACKETS = re.compile(r"\[{1,3}[^\[\]]*\]{1,3}")
_LINE_MARK = re.compile(r"^[ \t]{0,3}(?:#{1,6}[ \t]+|>[ \t]?)", re.MULTILINE)
_EMPHASIS = re.compile(r"(?<!\w)(\*{1,3}|_{1,3})(?=\S)(.{1,999}?)(?<=\S)\1(?!\w)")
_LABEL = re.compile(
    r"^[ \t]*(?P<name>[^\W\d_][\w.' -]{0,29}?)[ \t]*(?:\([^()\n]*\))?[ \t]*:(?!\S*//)[ \t]*",
    re.MULTILINE,
)
_ROLE = re.compile(
    r"(?:speaker|narrator|host|guest|voice|interviewer|interviewee|announcer|presenter|moderator|"
    r"caller|man|woman|boy|girl|vo|v\.o\.)(?:[ _-]?(?:\d+|[a-z]))?",
    re.IGNORECASE,
)


@dataclass(frozen=True)
class Spoken:
    """The words of a script that are spoken, and what was taken off it."""

    text: str
    taken_off: tuple[str, ...] = ()


def spoken(script: str) -> Spoken:
    """Return what is spoken of a script; words in parentheses are.

    A label at the start of a line is taken off if it names a role, such as "Speaker 1:", or if all
    lines have one and one comes twice, as in a dialogue. The text between XML tags and marks of
    Markdown stays; of an SSML `sub`, its alias.

    >>> spoken("Speaker 1: Come **in** (please). [He laughs]")
    Spoken(text='Come in (please).', taken_off=('[He laughs]', 'Speaker 1:'))
    """
    taken_off: list[str] = []

    def without(pattern: re.Pattern[str], text: str, part: int = 0, kept: str = " ") -> str:
        taken_off.extend(" ".join(found[part].split()) for found in pattern.finditer(text))
        return pattern.sub(kept, text)

    text = without(_TAG, _ALIAS.sub(r"\1", script))
    text = without(_LINK, html.unescape(text), 2, r"\1")
    text = without(_BRACKETS, text)
    text = _EMPHASIS.sub(r"\2", _LINE_MARK.sub("", text))
    labels = list(_LABEL.finditer(text))
    names = Counter(label["name"].casefold() for label in labels)
    lines = sum(1 for line in text.splitlines() if line.strip())
    dialogue = len(labels) == lines and max(names.values(), default=0) > 1

    def is_label(found: re.Match[str]) -> bool:
        return dialogue or _ROLE.fullmatch(found["name"]) is not None

    taken_off += [label[0].strip() for label in labels if is_label(label)]
    text = _LABEL.sub(lambda found: "" if is_label(found) else found[0], text)
    tidy = "\n".join(" ".join(line.split()) for line in text.strip().splitlines())
    return Spoken(tidy, tuple(taken_off))
