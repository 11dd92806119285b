"""This build beside another: what is matched, what a change means, what cannot be compared."""

from __future__ import annotations

import json
import re
import shutil
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import soundfile
from playwright.sync_api import expect

from stemsilver.errors import UsageError
from stemsilver.media.playback import BASE, LISTENING
from stemsilver.microsite import read_base
from stemsilver.microsite.baseline import BaseItem, label, match
from stemsilver.microsite.pages.blind import BlindPair
from stemsilver.microsite.pages.compare_builds import Comparison, comparison
from stemsilver.microsite.parts.player import blind_pair, heard_tracks, player, sources
from stemsilver.records import ItemResult, Score, Timeline
from stemsilver.report import diff, judge_again

from .conftest import PHONE, Opener
from .fonts import widths
from .planted_site import DUET, INTRO, SILENT, Planted, Published, set_levels

LEFT = "one => one.getBoundingClientRect().left"


@pytest.fixture
def base_site(published: Published, tmp_path: Path) -> Path:
    """A copy of the planted site, to be made into that of another build."""
    return Path(shutil.copytree(published.folder, tmp_path / "base"))


def edit(site: Path, item: str, **changes: object) -> None:
    """Change metrics, or with a dict a whole part, of an item in a site's scorecard."""
    path = site / "downloads" / "scorecard.json"
    card = json.loads(path.read_text())
    entry = next(one for one in card["items"] if one["id"] == item)
    for name, value in changes.items():
        if isinstance(value, float):
            entry["metrics"][name] = {"value": value, "reason": None}
        else:
            entry[name] = value
    path.write_text(json.dumps(card))


def compare(planted: Planted, site: Path) -> Comparison:
    base = read_base(site)
    matched = match(planted.scorecard, planted.media, base)
    names = "this one", "that one"
    return comparison(planted.scorecard, base, matched, planted.evidence, *names)


def senses(view: Comparison, item: str) -> dict[str, str]:
    row = next(row for row in view.rows if item in row.href)
    return {
        family.anchor: change.sense
        for family, change in zip(view.families, row.changes, strict=True)
    }


def test_a_change_is_better_or_worse_by_the_metrics_direction(
    planted: Planted, base_site: Path
) -> None:
    view = compare(planted, base_site)
    assert len(view.rows) == 4
    assert {change.sense for row in view.rows for change in row.changes} <= {"same", "unmeasured"}
    assert view.unmatched == (("broken.wav", "not cleaned here"),)
    assert view.guardrail_result.sound
    # A verdict that only other limits change is no other result.
    assert view.judged_otherwise == 0
    strict = planted.profile.gates.model_copy(update={"wer_max": 0.0, "words_changed_allowed": 0})
    stricter = judge_again(
        read_base(base_site).scorecard, planted.profile.model_copy(update={"gates": strict})
    )
    other = diff(read_base(base_site).scorecard, stricter)
    assert INTRO in {one.id for one in other.judged_otherwise}
    assert not other.reversed_verdicts
    edit(base_site, INTRO, clean_pause_floor_db=-30.0, clean_dnsmos_ovrl=3.5)
    edit(base_site, DUET, clean_dnsmos_ovrl=3.2)
    # Less than what is shown is no change.
    edit(base_site, INTRO, wer_raw_to_clean=0.05001)
    view = compare(planted, base_site)
    found = senses(view, INTRO)
    assert found["pause_floor_db"] == "better", "lower is better"
    assert found["dnsmos_ovrl"] == "worse", "higher is better"
    assert found["wer_raw_to_clean"] == "same"
    # Named with the worst second, the worst render first, and beside the mean that hides it.
    worse = view.worse.renders
    assert [one.path for one in worse] == ["narration/intro one.wav", "stereo/duet.wav"]
    assert worse[0].href == f"renders/{INTRO}.html#v=clean&t=0.40"
    assert worse[0].metrics[0].label == "DNSMOS overall"
    assert worse[0].moment is not None
    assert worse[0].moment.why == "speech departs most from raw"
    # It has no place to listen to first, so the largest departure of all counts.
    assert worse[1].href == f"renders/{DUET}.html#v=clean&t=0.40"
    beside = dict(zip((one.anchor for one in view.families), view.worst, strict=True))
    assert beside["pause_floor_db"] is None
    assert beside["dnsmos_ovrl"] is not None
    assert beside["dnsmos_ovrl"].path == "narration/intro one.wav"
    # For music that is left, the worst second is that with most music.
    edit(base_site, INTRO, clean_music_presence=0.0001, clean_dnsmos_ovrl=3.1)
    edit(base_site, DUET, clean_dnsmos_ovrl=3.1)
    item, *others = planted.results
    assert item.evidence is not None
    music = {**item.evidence.music, "clean": Timeline(0.1, (0.0,) * 12 + (0.9,) * 3)}
    scores = {**item.evidence.scores, "clean_music_presence": Score(0.2)}
    left = replace(item, evidence=replace(item.evidence, music=music, scores=scores))
    [one] = compare(replace(planted, results=(left, *others)), base_site).worse.renders
    assert one.moment is not None
    assert (one.moment.why, one.moment.fragment) == ("most music left", "#v=clean&t=0.70")


