"""Which file names are audio, and what a file beside a render is to it. Case does not matter."""

from __future__ import annotations

import re

READABLE = (
    "wav", "wave", "bwf", "rf64", "w64", "flac", "mp3", "mp2", "mp1", "mpa", "mpga", "ogg", "oga",
    "opus", "aif", "aiff", "aifc", "caf", "au", "snd", "voc", "sph", "avr", "paf", "pvf",
)  # fmt: skip
"""The endings of formats that can be decoded, all by libsndfile."""

_UNREADABLE = (
    "m4a", "m4b", "m4r", "mp4", "m4v", "aac", "adts", "f4a", "wma", "wmv", "asf", "webm",
    "weba", "mka", "mkv", "mov", "qt", "avi", "3gp", "3gpp", "3g2", "flv", "ogv", "ogx", "spx",
    "mpg", "mpeg", "m2ts", "mts", "ac3", "eac3", "ec3", "dts",
    "thd", "amr", "awb", "gsm", "qcp", "vox", "ape", "wv", "tta", "tak", "shn", "ofr", "mpc",
    "dsf", "dff", "alac", "aax", "ra", "rm", "sd2", "raw", "pcm",
)  # fmt: skip
"""The endings of other audio, and of video, whose sound cannot be decoded here."""


def _named(*endings: str, before: str = "") -> re.Pattern[str]:
    # ASCII: else the long s would match in `.opuſ`.
    return re.compile(rf"(?P<stem>.+){before}\.(?P<ending>{'|'.join(endings)})", re.I | re.S | re.A)


RENDER = _named(*READABLE)
REFERENCE = _named(*READABLE, before=r"\.reference")
SCRIPT = _named("txt")
_OTHER = _named(*_UNREADABLE)


def is_audio(name: str) -> bool:
    """Return whether `name` is that of audio or video, of any format."""
    return bool(RENDER.fullmatch(name) or _OTHER.fullmatch(name))


def format_fault(name: str) -> str | None:
    """Return why audio or video of this name cannot be a render; None for any other name."""
    found = _OTHER.fullmatch(name)
    if found is None:
        return None
    return f".{found['ending'].lower()} files cannot be read (convert it to WAV or FLAC)"
