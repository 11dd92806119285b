"""What lies beside a render and is read with it: its script, and the true speech."""

from __future__ import annotations

from pathlib import Path

from stemsilver.audio import decode
from stemsilver.errors import ItemError
from stemsilver.records import Sidecars


def read_sidecars(script: Path | None, reference: Path | None, max_minutes: float) -> Sidecars:
    """The script and the truth beside a render.

    Raises:
        ItemError: a sidecar is there but cannot be read; to leave it out would make a render
            that was to be checked look like one that was not.
    """
    text = None
    if script is not None:
        try:
            text = script.read_text(encoding="utf-8-sig")
        except (OSError, UnicodeDecodeError) as error:
            raise ItemError(
                f"{script.name}: the script cannot be read ({error})",
                next_step="Save the script as UTF-8 text.",
            ) from error
    return Sidecars(text, None if reference is None else decode(reference, max_minutes))
