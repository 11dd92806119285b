"""The decision whether a render has music to remove."""

from __future__ import annotations

from stemsilver.config import NothingToRemove
from stemsilver.records import MusicRange, Score


def nothing_to_remove(
    ranges: tuple[MusicRange, ...],
    pause_floor: Score,
    removed_db: float | None,
    settings: NothingToRemove,
) -> bool:
    """Return whether a render with speech has no music, by three kinds of evidence.

    The detector must find no music. That alone is not enough, because it misses some faint music:
    the separators, which know nothing of the detector, must find nothing of note either. What they
    take from speech in a room, they take from under the words. So quiet pauses outweigh them.

    Args:
        ranges: The stretches with music.
        pause_floor: The score `raw_pause_floor_db`.
        removed_db: The loudest half second that the separators would take away, relative to the
            speech; None if there is no sound.
        settings: The thresholds.
    """
    if ranges:
        return False
    if removed_db is None or removed_db <= settings.removed_db_max:
        return True
    return pause_floor.value is not None and pause_floor.value <= settings.pause_floor_db_max
