"""Cleaning that leaves a render without music alone: only its level is changed."""

from __future__ import annotations

from stemsilver.cleaning import chain, untouched
from stemsilver.config import Profile
from stemsilver.evaluation import suite
from stemsilver.evaluation.music.absence import nothing_to_remove
from stemsilver.records import Audio, Cleaned
from stemsilver.step_cache import Memo


def clean(raw: Audio, source: str, profile: Profile, memo: Memo) -> Cleaned:
    """Clean a render; if it has no music, change only its level.

    The separators run first in either case. The detector, which is much faster, misses some faint
    music, so it does not decide alone. And what is measured against Stage A has its value for every
    render.

    Args:
        raw: The render.
        source: A digest of the render's samples and rate.
        profile: The settings.
        memo: Runs, measures and may cache the steps.

    Raises:
        StageError: a step returned a signal of another shape, or one that is not finite.
        WeightsError: a model's weights are missing or altered.
    """
    found = chain.extract(raw, source, profile.chain, memo)
    if profile.nothing_to_remove.enabled:
        heard = suite.find_music(raw, source, profile.evaluation, memo)
        if heard.has_speech and nothing_to_remove(
            heard.ranges,
            heard.scores["pause_floor_db"],
            untouched.removed_db(found, raw.rate),
            profile.nothing_to_remove,
        ):
            return untouched.level_only(raw, found, profile.chain)
    return chain.finish(raw, found, profile.chain, memo)
