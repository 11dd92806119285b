"""A diff as JSON-serialisable values, for other programs."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import asdict
from typing import Any

from stemsilver.evaluation.catalogue import METRICS
from stemsilver.report.comparison.change import Change
from stemsilver.report.comparison.diff import Diff, ItemDiff
from stemsilver.report.comparison.guardrail import Check
from stemsilver.report.scorecard.scorecard import Scorecard, ScoredRender

SCHEMA_VERSION = 1


def diff_json(diff: Diff, checks: Sequence[Check]) -> dict[str, Any]:
    """Return a diff and the checks made on it as JSON-serialisable values.

    There is no NaN or infinity: `json.dumps(…, allow_nan=False)` succeeds. `severity` is in
    tolerances, and null if the metric is lost. Metrics that neither build measured are left out.
    """
    return {
        "schema_version": SCHEMA_VERSION,
        "base": _made(diff.base),
        "head": _made(diff.head),
        "nothing_changed": diff.nothing_changed,
        "passed": all(check.passed for check in checks),
        "checks": [asdict(check) for check in checks],
        "means": {
            one.change.metric: {**_change(one.change), "count": one.count} for one in diff.means
        },
        "items": [_item(item) for item in diff.compared],
        "added": _named(diff.added),
        "removed": _named(diff.removed),
        "failing": _named(diff.failing),
        "mended": _named(diff.mended),
        "failing_still": _named(diff.failing_still),
        "other_audio": _named(diff.other_audio),
    }


def _made(build: Scorecard) -> dict[str, Any]:
    return {
        "profile": build.profile,
        "config_digest": build.config_digest,
        "created": build.created,
        "tool_version": build.tool_version,
        "commit": build.commit,
    }


def _item(item: ItemDiff) -> dict[str, Any]:
    return {
        "id": item.id,
        "path": item.path,
        "was": item.was,
        "now": item.now,
        "language": {"base": item.base.language, "head": item.head.language},
        "metrics": {name: _change(one) for name, one in item.changes.items()},
    }


def _change(change: Change) -> dict[str, Any]:
    return {
        "base": change.base,
        "head": change.head,
        "delta": change.delta,
        "direction": METRICS[change.metric].direction,
        "verdict": change.sense,
        "severity": change.severity if math.isfinite(change.severity) else None,
    }


def _named(items: Sequence[ScoredRender]) -> list[dict[str, str]]:
    return [{"id": item.id, "path": item.path} for item in items]
