"""`demo`: a site from the renders that come with the package."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import soundfile

from stemsilver.cli.commands import demo
from stemsilver.resources import demo_batch

from ..pipeline.batches import DEMO, contents, cut
from .terminal import Terminal, faulty


def test_the_package_carries_renders_of_the_demo_batch() -> None:
    carried = contents(demo_batch())
    assert sum(map(len, carried.values())) < 2_500_000
    for name in ("museum_guide", "safety_briefing", "sequential/bread_recipe"):
        short = Path(name).name
        mixture, rate = soundfile.read(demo_batch() / f"{short}.flac", dtype="int16")
        wanted, wanted_rate = soundfile.read(DEMO / f"{name}.wav", dtype="int16")
        assert rate == wanted_rate
        assert np.array_equal(mixture, wanted)
        carried.pop(f"{short}.flac")
        for beside in (".txt", ".reference.flac"):
            assert carried.pop(f"{short}{beside}") == (DEMO / f"{name}{beside}").read_bytes()
    assert carried.keys() == {"README.md"}


def test_a_demo_is_built_once(
    stemsilver: Terminal, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    cut("museum_guide.wav", 0.6, 2.2, folder / "carried" / "one.flac")
    monkeypatch.setattr(demo, "demo_batch", lambda: folder / "carried")
    (folder / "stemsilver-demo" / "raw").mkdir(parents=True)
    (folder / "stemsilver-demo" / "raw" / ".one.flac.new").touch()  # it was interrupted
    ended = stemsilver("demo")
    assert ended.code == 0, ended.err
    assert ended.err.splitlines()[-1] == "To listen: stemsilver serve stemsilver-demo/site"
    made = folder / "stemsilver-demo"
    assert (made / "site" / "index.html").is_file()
    assert (made / "proceed" / "one__speech_only.wav").is_file()
    assert {path.name for path in folder.iterdir()} == {"carried", "stemsilver-demo"}
    assert "Nothing changed" in stemsilver("demo", "stemsilver-demo").err


@pytest.mark.parametrize("mine", ["raw/mine.wav", "site/index.html", ""])
def test_a_folder_of_the_user_is_left_alone(stemsilver: Terminal, folder: Path, mine: str) -> None:
    path = folder / "batch" / mine
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(b"mine")
    before = contents(folder)
    faulty(stemsilver("demo", "batch"), 2, "batch has other files")
    assert contents(folder) == before
