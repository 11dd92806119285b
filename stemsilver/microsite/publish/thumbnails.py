"""Small pictures of the renders for the front page: the spectrogram of raw above that of clean."""

from __future__ import annotations

import hashlib
import io
from collections.abc import Mapping
from functools import partial
from pathlib import Path

from PIL import Image

from stemsilver.step_cache import CodeFingerprint, Memo

SIZE = (240, 88)
"""Width and height in pixels."""

NAME = "thumbnail.webp"

_GAP = 2
_QUALITY = 60
_CODE = CodeFingerprint(("microsite/publish/thumbnails.py",), ("pillow",))


def write_thumbnails(media: Mapping[str, Path], folder: Path, memo: Memo) -> None:
    """Write `ID/NAME` in `folder` for each render, from the pictures in its folder in `media`."""
    for name, pictures in media.items():
        raw, clean = ((pictures / f"{track}.webp").read_bytes() for track in ("raw", "clean"))
        key = hashlib.sha256(raw + clean).hexdigest()
        made = memo.file("draw thumbnail", _CODE, key, partial(_stacked, raw, clean))
        target = folder / name / NAME
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(made)


def _stacked(above: bytes, below: bytes) -> bytes:
    """Return a WebP of `SIZE` with one picture above the other."""
    width, height = SIZE
    half = (height - _GAP) // 2
    whole = Image.new("RGB", SIZE)
    for picture, top in ((above, 0), (below, height - half)):
        with Image.open(io.BytesIO(picture)) as opened:
            whole.paste(opened.convert("RGB").resize((width, half), Image.Resampling.BOX), (0, top))
    file = io.BytesIO()
    whole.save(file, "WEBP", quality=_QUALITY, method=6)
    return file.getvalue()
