"""One render: what its key depends on, and what may lie beside it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from stemsilver import pipeline
from stemsilver.audio import encode_wav
from stemsilver.config import Profile
from stemsilver.discover import discover
from stemsilver.errors import UsageError
from stemsilver.pipeline import tasks
from stemsilver.pipeline.tasks import item_key
from stemsilver.records import Audio, Render
from stemsilver.step_cache import CodeFingerprint

from .batches import changed, embedded

TONE = Audio((np.sin(np.arange(800) / 10)[None] / 2).astype(np.float32), 8000)


@pytest.fixture
def render(tmp_path: Path) -> Render:
    (tmp_path / "a.wav").write_bytes(encode_wav(TONE))
    (tmp_path / "a.reference.wav").write_bytes(encode_wav(TONE))
    (tmp_path / "a.txt").write_text("Some words.")
    [render] = discover(tmp_path).renders
    return render


DECIDING: dict[str, Callable[[Render, Profile], tuple[Render, Profile]]] = {
    "source": lambda r, p: (r.source.write_bytes(b"x"), (r, p))[1],
    "script": lambda r, p: ((r.source.parent / "a.txt").write_bytes(b"x"), (r, p))[1],
    "reference": lambda r, p: ((r.source.parent / "a.reference.wav").write_bytes(b""), (r, p))[1],
    "no script": lambda r, p: (replace(r, script=None), p),
    "no reference": lambda r, p: (replace(r, reference=None), p),
    "path": lambda r, p: (replace(r, path="b.wav"), p),
    "id": lambda r, p: (replace(r, id="b"), p),
    "output": lambda r, p: (replace(r, output="b__speech_only.wav"), p),
    "chain": lambda r, p: (r, changed(p, "postprocess", final_lufs=-17.0)),
    "pairs": lambda r, p: (r, changed(p, "ab_tests", fade_ms=11)),
    "evaluation": lambda r, p: (
        r,
        changed(p, "evaluation", dnsmos=p.evaluation.dnsmos.model_copy(update={"hop_seconds": 1})),
    ),
}


@pytest.mark.parametrize("what", DECIDING)
def test_everything_that_decides_an_item_is_in_its_key(render: Render, what: str) -> None:
    before = item_key(render, embedded())
    assert item_key(*DECIDING[what](render, embedded())) != before


def test_what_is_and_is_not_in_the_key(render: Render, monkeypatch: pytest.MonkeyPatch) -> None:
    before = item_key(render, embedded())
    assert item_key(render, changed(embedded(), "gates", wer_max=0.5)) == before
    assert item_key(render, changed(embedded(), "site", title="Another")) == before
    assert item_key(render, embedded(), stages=True) != before
    monkeypatch.setattr(tasks, "CODE", tasks.CODE + CodeFingerprint((), ("another",)))
    assert item_key(render, embedded()) != before


def test_signals_differ_by_rate_shape_or_sample() -> None:
    samples = TONE.samples
    signals = [
        TONE,
        Audio(samples, 16_000),
        Audio(samples.reshape(2, -1), 8000),
        Audio(samples * np.float32(0.5), 8000),
    ]
    assert len({signal.digest for signal in signals}) == len(signals)
    assert Audio(samples.copy(), 8000).digest == TONE.digest


@pytest.mark.parametrize(
    "other",
    [
        Audio(TONE.samples, 16_000),
        Audio(TONE.samples[:, :-1], 8000),
        Audio(np.repeat(TONE.samples, 2, axis=0), 8000),
    ],
)
def test_other_files_are_not_compared(render: Render, tmp_path: Path, other: Audio) -> None:
    clean = tmp_path / "clean.wav"
    clean.write_bytes(encode_wav(other))
    with pytest.raises(
        UsageError, match=r"a\.wav and clean\.wav differ .*8000 Hz, 1 channels, 800"
    ):
        pipeline.evaluate_pair(render.source, clean, embedded())
