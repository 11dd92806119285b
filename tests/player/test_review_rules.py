"""The browser and Python read and merge reviews by the same rules."""

from __future__ import annotations

import itertools
import json
import subprocess
from typing import Any

import pytest
from playwright._impl._driver import compute_driver_executable

from stemsilver.report.reviews.merging import merge_reviews
from stemsilver.report.reviews.reader import parse_review, review_json
from stemsilver.resources import resource

FIRST, SECOND, THIRD = (f"2026-11-30T12:00:0{second}.000Z" for second in range(3))

MERGE = """
import { mergeReviews, readReview, reviewText } from %s;
let text = "";
for await (const part of process.stdin) text += part;
const answer = (files) => {
  try {
    const found = files.map((one) => readReview(JSON.stringify(one)));
    return JSON.parse(reviewText(mergeReviews(found)));
  } catch (error) {
    return /^This .*(not a review|version)/.test(error.message) ? null : error.stack;
  }
};
console.log(JSON.stringify(JSON.parse(text).map(answer)));
"""


def remark(id_: str, text: str, written: str, at: float = 1.5) -> dict[str, Any]:
    return {"id": id_, "at": at, "track": "clean", "text": text, "written": written}


def entry(
    decision: str | None, decided: str | None, *remarks: dict[str, Any], **values: Any
) -> dict[str, Any]:
    about = {"path": "a/ü.wav", "sound_sha256": "1" * 64}
    said = {"decision": decision, "decided": decided, "remarks": list(remarks)}
    return {**about, **said, **values}


def file(*renders: dict[str, Any], **values: Any) -> dict[str, Any]:
    build = {"profile": "embedded", "config_digest": "abcd", "created": FIRST}
    head = {"kind": "stemsilver-review", "schema_version": 1, "reviewer": "Anna", "build": build}
    return {**head, "renders": list(renders), **values}


SCRIPT = "<script>window.pwned=1</script>"
CASES: dict[str, list[dict[str, Any]]] = {
    "the latest decision": [
        file(entry("approved", FIRST)),
        file(entry("needs_work", THIRD)),
        file(entry("skipped", SECOND)),
    ],
    "the more cautious of a moment": [
        file(entry("skipped", FIRST)),
        file(entry("needs_work", FIRST)),
        file(entry("approved", FIRST)),
    ],
    "a decision taken back": [file(entry("approved", FIRST)), file(entry(None, SECOND))],
    "no decision is earlier than any": [file(entry(None, None)), file(entry("approved", FIRST))],
    "outputs stand apart": [
        file(entry("approved", FIRST), entry("skipped", SECOND, sound_sha256="0" * 64)),
        file(entry("needs_work", FIRST, path="A.wav")),
    ],
    "the latest text": [
        file(entry(None, None, remark("1", "old", FIRST), remark("2", "other", FIRST, 0))),
        file(entry(None, None, remark("1", "new", SECOND))),
    ],
    "withdrawn": [
        file(entry(None, None, remark("1", "old", FIRST))),
        file(entry(None, None, remark("1", "", SECOND))),
    ],
    "two texts of a moment": [
        file(entry(None, None, remark("1", "b", FIRST))),
        file(entry(None, None, remark("1", "a", FIRST), remark("1", "b", FIRST))),
    ],
    "the name and build of the latest": [
        file(reviewer="anna"),
        file(
            reviewer="  ANNA\t ",
            build={"profile": "x", "config_digest": "1234", "created": SECOND},
        ),
    ],
    "moments without milliseconds": [
        file(entry("approved", "2026-11-30T12:00:00Z", remark("1", SCRIPT, "2026-11-30T12:00:01Z")))
    ],
    "unknown keys": [file(entry("approved", FIRST, more=1), later=True)],
    "wide characters": [file(entry(None, None, remark("1", "😀" * 2000, FIRST)))],
}
REFUSED: dict[str, list[dict[str, Any]]] = {
    "wrong kind": [file(kind="other")],
    "wrong version": [file(schema_version=2)],
    "no name": [file(reviewer=" ")],
    "name too long": [file(reviewer="x" * 81)],
    "no such day": [file(entry("approved", "2026-02-30T12:00:00Z"))],
    "no such hour": [file(entry("approved", "2026-02-03T25:00:00Z"))],
    "a day, not a moment": [file(entry("approved", "2026-02-03"))],
    "no such decision": [file(entry("great", FIRST))],
    "no hash": [file(entry("approved", FIRST, sound_sha256="1" * 63 + "G"))],
    "no path": [file(entry("approved", FIRST, path=""))],
    "text too long": [file(entry(None, None, remark("1", "x" * 2001, FIRST)))],
    "no such id": [file(entry(None, None, remark("<b>", "x", FIRST)))],
    "before the start": [file(entry(None, None, remark("1", "x", FIRST, -0.1)))],
    "no such track": [file(entry(None, None, remark("1", "x", FIRST) | {"track": "vocals"}))],
    "too many remarks": [file(entry(None, None, *[remark("1", "x", FIRST)] * 501))],
    "digest": [file(build={"profile": "x", "config_digest": "x", "created": SECOND})],
    "renders": [file() | {"renders": {}}],
    "a number for a name": [file(reviewer=1)],
}


@pytest.fixture(scope="module")
def merged_by_the_browser() -> dict[str, dict[str, Any] | None]:
    """The answers of the page's module, for each case in all orders of its files."""
    module = resource("site_src") / "assets/review/review-file.js"
    orders = [
        (name, list(order))
        for name, files in (CASES | REFUSED).items()
        for order in itertools.permutations(files)
    ]
    node, _ = compute_driver_executable()
    done = subprocess.run(
        [node, "--input-type=module", "-e", MERGE % json.dumps(module.as_uri())],
        input=json.dumps([files for _, files in orders]),
        capture_output=True,
        encoding="utf-8",
        check=True,
    )
    found: dict[str, dict[str, Any] | None] = {}
    for (name, _), answer in zip(orders, json.loads(done.stdout), strict=True):
        assert found.setdefault(name, answer) == answer, f"{name}: the order has an effect"
    return found


@pytest.mark.parametrize("name", CASES)
def test_both_merge_to_the_same(
    merged_by_the_browser: dict[str, dict[str, Any] | None], name: str
) -> None:
    [merged] = merge_reviews(parse_review(values) for values in CASES[name])
    assert merged_by_the_browser[name] == review_json(merged)


@pytest.mark.parametrize("name", REFUSED)
def test_both_refuse_the_same(
    merged_by_the_browser: dict[str, dict[str, Any] | None], name: str
) -> None:
    assert merged_by_the_browser[name] is None
    with pytest.raises(ValueError):
        parse_review(REFUSED[name][0])
