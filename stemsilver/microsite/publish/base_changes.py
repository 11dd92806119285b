"""The pictures of what changed from another build's clean to this one's."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory

from stemsilver import fsio
from stemsilver.audio import decode
from stemsilver.config import digest
from stemsilver.evaluation.downmix import one_channel
from stemsilver.media import playback, plots
from stemsilver.media.playback import BASE
from stemsilver.microsite.baseline import BaseItem, decoded_clean
from stemsilver.microsite.parts.player import heard_tracks
from stemsilver.records import Signal
from stemsilver.report import Scorecard, ScoredRender
from stemsilver.step_cache import Memo


def draw_base_changes(
    scorecard: Scorecard,
    media: Mapping[str, Path],
    matched: Mapping[str, BaseItem],
    max_minutes: float,
    folder: Path,
    memo: Memo,
) -> None:
    """Draw the pictures of every render of `matched`, in `folder`/ID/.

    Args:
        scorecard: this build.
        media: the folder of each cleaned render's files, by id.
        matched: the same renders in the other build.
        max_minutes: a longer render is refused.
        folder: the folder of the pages of renders.
        memo: the cache of pictures.

    Raises:
        UsageError: the other build's clean cannot be decoded.
    """
    for id_, base in matched.items():
        found = _pictures(scorecard.items[id_], media[id_], base, max_minutes, memo)
        (folder / id_).mkdir(parents=True, exist_ok=True)
        for name, content in found.items():
            (folder / id_ / name).write_bytes(content)


def _pictures(
    item: ScoredRender, media: Path, base: BaseItem, max_minutes: float, memo: Memo
) -> dict[str, bytes]:
    heard = heard_tracks(media, base)
    louder = playback.louder_db(heard["clean"], heard[BASE]) or 0.0
    own = media / "clean.flac"
    key = digest(fsio.sha256_file(base.folder / own.name), fsio.sha256_file(own), louder)
    with TemporaryDirectory(prefix="stemsilver-", ignore_cleanup_errors=True) as scratch:

        @cache
        def both() -> tuple[Signal, Signal]:
            # Only if a picture is not in the cache.
            before = decoded_clean(item, base, max_minutes, Path(scratch)).samples
            after = decode(own, max_minutes, Path(scratch)).samples
            return one_channel(before, like=after), one_channel(after)

        def draw(index: int, count: int) -> bytes:
            return plots.change_webp(*both(), item.rate, -louder, index, count)

        return plots.pictures(plots.BASE_CHANGE, draw, key, item.duration, memo)
