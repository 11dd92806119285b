"""Name what lies under the name of a sound file and is none, with the next step for its user."""

from __future__ import annotations

import re
from pathlib import Path

from stemsilver.audio.sound_file import CONVERT, FETCH_AGAIN
from stemsilver.errors import UnreadableAudio

HEAD = 4096
"""Bytes from the start of a file that tell what it is."""

_DOWNLOAD = "Download it again; open it in a text editor to read what the server answered."
_UNPACK = "Unpack it, and put the sound file in its place."
_REPLACE = "Put the sound file in its place."
ANNEX = "Run `git annex get` for this file, then the same command again."
_LFS = "Run `git lfs pull` in the repository, then the same command again."

# (pattern at the start of the file, what it is, next step); the first that matches counts.
_KNOWN = tuple(
    (re.compile(pattern, re.DOTALL), what, step)
    for pattern, what, step in (
        (rb"(RIF[FX]|RF64|fLaC|OggS|FORM).{0,7}\Z", "the start of a sound file", FETCH_AGAIN),
        (rb"version https://(git-lfs|hawser)\.github\.com/spec/", "a Git LFS pointer", _LFS),
        (rb"[^\s\0]{0,4000}annex/objects/[^\0]+\s*\Z", "a git-annex pointer", ANNEX),
        (rb"(<!--.*?-->\s*)?(?i:<(!doctype html|html|head|body)\b)", "an HTML page", _DOWNLOAD),
        (rb"<\?xml|<Error>", "an XML document", _DOWNLOAD),
        (rb"[{\[]\s*[\"{\[\]}0-9]", "a JSON document", _DOWNLOAD),
        (rb"(data:audio/[^,]*;base64,)?(UklGR|ZkxhQ|T2dnU|SUQz)[\w+/=\s]+\Z",
         "audio written as Base64 text", "Decode it, for example with `base64 --decode`."),
        (rb"PK(\x03\x04|\x05\x06|\x07\x08)", "a ZIP archive", _UNPACK),
        (rb"\x1f\x8b\x08", "a gzip archive", _UNPACK),
        (rb"7z\xbc\xaf\x27\x1c", "a 7-Zip archive", _UNPACK),
        (rb"Rar!\x1a\x07", "a RAR archive", _UNPACK),
        (rb"\xff\xfe|\xfe\xff", "a text file in UTF-16", _REPLACE),
        (rb"\x89PNG|\xff\xd8\xff|GIF8", "a picture", _REPLACE),
        (rb"%PDF-", "a PDF document", _REPLACE),
        (rb".{4}ftyp(M4A|M4B)", "M4A (MPEG-4 audio, usually AAC)", CONVERT),
        (rb".{4}ftypqt", "a QuickTime video", CONVERT),
        (rb".{4}ftyp3g", "3GP (a mobile phone's recording or video)", CONVERT),
        (rb".{4}ftyp", "MP4 (MPEG-4 audio or video)", CONVERT),
        (rb"\xff[\xf0\xf1\xf8\xf9]", "AAC", CONVERT),
        (rb"ADIF", "AAC", CONVERT),
        (rb"\x1a\x45\xdf\xa3.{0,60}webm", "WebM (audio or video)", CONVERT),
        (rb"\x1a\x45\xdf\xa3", "Matroska (audio or video)", CONVERT),
        (rb"RIFF.{4}AVI ", "an AVI video", CONVERT),
        (rb"FLV\x01", "a Flash video", CONVERT),
        (rb"\x30\x26\xb2\x75\x8e\x66\xcf\x11", "WMA (or another Windows Media file)", CONVERT),
        (rb"#!AMR", "AMR (a mobile phone's recording)", CONVERT),
        (rb"MAC ", "Monkey's Audio", CONVERT),
        (rb"wvpk", "WavPack", CONVERT),
        (rb"TTA1", "True Audio", CONVERT),
        (rb"MPCK|MP\+", "Musepack", CONVERT),
        (rb"DSD |FRM8", "DSD audio", CONVERT),
        (rb"\.RMF|\.ra\xfd", "RealAudio", CONVERT),
        (rb"\x0b\x77", "AC-3 (Dolby Digital)", CONVERT),
        (rb"\x7f\xfe\x80\x01", "DTS audio", CONVERT),
        (rb"\x00\x00\x01\xba", "an MPEG video", CONVERT),
        (rb"MThd", "a MIDI file, which holds notes and no sound", CONVERT),
    )
)  # fmt: skip

_TEXT = re.compile(rb"[^\0-\x08\x0e-\x1a\x1c-\x1f\x7f]+")


def refuse_foreign(head: bytes) -> None:
    """Refuse a file by its name if it is known not to be audio that can be read.

    Raises `UnreadableAudio`. `head` is the start of the file, at most `HEAD` bytes.
    """
    start = head.removeprefix(b"\xef\xbb\xbf").lstrip()
    for pattern, what, step in _KNOWN:
        if pattern.match(head) or pattern.match(start):
            raise UnreadableAudio(f"it is {what}, not audio that can be read", next_step=step)
    if not head.strip(b"\0"):
        raise UnreadableAudio(
            f"its first {len(head)} bytes are all 0, so it was not copied or downloaded completely",
            next_step="Copy or download it again.",
        )
    if _TEXT.fullmatch(head):
        raise UnreadableAudio("it is a text file, not audio", next_step=_REPLACE)


def is_annex_link(path: Path) -> bool:
    """Return whether `path` is a link of git-annex to content that may not be here."""
    return path.is_symlink() and "annex/objects/" in path.readlink().as_posix()
