"""What a real build hands to the ear: tracks, their levels, stages, and a base to compare with."""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np
import pytest

from stemsilver.audio import decode
from stemsilver.cleaning import separators
from stemsilver.errors import UsageError
from stemsilver.media import plots
from stemsilver.media.playback import LISTENING, from_json, gains

from .batches import Built, InThisProcess, NoWorkers, changed, contents, embedded


def test_tracks_add_up_and_are_matched_by_the_speech_in_them(built: Built) -> None:
    """On the site's own files, against the truth that lies beside the render."""
    item = built.outcome.finished.items[0]
    folder = built.outcome.finished.media[item.id]
    tracks = from_json((folder / LISTENING).read_bytes())
    assert (item.path, list(tracks)) == ("one.wav", ["raw", "clean", "removed"])
    sound = {name: decode(folder / f"{name}.flac", 1).samples[0] for name in tracks}
    # Raw − removed is clean but for equaliser and gain.
    assert np.corrcoef(sound["raw"] - sound["removed"], sound["clean"])[0, 1] > 0.97
    found = gains(tracks, "speech_db")
    assert found is not None
    truth = decode(built.workspace.raw / "one.reference.flac", 1).samples[0].astype(np.float64)
    # Both hold the truth at one level.
    raw, clean = (
        20 * np.log10(sound[name] @ truth / (truth @ truth)) + found[name]
        for name in ("raw", "clean")
    )
    assert raw == pytest.approx(clean, abs=0.5)


def test_stages_can_be_kept(built: Built, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    workspace = built.workspace.copy(tmp_path / "stages")
    monkeypatch.setattr(separators, "load", lambda name: pytest.fail(f"{name} ran again"))
    # As if the render were long.
    monkeypatch.setattr(plots, "strips", lambda duration: 2)
    masked = changed(embedded(), "beta_wiener", enabled=True)
    outcome = workspace.build(InThisProcess(), masked, stages=True)
    item = outcome.finished.items[0]
    folder = workspace.places.site / "renders" / item.id
    tracks = {"raw", "clean", "removed", "vocals", "denoised", "masked"}
    pictures = {*tracks, "change"}
    strips = {f"{name}-00{index}" for name in pictures for index in range(2)}
    assert {path.stem for path in folder.glob("*.webp")} == pictures | strips | {"thumbnail"}
    assert {path.stem for path in folder.glob("*.flac")} == {*tracks, "ab-1-raw", "ab-1-clean"}
    # At the level of raw, whatever level the models heard: little is left without the vocals.
    raw, vocals = (decode(folder / f"{name}.flac", 1).samples[0] for name in ("raw", "vocals"))
    assert np.square(raw - vocals).mean() < 0.5 * np.square(raw).mean()


def test_a_base_is_listened_to_beside_this_build(built: Built, tmp_path: Path) -> None:
    workspace = built.workspace.copy(tmp_path / "compared")
    base = workspace.places.site.rename(tmp_path / "base-site")
    quieter = changed(embedded(), "postprocess", final_lufs=-22.0)
    workspace.build(InThisProcess(), quieter, base=base)
    site = workspace.places.site
    for item in built.outcome.finished.items:
        mine, theirs = (path / "renders" / item.id for path in (site, base))
        assert (mine / "base.flac").read_bytes() == (theirs / "clean.flac").read_bytes()
    assert (site / "compare.html").is_file()
    # 6 dB apart, which must not give them away.
    page = (site / "blind.html").read_text(encoding="utf-8")
    pairs = re.findall(r'data-head-gain="([^"]+)" data-base-gain="([^"]+)"', page)
    assert len(pairs) == len(built.outcome.finished.items)
    for head, other in pairs:
        assert (float(head), float(other)) == (0, pytest.approx(-6, abs=0.5))


def test_a_base_or_a_site_that_is_none_costs_no_work(built: Built, tmp_path: Path) -> None:
    workspace = built.workspace.copy(tmp_path / "refused")
    before = contents(workspace.places.site)
    quieter = changed(embedded(), "postprocess", final_lufs=-20.0)
    with pytest.raises(UsageError, match="not a site that this build can be compared with"):
        workspace.build(NoWorkers(), quieter, base=tmp_path)
    (workspace.places.site / ".stemsilver-site").unlink()
    with pytest.raises(UsageError, match="did not make"):
        workspace.build(NoWorkers(), quieter)
    assert contents(workspace.places.site) == before
