from __future__ import annotations

import csv
import io

import pandas as pd
import pytest

from stemsilver.evaluation.catalogue import METRICS
from stemsilver.report import Scorecard, batch_metrics_csv

from .conftest import ItemFactory, ScorecardFactory


def rows(text: str) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(text)))


def test_one_row_a_render_with_stable_columns(
    scorecard: Scorecard, make_scorecard: ScorecardFactory
) -> None:
    table = batch_metrics_csv(scorecard)
    expected = ["id", "path", "status", "reason", "duration_seconds", *METRICS, "reasons"]
    assert list(rows(table)[0]) == expected
    assert [row["path"] for row in rows(table)] == [item.path for item in scorecard.renders]
    assert next(csv.reader(io.StringIO(batch_metrics_csv(make_scorecard())))) == expected


def test_values_and_reasons(scorecard: Scorecard) -> None:
    good, musical, silent, failed = rows(batch_metrics_csv(scorecard))
    assert (good["status"], good["reason"], good["music_to_speech_db"]) == ("pass", "", "-24.5")
    assert "clean_estoi=silent" in good["reasons"].split("; ")
    assert (musical["status"], musical["reason"]) == ("gate_failed", "music_to_speech")
    assert silent["music_to_speech_db"] == ""
    assert silent["reasons"].count("=silent") == len(METRICS)
    assert (failed["status"], failed["reason"], failed["reasons"]) == ("failed", "unreadable", "")
    assert {failed[name] for name in METRICS} == {""}


def test_numbers_stay_numbers(scorecard: Scorecard) -> None:
    table = batch_metrics_csv(scorecard)
    assert ",-24.5," in table
    frame = pd.read_csv(io.StringIO(table))
    assert all(frame[name].dtype == "float64" for name in METRICS)


@pytest.mark.parametrize(
    "name", ["=HYPERLINK(1).wav", "+1.wav", "-1.wav", "@SUM(A1).wav", 'a",=1+1,".wav', "a;=1+1.wav"]
)
def test_a_name_is_never_a_formula(
    make_scorecard: ScorecardFactory,
    make_item: ItemFactory,
    name: str,
) -> None:
    table = batch_metrics_csv(make_scorecard(make_item(name)))
    (row,) = rows(table)
    assert not row["path"].startswith(("=", "+", "-", "@"))
    assert row["path"].removeprefix("'") == name
    # Quoted, so that a spreadsheet that separates by semicolons does not split the name.
    assert f'"{row["path"].replace(chr(34), chr(34) * 2)}"' in table


def test_a_name_cannot_break_a_row(
    make_scorecard: ScorecardFactory, make_item: ItemFactory
) -> None:
    name = "a\r\n=1+1\t\udc80.wav"
    table = batch_metrics_csv(make_scorecard(make_item(name)))
    assert len(table.splitlines()) == 2
    assert rows(table)[0]["path"] == r"a\r\n=1+1\t\udc80.wav"
    table.encode("utf-8")
