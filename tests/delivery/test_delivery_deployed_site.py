"""The history of a deployed site, and what is not to be deployed."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from stemsilver.delivery.deployed_site import check_deployable, fetch_history
from stemsilver.errors import EnvironmentFault, SiteError
from stemsilver.report.scorecard.reader import MAX_BYTES

from .github_server import serving


def site_with(answer: Any, asked: list[str]) -> Callable[..., Any]:
    def reply(method: str, path: str, query: dict[str, str], *_: object) -> Any:
        asked.append(f"{path}?{query['at']}")
        return answer

    return reply


def test_a_history_is_fetched_past_every_cache(tmp_path: Path) -> None:
    asked: list[str] = []
    with serving(site_with(b'{"records": []}', asked)) as address:
        for name in (f"{address}/batch", f"{address}/batch/", f"{address}/told.json"):
            assert fetch_history(name, tmp_path / "history.json")
            assert (tmp_path / "history.json").read_bytes() == b'{"records": []}'
    paths = [one.partition("?")[0] for one in asked]
    assert paths == ["/batch/downloads/history.json"] * 2 + ["/told.json"]
    assert len(set(asked)) == 3


@pytest.mark.parametrize(
    ("answer", "why"),
    [(404, ""), (500, "HTTP 500"), (403, "HTTP 403"), (bytes(MAX_BYTES + 1), "more than 12 MB")],
)
def test_only_404_is_a_new_site(answer: Any, why: str, tmp_path: Path) -> None:
    target = tmp_path / "history.json"
    with serving(site_with(answer, [])) as address:
        if not why:
            assert not fetch_history(address, target)
        else:
            with pytest.raises(EnvironmentFault, match=why):
                fetch_history(address, target)
    with pytest.raises(EnvironmentFault, match="ConnectionError"):  # nobody listens any more
        fetch_history(address, target)
    assert not target.exists()


@pytest.mark.parametrize(
    ("plant", "why"),
    [
        (lambda site: (site / "link").symlink_to("deep"), "link is a link"),
        (lambda site: (site / "deep" / "a.html").symlink_to("page.html"), "a.html is a link"),
        (lambda site: (site / "a.html").hardlink_to(site / "index.html"), "html is a link"),
        (lambda site: os.truncate(site / "deep" / "page.html", 1_000_000), "Pages takes 1 MB"),
        (lambda site: (site / "index.html").unlink(), "no index.html"),
    ],
)
def test_what_pages_refuses_is_not_deployed(
    plant: Callable[[Path], object], why: str, tmp_path: Path
) -> None:
    (tmp_path / "deep").mkdir()
    for page in (tmp_path / "index.html", tmp_path / "deep" / "page.html"):
        page.write_text("x")
    check_deployable(tmp_path, 1)
    plant(tmp_path)
    with pytest.raises(SiteError, match=why):
        check_deployable(tmp_path, 1)
