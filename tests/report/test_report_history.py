"""The history of builds: what is kept of each, and what is believed of a file."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from stemsilver.errors import UsageError
from stemsilver.records import ItemResult
from stemsilver.report import (
    HISTORY,
    Scorecard,
    history_json,
    merged,
    read_history,
    read_records,
    read_scorecard,
    record,
    scorecard_json,
)
from stemsilver.report.history import records as history
from stemsilver.report.scorecard.scores import Mean

from .conftest import ScorecardFactory
from .planted_history import builds, renamed


def save(path: Path, values: object) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(values), encoding="utf-8")
    return path


@pytest.fixture
def card(scorecard: Scorecard, tmp_path: Path) -> Path:
    """The scorecard of the planted batch."""
    return save(tmp_path / "card" / "scorecard.json", scorecard_json(scorecard))


def test_a_record_tells_what_was_built_and_what_came_of_it(scorecard: Scorecard) -> None:
    found = record(scorecard)
    assert (found.created, found.profile, found.commit) == (
        "2026-01-02T03:04:05Z",
        "embedded",
        "c0ffee",
    )
    assert (found.items, found.passed, found.gate_failed, found.failed) == (4, 1, 1, 1)
    assert found.settings["enhancement.mixture_share"] == 0.6
    assert found.settings["separation.models.1.model_name"] == "spleeter-2stems"
    assert found.settings["beta_wiener.enabled"] is False
    assert "name" not in found.settings
    assert found.targets == {"clean_lufs": -16.0}
    assert found.means["clean_music_presence"] == Mean(pytest.approx(0.2), 2)
    # Nothing was measured, so there is nothing to keep.
    assert "clean_estoi" not in found.means


def test_a_scorecard_gives_the_same_record_as_the_build_that_wrote_it(
    scorecard: Scorecard, card: Path
) -> None:
    assert record(read_scorecard(card)) == record(scorecard)


def test_a_batch_is_known_by_its_sound_alone(
    scorecard: Scorecard, results: tuple[ItemResult, ...], make_scorecard: ScorecardFactory
) -> None:
    def digest(**values: object) -> str:
        first, *others = results
        return record(make_scorecard(*others, replace(first, **values))).batch  # type: ignore[arg-type]

    assert digest() == record(scorecard).batch
    assert digest(output="elsewhere.wav", notes=("Another.",)) == digest()
    assert len({digest(), digest(raw_digest="ab" * 32), digest(id="other")}) == 3


def test_what_was_kept_is_read(tmp_path: Path) -> None:
    records = merged([*builds(3), *renamed(builds(2, 1), commit=None, config_digest="e" * 64)])
    path = save(tmp_path / HISTORY, history_json(records))
    assert read_history(path) == read_records(path) == records


def test_a_report_without_a_history_has_none(tmp_path: Path) -> None:
    assert read_history(tmp_path / HISTORY) == ()


def test_what_is_built_twice_counts_once_and_at_the_later_time() -> None:
    one, two, three = builds(3)
    again = replace(two, created="2026-06-01T00:00:00Z")
    assert merged([one, two, again]) == (one, again)
    # The same from several files, in any order.
    assert merged([two, one, *merged([one, two, three]), three]) == (one, two, three)
    # What returns to how it was is news.
    back = replace(one, created="2026-07-01T00:00:00Z")
    assert merged([one, two, back]) == (one, two, back)


@pytest.mark.parametrize(
    "values",
    [
        {"commit": "abcdef0"},
        {"config_digest": "e" * 64},
        {"tool_version": "0.2.0"},
        {"batch": "cd" * 32},
        {"means": {"clean_lufs": Mean(-16.01, 20)}},
        {"profile": "studio"},
    ],
)
def test_anything_that_changed_makes_another_build(values: dict[str, object]) -> None:
    one, *_ = builds(1)
    other = replace(one, created="2026-06-01T00:00:00Z", **values)  # type: ignore[arg-type]
    assert merged([other, one]) == (one, other)


def test_a_build_between_two_others_of_its_own_profile_does_not_part_them() -> None:
    one, _, three = builds(3)
    [other] = renamed(builds(2, 1)[1:], profile="studio")
    again = replace(one, created=three.created)
    assert merged([one, other, again]) == (other, again)


def test_the_oldest_builds_are_forgotten(monkeypatch: pytest.MonkeyPatch) -> None:
    assert history.MAX_RECORDS == 500
    monkeypatch.setattr(history, "MAX_RECORDS", 5)
    records = builds(9)
    assert merged(reversed(records)) == tuple(records[4:])


def test_scorecards_are_found_in_the_folders_of_a_folder(
    scorecard: Scorecard, tmp_path: Path
) -> None:
    days = ("2026-03-01", "2026-01-01", "2026-02-01")
    for depth, day in enumerate(days):
        made = replace(scorecard, created=f"{day}T00:00:00Z", commit=f"abcd{depth}")
        below = Path(*(f"run {level}" for level in range(depth)))
        save(tmp_path / "earlier" / below / f"{day}.json", scorecard_json(made))
    (tmp_path / "earlier" / "notes.txt").write_text("Not one.")
    found = merged(read_records(tmp_path / "earlier"))
    assert [one.created[:10] for one in found] == sorted(days)


def test_of_a_report_or_a_site_only_what_tells_of_builds_is_read(
    card: Path, scorecard: Scorecard, tmp_path: Path
) -> None:
    report = card.parent
    save(report / "items" / "good-wav.json", {"id": "good-wav", "transcripts": {}})
    assert read_records(report) == (record(scorecard),)
    earlier = renamed(builds(2), config_digest="e" * 64)
    save(report / HISTORY, history_json([*earlier, record(scorecard)]))
    assert merged(read_records(report)) == merged([*earlier, record(scorecard)])
    site = tmp_path / "site"
    save(site / "downloads" / HISTORY, history_json(earlier))
    save(site / "renders" / "a" / "listening.json", {})
    assert read_records(site) == tuple(earlier)
    # As it is where a site's first build had no history yet.
    (site / "downloads" / HISTORY).rename(site / "downloads" / "x.txt")
    save(site / "downloads" / "scorecard.json", json.loads(card.read_text()))
    assert read_records(site) == (record(scorecard),)


@pytest.mark.parametrize(
    ("make", "why"),
    [
        (lambda path: None, "cannot be read"),
        (lambda path: path.mkdir(), "neither history nor scorecard"),
        (lambda path: save(path / "a.json", {"what": 1}), "not a history or a scorecard"),
        (lambda path: save(path / "a" / "b.json", []), "not a history or a scorecard"),
        (
            lambda path: [save(path / f"{n}.json", history_json(())) for n in range(5)],
            "more than 4 files",
        ),
    ],
)
def test_what_tells_of_no_build_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, make: Callable[[Path], object], why: str
) -> None:
    monkeypatch.setattr(history, "_MAX_FILES", 4)
    make(tmp_path / "it")
    with pytest.raises(UsageError, match=why) as refused:
        read_records(tmp_path / "it")
    assert str(tmp_path / "it") in refused.value.message
    assert "history.json" in refused.value.next_step


def damage(change: Callable[[dict[str, Any]], object]) -> Callable[[dict[str, Any]], str]:
    def text(values: dict[str, Any]) -> str:
        change(values)
        return json.dumps(values)

    return text


def first(values: dict[str, Any]) -> dict[str, Any]:
    return values["records"][0]  # type: ignore[no-any-return]


def presence(values: dict[str, Any]) -> dict[str, Any]:
    return first(values)["means"]["clean_music_presence"]  # type: ignore[no-any-return]


def settings(values: dict[str, Any]) -> dict[str, Any]:
    return values["settings"]["d" * 64]  # type: ignore[no-any-return]


@pytest.mark.parametrize(
    ("damaged", "why"),
    [
        (lambda _: "", "Expecting value"),
        (lambda v: json.dumps(v)[:-9], "line 1"),
        (lambda _: '{"records":' + "[" * 100_000, "recursion"),
        (damage(lambda v: v.update(schema_version=2)), "should be 1"),
        (damage(lambda v: v.update(records={})), "valid list"),
        (damage(lambda v: v["records"].extend([first(v)] * 500)), "at most 500"),
        (damage(lambda v: first(v).update(created="2026-13-01T00:00:00Z")), "month"),
        (damage(lambda v: first(v).update(created="yesterday")), "pattern"),
        (damage(lambda v: first(v).update(commit="<script>")), "pattern"),
        (damage(lambda v: first(v).update(batch="`x`")), "pattern"),
        (damage(lambda v: first(v).update(profile="")), "1 character"),
        (damage(lambda v: first(v).update(profile="x" * 300)), "255 characters"),
        (damage(lambda v: first(v).update(items="20")), "valid integer"),
        (damage(lambda v: first(v).update(items=-1)), "greater than"),
        (damage(lambda v: first(v).update(passed=True)), "valid integer"),
        (damage(lambda v: first(v).pop("failed")), "required"),
        (damage(lambda v: presence(v).update(value="0.1")), "valid number"),
        (damage(lambda v: presence(v).update(value=None)), "valid number"),
        (damage(lambda v: presence(v).update(value=1e300)), "less than"),
        (damage(lambda v: presence(v).update(count=0)), "greater than"),
        (damage(lambda v: first(v)["targets"].update(clean_lufs=[1])), "valid number"),
        (lambda v: json.dumps(v).replace('"count": 20', '"count": NaN', 1), "NaN is not JSON"),
        (damage(lambda v: settings(v).update({"<b>": 1})), "pattern"),
        (damage(lambda v: settings(v).update(a="x" * 256)), "settings"),
        (damage(lambda v: settings(v).update(a={"b": 1})), "settings"),
        (damage(lambda v: settings(v).update(a=10**400)), "settings"),
        (damage(lambda v: settings(v).update({f"a{n}": 1 for n in range(501)})), "at most 500"),
    ],
)
@pytest.mark.parametrize("read", [read_history, read_records])
def test_what_is_not_a_history_is_refused_with_the_reason(
    tmp_path: Path,
    read: Callable[[Path], object],
    damaged: Callable[[dict[str, Any]], str],
    why: str,
) -> None:
    path = tmp_path / HISTORY
    path.write_text(damaged(json.loads(json.dumps(history_json(builds(2))))))
    with pytest.raises(UsageError) as refused:
        read(path)
    assert why in refused.value.message
    assert str(path) in refused.value.message
    assert len(refused.value.message) < 600


def test_a_damaged_history_of_ones_own_says_how_to_go_on(tmp_path: Path) -> None:
    path = tmp_path / HISTORY
    path.write_text("{")
    with pytest.raises(UsageError) as refused:
        read_history(path)
    assert "moving this file away" in refused.value.next_step


def test_no_more_is_read_than_a_history_may_have(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(history, "MAX_BYTES", 100)
    path = tmp_path / HISTORY
    path.write_text(" " * 101)
    with pytest.raises(UsageError, match="more than"):
        read_history(path)


def test_what_a_later_version_added_is_passed_over(tmp_path: Path) -> None:
    values = json.loads(json.dumps(history_json(builds(2))))
    first(values).update(news=1)
    first(values)["means"]["clean_novelty"] = {"value": 1.0, "count": 3, "news": 2}
    assert read_history(save(tmp_path / HISTORY, values)) == tuple(builds(2))


@pytest.mark.parametrize(
    "change",
    [
        lambda config: config.update(odd={"<b>": 1}),
        lambda config: config.update(odd="x" * 300),
        lambda config: config.update(odd=[[[[[[[[[1]]]]]]]]]),
        lambda config: config.update({f"odd{n}": 1 for n in range(600)}),
    ],
)
def test_a_scorecard_with_settings_that_no_profile_has_is_refused(
    card: Path, change: Callable[[dict[str, Any]], None]
) -> None:
    values = json.loads(card.read_text())
    change(values["profile"]["config"])
    with pytest.raises(UsageError, match="not a scorecard"):
        read_scorecard(save(card, values))


def test_a_time_outside_of_the_calendar_is_refused(card: Path) -> None:
    values = json.loads(card.read_text())
    values["created"] = "0001-01-01T00:00:00+14:00"
    with pytest.raises(UsageError, match="out of range"):
        read_scorecard(save(card, values))
