"""One render: what its key depends on, and what may lie beside it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from stemsilver import pipeline
from stemsilver.audio import decode, encode_wav, resample
from stemsilver.config import Profile
from stemsilver.discover import discover
from stemsilver.errors import UsageError
from stemsilver.pipeline import tasks
from stemsilver.pipeline.tasks import item_key
from stemsilver.records import Audio, Render
from stemsilver.step_cache import CodeFingerprint

from .batches import changed, embedded

RAW = Path(__file__).parents[2] / "raw"
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
    with monkeypatch.context() as patch:
        patch.setattr(tasks, "__version__", "0")  # the speech-only file names it
        assert item_key(render, embedded()) != before
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


def test_a_clean_file_of_another_tool_is_measured_in_any_layout(tmp_path: Path) -> None:
    """Some tools give back another rate, another number of channels, or a few frames more."""
    raw, clean, truth = (tmp_path / name for name in ("raw.wav", "clean.wav", "truth.wav"))
    mixture, voice = (
        decode(RAW / f"museum_guide.{kind}", 1).samples[:, 12_000 : 12_000 + 24_000]
        for kind in ("wav", "reference.flac")
    )
    cleaned = Audio(voice + np.float32(0.2) * (mixture - voice), 24_000)
    wider = np.pad(resample(cleaned.samples, 24_000, 44_100), ((0, 0), (441, 700)))
    other = Audio(np.concatenate([wider, 0 * wider]), 44_100)
    raw.write_bytes(encode_wav(Audio(mixture, 24_000)))
    truth.write_bytes(encode_wav(Audio(voice, 24_000)))
    found = []
    for audio in (cleaned, other):
        clean.write_bytes(encode_wav(audio))
        found.append(pipeline.evaluate_pair(raw, clean, embedded(), reference=truth))
    plain, converted = found
    for name in ("raw_si_sdr_db", "clean_si_sdr_db", "clean_estoi"):
        value = plain.scores[name].value
        assert converted.scores[name].value == pytest.approx(value, abs=0.1), name
    assert plain.notes == ()
    layouts, channel, late = converted.notes
    assert "clean.wav 44100 Hz, 2 channels, 45241 frames" in layouts
    assert channel.endswith("channel 2.")
    assert ": clean 10.00 ms later" in late


def test_files_of_another_length_are_not_compared(render: Render, tmp_path: Path) -> None:
    clean = tmp_path / "clean.wav"
    clean.write_bytes(encode_wav(Audio(np.tile(TONE.samples, 7), 8000)))
    with pytest.raises(UsageError, match=r"a\.wav and clean\.wav .* last 0\.10 s and 0\.70 s"):
        pipeline.evaluate_pair(render.source, clean, embedded())
