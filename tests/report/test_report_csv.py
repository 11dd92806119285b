from __future__ import annotations

import csv
import io

import pandas as pd
import pytest

from stemsilver.evaluation.catalogue import METRICS
from stemsilver.report import batch_metrics_csv

from .planted_batch import SCORECARD, make_item, scored


def rows(text: str) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(text)))


def test_one_row_a_render_with_stable_columns_values_and_reasons() -> None:
    table = batch_metrics_csv(SCORECARD)
    good, musical, silent, failed = found = rows(table)
    first = ["id", "path", "status", "reason", "duration_seconds", "language"]
    expected = [*first, *METRICS, "reasons", "reviews"]
    assert list(good) == expected
    assert next(csv.reader(io.StringIO(batch_metrics_csv(scored())))) == expected
    assert [row["path"] for row in found] == [item.path for item in SCORECARD.renders]
    assert (good["status"], good["reason"], good["music_to_speech_db"]) == ("pass", "", "-24.5")
    assert "clean_estoi=silent" in good["reasons"].split("; ")
    assert (good["language"], failed["language"]) == ("de", "")
    assert (musical["status"], musical["reason"]) == ("gate_failed", "music_to_speech")
    assert silent["music_to_speech_db"] == ""
    assert silent["reasons"].count("=silent") == len(METRICS)
    assert (failed["status"], failed["reason"], failed["reasons"]) == ("failed", "unreadable", "")
    assert {failed[name] for name in METRICS} == {""}
    assert ",-24.5," in table, "numbers stay numbers"
    frame = pd.read_csv(io.StringIO(table))
    assert all(frame[name].dtype == "float64" for name in METRICS)


@pytest.mark.parametrize(
    "name", ["=HYPERLINK(1).wav", "+1.wav", "-1.wav", "@SUM(A1).wav", 'a",=1+1,".wav', "a;=1+1.wav"]
)
def test_a_name_is_never_a_formula(name: str) -> None:
    table = batch_metrics_csv(scored(make_item(name)))
    (row,) = rows(table)
    assert not row["path"].startswith(("=", "+", "-", "@"))
    assert row["path"].removeprefix("'") == name
    # Quoted, so that a spreadsheet that separates by semicolons does not split the name.
    assert f'"{row["path"].replace(chr(34), chr(34) * 2)}"' in table


def test_a_name_cannot_break_a_row() -> None:
    table = batch_metrics_csv(scored(make_item("a\r\n=1+1\t\udc80.wav")))
    assert len(table.splitlines()) == 2
    assert rows(table)[0]["path"] == r"a\r\n=1+1\t\udc80.wav"
    table.encode("utf-8")
