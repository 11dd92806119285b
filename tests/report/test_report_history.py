"""The history of builds: what is kept of each, and what is believed of a file."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from stemsilver import report
from stemsilver.errors import UsageError
from stemsilver.report import HISTORY
from stemsilver.report.history import records as history
from stemsilver.report.scorecard.scores import Mean

from .planted_batch import RESULTS, SCORECARD, scored, write
from .planted_history import builds, renamed

CARD, EMPTY = report.scorecard_json(SCORECARD), report.history_json(())


def test_a_record_tells_what_was_built_and_what_came_of_it(tmp_path: Path) -> None:
    found = report.record(SCORECARD)
    assert found.created == "2026-01-02T03:04:05Z"
    assert (found.profile, found.commit) == ("embedded", "c0ffee")
    assert (found.items, found.passed, found.gate_failed, found.failed) == (4, 1, 1, 1)
    assert found.settings["enhancement.mixture_share"] == 0.6
    assert found.settings["separation.models.1.model_name"] == "spleeter-2stems"
    assert found.settings["beta_wiener.enabled"] is False
    assert "name" not in found.settings
    assert found.targets == {"clean_lufs": -16.0}
    assert found.means["clean_music_presence"] == Mean(pytest.approx(0.2), 2)
    # Nothing was measured, so there is nothing to keep.
    assert "clean_estoi" not in found.means
    # The scorecard gives the same record as the build that wrote it.
    assert report.record(report.read_scorecard(write(tmp_path / "card.json", CARD))) == found


def test_a_batch_is_known_by_its_sound_alone() -> None:
    def digest(**values: object) -> str:
        first, *others = RESULTS
        return report.record(scored(*others, replace(first, **values))).batch  # type: ignore[arg-type]

    assert digest() == report.record(SCORECARD).batch
    assert digest(output="elsewhere.wav", notes=("Another.",)) == digest()
    assert len({digest(), digest(raw_digest="ab" * 32), digest(id="other")}) == 3


def test_what_was_kept_is_read(tmp_path: Path) -> None:
    records = report.merged(
        [*builds(3), *renamed(builds(2, 1), commit=None, config_digest="e" * 64)]
    )
    path = tmp_path / HISTORY
    assert report.read_history(path) == (), "there is none"
    values = json.loads(json.dumps(report.history_json(records)))
    assert report.read_history(write(path, values)) == report.read_records(path) == records
    # What a later version added is passed over.
    first(values).update(news=1)
    first(values)["means"]["clean_novelty"] = {"value": 1.0, "count": 3, "news": 2}
    assert report.read_history(write(path, values)) == records


def test_what_is_built_twice_counts_once_and_at_the_later_time() -> None:
    one, two, three = builds(3)
    again = replace(two, created="2026-06-01T00:00:00Z")
    assert report.merged([one, two, again]) == (one, again)
    # The same from several files, in any order.
    assert report.merged([two, one, *report.merged([one, two, three]), three]) == (one, two, three)
    # What returns to how it was is news.
    back = replace(one, created="2026-07-01T00:00:00Z")
    assert report.merged([one, two, back]) == (one, two, back)
    # A build between two others of its own profile does not part them.
    other = replace(two, profile="studio")
    assert report.merged([one, other, back]) == (other, back)


def test_anything_that_changed_makes_another_build() -> None:
    [one] = builds(1)
    later = replace(one, created="2026-06-01T00:00:00Z")
    for other in (
        replace(later, profile="studio"),
        replace(later, commit="abcdef0"),
        replace(later, config_digest="e" * 64),
        replace(later, tool_version="0.2.0"),
        replace(later, batch="cd" * 32),
        replace(later, means={"clean_lufs": Mean(-16.01, 20)}),
    ):
        assert report.merged([other, one]) == (one, other)


def test_the_oldest_builds_are_forgotten(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(history, "MAX_RECORDS", 5)
    records = builds(9)
    assert report.merged(reversed(records)) == tuple(records[4:])


def test_scorecards_are_found_in_the_folders_of_a_folder(tmp_path: Path) -> None:
    days = ("2026-03-01", "2026-01-01", "2026-02-01")
    for depth, day in enumerate(days):
        made = replace(SCORECARD, created=f"{day}T00:00:00Z", commit=f"abcd{depth}")
        below = Path(*(f"run {level}" for level in range(depth)))
        write(tmp_path / below / f"{day}.json", report.scorecard_json(made))
    (tmp_path / "notes.txt").write_text("Not one.")
    found = report.merged(report.read_records(tmp_path))
    assert [one.created[:10] for one in found] == sorted(days)


def test_of_a_report_or_a_site_only_what_tells_of_builds_is_read(tmp_path: Path) -> None:
    built, site = tmp_path / "report", tmp_path / "site"
    this = report.record(SCORECARD)
    write(built / "scorecard.json", CARD)
    write(built / "items" / "good-wav.json", {"id": "good-wav", "transcripts": {}})
    assert report.read_records(built) == (this,)
    earlier = renamed(builds(2), config_digest="e" * 64)
    write(built / HISTORY, report.history_json([*earlier, this]))
    assert report.merged(report.read_records(built)) == report.merged([*earlier, this])
    kept = write(site / "downloads" / HISTORY, report.history_json(earlier))
    write(site / "renders" / "a" / "listening.json", {})
    assert report.read_records(site) == tuple(earlier)
    # As it is where a site's first build had no history yet.
    kept.unlink()
    write(site / "downloads" / "scorecard.json", CARD)
    assert report.read_records(site) == (this,)


@pytest.mark.parametrize(
    ("make", "why"),
    [
        (lambda path: None, "cannot be read"),
        (lambda path: path.mkdir(), "neither history nor scorecard"),
        (lambda path: write(path / "a.json", {"what": 1}), "not a history or a scorecard"),
        (lambda path: write(path / "a" / "b.json", []), "not a history or a scorecard"),
        (lambda path: [write(path / f"{n}.json", EMPTY) for n in range(5)], "more than 4 files"),
    ],
)
def test_what_tells_of_no_build_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, make: Callable[[Path], object], why: str
) -> None:
    monkeypatch.setattr(history, "_MAX_FILES", 4)
    make(tmp_path / "it")
    with pytest.raises(UsageError, match=why) as refused:
        report.read_records(tmp_path / "it")
    assert str(tmp_path / "it") in refused.value.message
    assert "history.json" in refused.value.next_step


def first(values: dict[str, Any]) -> dict[str, Any]:
    return values["records"][0]  # type: ignore[no-any-return]


def presence(values: dict[str, Any]) -> dict[str, Any]:
    return first(values)["means"]["clean_music_presence"]  # type: ignore[no-any-return]


def settings(values: dict[str, Any]) -> dict[str, Any]:
    return values["settings"]["d" * 64]  # type: ignore[no-any-return]


@pytest.mark.parametrize(
    ("damage", "why"),
    [
        (lambda v: v.update(schema_version=2), "should be 1"),
        (lambda v: v.update(records={}), "valid list"),
        (lambda v: v["records"].extend([first(v)] * 500), "at most 500"),
        (lambda v: first(v).update(created="2026-13-01T00:00:00Z"), "month"),
        (lambda v: first(v).update(created="yesterday"), "pattern"),
        (lambda v: first(v).update(commit="<script>"), "pattern"),
        (lambda v: first(v).update(batch="`x`"), "pattern"),
        (lambda v: first(v).update(profile=""), "1 character"),
        (lambda v: first(v).update(profile="x" * 300), "255 characters"),
        (lambda v: first(v).update(items="20"), "valid integer"),
        (lambda v: first(v).update(items=-1), "greater than"),
        (lambda v: first(v).pop("failed"), "required"),
        (lambda v: presence(v).update(value=None), "valid number"),
        (lambda v: presence(v).update(value=1e300), "less than"),
        (lambda v: presence(v).update(count=0), "greater than"),
        (lambda v: first(v)["targets"].update(clean_lufs=[1]), "valid number"),
        (lambda v: settings(v).update({"<b>": 1}), "pattern"),
        (lambda v: settings(v).update(a={"b": 1}), "settings"),
        (lambda v: settings(v).update(a=10**400), "settings"),
        (lambda v: settings(v).update({f"a{n}": 1 for n in range(501)}), "at most 500"),
    ],
)
def test_what_is_not_a_history_is_refused_with_the_reason(
    tmp_path: Path, damage: Callable[[dict[str, Any]], object], why: str
) -> None:
    values = json.loads(json.dumps(report.history_json(builds(2))))
    damage(values)
    path = write(tmp_path / HISTORY, values)
    with pytest.raises(UsageError) as refused:
        report.read_history(path)
    assert why in refused.value.message
    assert str(path) in refused.value.message
    assert len(refused.value.message) < 600
    assert "moving this file away" in refused.value.next_step


def test_no_more_is_read_than_a_history_may_have(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(history, "MAX_BYTES", 100)
    path = write(tmp_path / HISTORY, " " * 101)
    for read in (report.read_history, report.read_records):
        with pytest.raises(UsageError, match="more than"):
            read(path)
