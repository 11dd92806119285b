"""The files that are read with a render: its script, and the true speech."""

from __future__ import annotations

from pathlib import Path

from stemsilver.audio import decode
from stemsilver.errors import ItemError
from stemsilver.records import Sidecars


def read_sidecars(
    script: Path | None, reference: Path | None, max_minutes: float, scratch: Path | None = None
) -> Sidecars:
    """Read the script and the true speech of a render; a long signal lies in `scratch`.

    Raises:
        ItemError: a sidecar exists but cannot be read. Without the error, a render that should be
            checked against it would look like one without a sidecar.
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
    return Sidecars(text, None if reference is None else decode(reference, max_minutes, scratch))
