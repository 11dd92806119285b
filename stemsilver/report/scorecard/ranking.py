"""Order the renders of a build by how much they need a listener."""

from __future__ import annotations

import math
from collections.abc import Sequence

from stemsilver.report.scorecard.scorecard import Gate, Scorecard, ScoredRender, Status
from stemsilver.report.scorecard.verdicts import passes

_NEED: dict[Status, int] = {
    "failed": 0,
    "gate_failed": 1,
    "no_speech": 2,
    "unmeasured": 3,
    "pass": 4,
    "nothing_to_remove": 5,
}


def worst_first(found: Scorecard) -> tuple[ScoredRender, ...]:
    """Return the renders: first those not cleaned, then those that fail a gate, then the others.

    Within each group, the render with the least margin comes first.
    """
    return tuple(
        sorted(found.renders, key=lambda item: (_NEED[item.status], margin(item, found.gates)))
    )


def most_worth_hearing(found: Scorecard) -> ScoredRender | None:
    """Return the render to hear first; None if none was cleaned.

    It is the one that fails its gates by most. If none fails, it is the median of those that pass,
    because the best and the worst would be no fair example.
    """
    cleaned = [item for item in worst_first(found) if item.failure is None]
    if not cleaned or cleaned[0].status != "pass":
        return cleaned[0] if cleaned else None
    passed = [item for item in cleaned if item.status == "pass"]
    return passed[len(passed) // 2]


def margin(item: ScoredRender, limits: Sequence[Gate]) -> float:
    """Return how far a render is from failing, or less than 0 if it fails; infinite if unknown.

    It is the smallest margin to a gate, as a share of the gate's limit. Level gates count only if
    they fail, because the last step of the chain sets the level of every render to its target.
    """
    margins = [math.inf]
    for gate in limits:
        value, passed = item.scores[gate.metric].value, passes(gate, item.scores, item.lacks)
        if value is None or passed is None:
            continue
        if passed is False:
            margins.append(-_distance(gate, value))
        elif gate.admits(value) and gate.gate not in ("loudness", "true_peak"):
            margins.append(_distance(gate, value))
    return min(margins)


def _distance(gate: Gate, value: float) -> float:
    """Return how far a value is from the nearest limit of its gate, as a share of that limit.

    Scores with a lower limit, such as STOI, are at most 1, so theirs is a share of the rest to 1.
    """
    shares = []
    if gate.maximum is not None:
        shares.append(abs(value - gate.maximum) / (abs(gate.maximum) or 1.0))
    if gate.minimum is not None:
        scale = 1 - gate.minimum if 0 <= gate.minimum < 1 else abs(gate.minimum)
        shares.append(abs(value - gate.minimum) / scale)
    return min(shares, default=math.inf)