def test_a_metric_that_is_gone_is_lost_as_the_guardrail_has_it(
    planted: Planted, base_site: Path
) -> None:
    item, *others = planted.results
    assert item.evidence is not None
    scores = {**item.evidence.scores, "stoi_vs_stage_a": Score.missing("silent")}
    lost = replace(item, evidence=replace(item.evidence, scores=scores))
    view = compare(replace(planted, results=(lost, *others)), base_site)
    assert senses(view, INTRO)["stoi_vs_stage_a"] == "lost"
    column = [one.anchor for one in view.families].index("stoi_vs_stage_a")
    assert view.counts[column]["lost"] == 1
    [check] = [check for check in view.guardrail_result.checks if check.name == "stoi"]
    assert "lost in 1 render" in check.found


def test_means_are_over_what_both_have(planted: Planted, base_site: Path) -> None:
    edit(base_site, INTRO, clean_dnsmos_ovrl=2.1)
    edit(base_site, DUET, metrics={})
    view = compare(planted, base_site)
    ovrl = next(i for i, one in enumerate(view.families) if one.anchor == "dnsmos_ovrl")
    # Of two renders, 3.1 each here; 2.1 and 3.1 in the base.
    assert (view.means[ovrl].base.text, view.means[ovrl].head.text) == ("2.60", "3.10")
    scores = read_base(base_site).scorecard.items[DUET].scores
    assert scores["clean_lufs"] == Score.missing("not_measured")


def test_other_raw_audio_is_another_render(planted: Planted, base_site: Path) -> None:
    noise = np.random.default_rng(1).uniform(-0.1, 0.1, 36_000)
    soundfile.write(base_site / "renders" / INTRO / "raw.flac", noise, 24_000, subtype="PCM_16")
    edit(base_site, DUET, id="gone-00000009", path="gone.wav")
    shutil.copytree(base_site / "renders" / DUET, base_site / "renders" / "gone-00000009")
    view = compare(planted, base_site)
    assert dict(view.unmatched) == {
        "narration/intro one.wav": "the raw audio differs",
        "stereo/duet.wav": "only in this build",
        "broken.wav": "not cleaned here",
        "gone.wav": "only in the base",
    }
    # Packed by another encoder, the same samples have other bytes and match.
    path = base_site / "renders" / SILENT / "raw.flac"
    samples, rate = soundfile.read(path, dtype="int16")
    before = path.read_bytes()
    soundfile.write(path, samples, rate, subtype="PCM_16", compression_level=0.0)
    assert path.read_bytes() != before
    assert SILENT in match(planted.scorecard, planted.media, read_base(base_site))


@pytest.mark.parametrize(
    ("spoil", "why"),
    [
        (lambda site: (site / "downloads" / "scorecard.json").write_text("{"), "Expecting"),
        (lambda site: (site / "renders" / INTRO / LISTENING).unlink(), "No such file"),
        (lambda site: loud(site / "renders" / INTRO / LISTENING, "NaN"), "ValidationError"),
        (lambda site: loud(site / "renders" / INTRO / LISTENING, "1e999"), "ValidationError"),
        (lambda site: (site / "renders" / INTRO / LISTENING).write_text("{}"), "not described"),
        (lambda site: (site / "renders" / INTRO / "raw.flac").write_bytes(b""), "not a FLAC file"),
        (lambda site: (site / "renders" / INTRO / "clean.flac").write_text("x"), "not a FLAC file"),
        (lambda site: (site / "renders" / INTRO / "clean.webp").write_text("x"), "not a WebP file"),
        (lambda site: shorten(site / "renders" / INTRO / "clean.flac"), "rate, channels or length"),
        (lambda site: link_out(site / "renders" / INTRO / "clean.flac"), "leads out of"),
        (lambda site: edit(site, INTRO, id="../../../etc"), "items.0.id"),
    ],
)
def test_what_is_no_site_of_ours_is_refused(base_site: Path, spoil: object, why: str) -> None:
    assert callable(spoil)
    spoil(base_site)
    with pytest.raises(UsageError, match=why):
        read_base(base_site)


def loud(levels: Path, value: str) -> None:
    """Make a level no number."""
    levels.write_text(re.sub(r'"lufs":-?[\d.]+', f'"lufs":{value}', levels.read_text()))


def shorten(flac: Path) -> None:
    soundfile.write(flac, np.zeros(100), 24_000, subtype="PCM_16")


def link_out(flac: Path) -> None:
    """As in an archive made to publish a file of the machine that builds."""
    secret = flac.parents[4] / "secret"
    secret.write_bytes(flac.read_bytes())
    flac.unlink()
    flac.symlink_to(secret)


def as_base(planted: Planted, folder: Path, raw: float | None, lufs: float | None) -> BaseItem:
    """INTRO as a base whose raw holds its speech at `raw` dB, and whose clean has `lufs`."""
    made = Path(shutil.copytree(planted.media[INTRO], folder))
    clean = {"lufs": lufs, "speech_db": None if raw is None else 0.0}
    tracks = set_levels(made, raw={"lufs": -20.0, "speech_db": raw}, clean=clean)
    return BaseItem(made, b"", tracks)


