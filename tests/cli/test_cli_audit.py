"""`audit`: what it names, what it writes, and its exit codes."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from ..pipeline.batches import cut
from .terminal import Terminal


@pytest.mark.parametrize(
    ("threshold", "code"), [((), 1), (("--threshold", "-20"), 1), (("--threshold", "0"), 0)]
)
def test_audit_names_the_music(
    stemsilver: Terminal, folder: Path, threshold: tuple[str, ...], code: int
) -> None:
    cut("museum_guide.wav", 0.0, 5.0, folder / "raw" / "sub" / "music.wav")
    cut("safety_briefing.wav", 0.0, 5.0, folder / "raw" / "speech.wav")
    ended = stemsilver("audit", "raw", "-o", "out", "--json", *threshold)
    assert ended.code == code, ended
    speech, music = sorted(json.loads(ended.out)["items"], key=lambda one: one["status"] == "music")
    assert (speech["path"], speech["status"], speech["music"]) == ("speech.wav", "no_music", [])
    assert music["above_threshold"] is bool(code)
    rows = (folder / "out" / "audit.csv").read_text().splitlines()
    assert rows[0] == "path,status,start,end,level_db"
    assert "speech.wav,no_music,,," in rows
    labels = (folder / "out" / "sub" / "music.wav.labels.txt").read_text()
    assert labels.startswith("0.000000\t")
    assert not (folder / "out" / "speech.wav.labels.txt").exists()
    (folder / "raw" / "broken.wav").write_text("Once upon a time.")
    assert stemsilver("audit", "raw/broken.wav").code == 1
