"""The files that are read with a render: its script, and the true speech."""

from __future__ import annotations

import codecs
from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path

from stemsilver.audio import decode
from stemsilver.errors import ItemError
from stemsilver.evaluation.words.script import spoken
from stemsilver.records import Sidecars
from stemsilver.report.text.wording import shortened

MAX_SCRIPT_BYTES = 2**20
"""An hour of speech is about 60,000 bytes of text."""

_MARKS = {
    codecs.BOM_UTF8: "utf-8-sig",
    codecs.BOM_UTF32_LE: "utf-32",
    codecs.BOM_UTF32_BE: "utf-32",
    codecs.BOM_UTF16_LE: "utf-16",
    codecs.BOM_UTF16_BE: "utf-16",
}
"""Encodings by their byte order marks; UTF-32's first, because they start like those of UTF-16."""

_ENCODINGS = {
    "utf-16": "UTF-16",
    "utf-16-le": "UTF-16",
    "utf-16-be": "UTF-16",
    "utf-32": "UTF-32",
    "cp1252": "Windows-1252, because it is not UTF-8",
}
"""Encodings that a note names: the others are UTF-8."""

_EXAMPLES = 3
_EXAMPLE_LENGTH = 40


def read_sidecars(
    script: Path | None, reference: Path | None, max_minutes: float, scratch: Path | None = None
) -> Sidecars:
    """Read the script and the true speech of a render; a long signal lies in `scratch`.

    A file that cannot be read costs only the scores that need it: its fault is their reason, and a
    note has the next step.
    """
    text = audio = script_fault = reference_fault = None
    notes: list[str] = []
    if script is not None:
        try:
            written, encoding = _read_text(script)
        except ItemError as error:
            script_fault = error.message
            notes.append(_fault_note(error))
        else:
            found = spoken(written)
            text = found.text
            notes += _script_notes(script.name, encoding, found.taken_off)
    if reference is not None:
        try:
            audio = decode(reference, max_minutes, scratch)
        except ItemError as error:
            reference_fault = error.message
            notes.append(_fault_note(error))
    return Sidecars(text, audio, script_fault, reference_fault, tuple(notes))


def _fault_note(error: ItemError) -> str:
    return f"{error.message.rstrip('.')}. Nothing was compared with this file. {error.next_step}"


def _script_notes(name: str, encoding: str, taken_off: Sequence[str]) -> Iterator[str]:
    if encoding in _ENCODINGS:
        yield f"{name}: read as {_ENCODINGS[encoding]}."
    if taken_off:
        different = list(Counter(taken_off))
        examples = ", ".join(
            f"“{shortened(one, _EXAMPLE_LENGTH)}”" for one in different[:_EXAMPLES]
        )
        more = " and others" if len(different) > _EXAMPLES else ""
        yield f"{name}: not counted as spoken: {examples}{more}."


def _read_text(path: Path) -> tuple[str, str]:
    """Return the text of a file, and its encoding.

    Raises:
        ItemError: the file cannot be read, or is not text.
    """
    fault = "it is larger than 1 MB"
    try:
        with path.open("rb") as file:
            content = file.read(MAX_SCRIPT_BYTES + 1)
        if len(content) <= MAX_SCRIPT_BYTES:
            fault = "it is not text"
            for encoding in _candidates(content):
                try:
                    text = content.decode(encoding)
                except UnicodeDecodeError:
                    continue
                if all(letter.isspace() or letter >= " " for letter in text):
                    return text, encoding
    except OSError as error:
        fault = str(error.strerror)
    raise ItemError(
        f"{path.name}: the script cannot be read ({fault})",
        next_step="Save the script as plain text in UTF-8.",
    )


def _candidates(content: bytes) -> Iterator[str]:
    """Yield the encodings that a text may be in, the surest first."""
    for mark, encoding in _MARKS.items():
        if content.startswith(mark):
            yield encoding
            return
    yield "utf-8"
    # In UTF-16, letters of western languages have a zero byte; which one tells the byte order.
    even, odd = content[::2].count(0), content[1::2].count(0)
    if max(even, odd) > len(content) / 4 and 10 * min(even, odd) <= max(even, odd):
        yield "utf-16-le" if odd else "utf-16-be"
    yield "cp1252"
