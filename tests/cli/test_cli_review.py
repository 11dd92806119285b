"""`stemsilver review`: from files to the folder, to the next build, and back as lists."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from ..pipeline.batches import Workspace
from .terminal import Terminal


def review_of(card: Path, decisions: dict[str, str], reviewer: str = "Ada") -> dict[str, Any]:
    """A review as the site gives it, of renders by path; each has one remark."""
    found = json.loads(card.read_text())
    moment = "2026-11-30T10:00:00.000Z"
    remark = {"id": "r1", "at": 0.5, "track": "clean", "text": "<b>hiss</b>", "written": moment}
    return {
        "kind": "stemsilver-review",
        "schema_version": 1,
        "reviewer": reviewer,
        "build": {"profile": "embedded", "config_digest": "abcd", "created": found["created"]},
        "renders": [
            {
                "path": one["path"],
                "sound_sha256": one["sound_sha256"],
                "decision": decisions[one["path"]],
                "decided": moment,
                "remarks": [remark],
            }
            for one in found["items"]
            if one["path"] in decisions
        ],
    }


def test_a_file_is_merged_and_the_next_build_shows_it(
    stemsilver: Terminal, workspace: Workspace
) -> None:
    folder = workspace.folder
    card = folder / "report" / "scorecard.json"
    cleaned = [one["path"] for one in json.loads(card.read_text())["items"] if one["output"]]
    first, *others = cleaned
    decisions = {first: "needs_work", **dict.fromkeys(others, "approved")}
    given = folder / "stemsilver-review-ada.json"
    given.write_text(json.dumps(review_of(card, decisions)))
    (folder / "other.json").write_text("{}")

    merged = stemsilver("review", "merge", given, "other.json")
    assert merged.code == 1
    assert "other.json: not a review of Stemsilver" in merged.err
    assert f"Ada, {len(cleaned)} decided, {len(cleaned)} remarks" in merged.err

    told = stemsilver("review", "status")
    assert told.code == 1
    assert f"{len(others)} of {len(cleaned)} renders are approved" in told.out
    assert f"{first}: needs work (Ada)" in told.out

    built = stemsilver("build-site")
    assert "Nothing changed" not in built.err
    items = {one["path"]: one for one in json.loads(card.read_text())["items"]}
    assert items[first]["reviews"][0]["reviewer"] == "Ada"
    assert "Nothing changed" in stemsilver("build-site").err

    listing = stemsilver("review", "export")
    assert "0:00 in clean: &lt;b&gt;hiss&lt;/b&gt;" in listing.out
    table = stemsilver("review", "export", "--format", "csv", "-o", "all.csv")
    assert table.code == 0
    assert (folder / "all.csv").read_text().count("\n") == 1 + 2 * len(cleaned)

    given.write_text(json.dumps(review_of(card, dict.fromkeys(cleaned, "approved"))))
    later = json.loads(given.read_text())
    for one in later["renders"]:
        one["decided"] = "2026-11-30T11:00:00.000Z"
    given.write_text(json.dumps(later))
    assert stemsilver("review", "merge", given).code == 0
    assert stemsilver("review", "status").code == 0


def test_without_a_build_there_is_nothing_to_show(stemsilver: Terminal, folder: Path) -> None:
    told = stemsilver("review", "status")
    assert told.code == 3
    assert "build-site first" in told.err


def test_a_review_that_cannot_be_read_is_named_and_costs_nothing(
    stemsilver: Terminal, workspace: Workspace
) -> None:
    folder = workspace.folder
    (folder / "reviews").mkdir()
    (folder / "reviews" / "ada.json").write_text("{")
    before = json.loads((folder / "report" / "scorecard.json").read_text())
    built = stemsilver("build-site")
    assert "reviews/ada.json: not a review of Stemsilver" in built.err
    after = json.loads((folder / "report" / "scorecard.json").read_text())
    assert [one["metrics"] for one in after["items"]] == [one["metrics"] for one in before["items"]]
    assert [one["path"] for one in after["skipped"]][-1:] == ["reviews/ada.json"]