def pair_of(item: ItemResult, media: Path, base: BaseItem) -> BlindPair | None:
    found = {source.name: source for source in sources(media, base)}
    return blind_pair(item, found["clean"], found[BASE])


def test_two_builds_are_matched_by_the_speech_both_know_in_raw_or_by_loudness(
    planted: Planted, tmp_path: Path
) -> None:
    """Raw holds this build's speech at −10 dB, the base's at −4: the base is 6 dB quieter."""
    media = as_base(planted, tmp_path / "a", -10.0, -16.0).folder
    base = as_base(planted, tmp_path / "b", -4.0, -16.0)
    assert heard_tracks(media, base)[BASE].speech_db == pytest.approx(-6)
    item = planted.scorecard.renders[0]
    shown = player(item, sources(media, base), {})
    tracks = {track.name: track for track in shown.tracks}
    assert list(tracks) == ["raw", "clean", "removed", BASE]
    assert tracks["clean"].speech_db - tracks[BASE].speech_db == pytest.approx(-6)
    pair = pair_of(item, media, base)
    assert pair is not None
    assert (pair.head_gain_db, pair.base_gain_db) == (pytest.approx(-6), 0)
    # Without speech it is matched by loudness, or left out.
    media = as_base(planted, tmp_path / "c", None, -16.0).folder
    pair = pair_of(item, media, as_base(planted, tmp_path / "d", None, -19.0))
    assert pair is not None
    assert (pair.head_gain_db, pair.base_gain_db) == (-3, 0)
    assert pair_of(item, media, as_base(planted, tmp_path / "e", None, None)) is None


def test_the_pages_lead_to_each_other_tell_the_guardrail_and_play_the_base(
    planted: Planted, base_site: Path, tmp_path: Path, open_page: Opener
) -> None:
    edit(base_site, DUET, music_to_speech_db=-31.0)
    edit(base_site, INTRO, clean_dnsmos_ovrl=3.5)
    site = Published(tmp_path / "site", planted)
    planted.build(site.folder, base=base_site)
    page = open_page(site, "index.html", viewport=PHONE)
    said = "Compared with profile embedded, 22 November 2026"
    expect(page.locator(".st-hero")).to_contain_text(said)
    page.get_by_role("link", name="The guardrail fails: Music to speech, mean, Gates").click()
    expect(page.locator(".st-hero .st-verdict")).to_contain_text("The guardrail fails: Music")
    rows = page.locator(".st-checks tbody tr")
    # On a phone, a check is a block of lines, and all of it is on the screen.
    found, limit = rows.last.locator("td[data-label]").all()
    assert all(0 < x < 60 for x in (one.evaluate(LEFT) for one in (found, limit)))
    expect(rows).to_have_count(7)
    expect(rows.filter(has_text="✗ fails")).to_have_count(2)
    expect(rows.filter(has_text="✓ pass")).to_have_count(5)
    expect(rows.last).to_contain_text("1 render newly failed")
    assert widths(page) == [390] * 3
    expect(page.get_by_role("link", name="Compare by ear, blind")).to_be_visible()
    expect(page.locator("main")).to_contain_text("embedded, 22 November 2026, 0123456")
    worse = page.locator(".st-worsened li")
    expect(worse).to_have_count(2)
    expect(worse.first).to_contain_text("stereo/duet.wav Music to speech −31.0 → −9.0 ▼ worse")
    expect(worse.first).to_contain_text("Listen at 0:01")
    worse.last.get_by_role("link", name="Listen at 0:01").click()
    expect(page).to_have_url(f"{site.url}/renders/{INTRO}.html#v=clean&t=0.40")
    expect(page.locator("input[value=clean]")).to_be_checked()
    page.get_by_role("button", name="Play", exact=True).click()
    page.get_by_role("radio", name="Base", exact=True).check(force=True)
    expect(page.get_by_role("status")).to_have_text("Playing base")


def test_without_a_base_there_is_nothing_of_it(published: Published) -> None:
    assert not (published.folder / "compare.html").exists()
    assert not (published.folder / "blind.html").exists()
    assert "compare.html" not in (published.folder / "index.html").read_text(encoding="utf-8")
    assert not list(published.folder.rglob("base.*"))


def test_two_builds_have_names_that_differ(planted: Planted) -> None:
    one = planted.scorecard
    named = "embedded, 22 November 2026, 0123456"
    assert label(one, replace(one, profile="studio")) == named
    settings = f"{named}, settings {one.config_digest[:7]}"
    assert label(one, replace(one, config_digest="0ddba115")) == settings
    later = replace(one, created="2026-11-22T14:05:00Z", profile="studio")
    assert label(one, later) == "embedded, 22 November 2026, 13:50 UTC, 0123456"
    assert label(later, one) == "studio, 22 November 2026, 14:05 UTC, 0123456"
