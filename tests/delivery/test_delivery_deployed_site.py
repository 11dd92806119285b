"""The history of a deployed site, and what is not to be deployed."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from stemsilver.delivery.deployed_site import check_deployable, fetch_history
from stemsilver.errors import EnvironmentFault, SiteError

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


def test_a_new_site_has_none(tmp_path: Path) -> None:
    with serving(site_with(404, [])) as address:
        assert not fetch_history(address, tmp_path / "history.json")
    assert not (tmp_path / "history.json").exists()


@pytest.mark.parametrize(
    ("answer", "why"), [(500, "HTTP 500"), (403, "HTTP 403"), (bytes(8_000_001), "more than 8 MB")]
)
def test_any_other_answer_is_no_new_site(answer: Any, why: str, tmp_path: Path) -> None:
    with (
        serving(site_with(answer, [])) as address,
        pytest.raises(EnvironmentFault, match=why),
    ):
        fetch_history(address, tmp_path / "history.json")
    with pytest.raises(EnvironmentFault, match="ConnectionError"):  # nobody listens any more
        fetch_history(address, tmp_path / "history.json")


def _symbolic(site: Path) -> None:
    (site / "deep" / "link.html").symlink_to("page.html")


def _to_a_folder(site: Path) -> None:
    (site / "link").symlink_to("deep")


def _hard(site: Path) -> None:
    os.link(site / "deep" / "page.html", site / "again.html")


def _large(site: Path) -> None:
    with (site / "sound.flac").open("wb") as sound:
        sound.truncate(1_000_000)


def _empty(site: Path) -> None:
    (site / "index.html").unlink()


@pytest.mark.parametrize(
    ("plant", "why"),
    [
        (_symbolic, "link.html is a link"),
        (_to_a_folder, "link is a link"),
        (_hard, "page.html is a link|again.html is a link"),
        (_large, "Pages takes 1 MB"),
        (_empty, "no index.html"),
    ],
)
def test_what_pages_does_not_take_is_not_deployed(
    plant: Callable[[Path], None], why: str, tmp_path: Path
) -> None:
    site = tmp_path / "site"
    (site / "deep").mkdir(parents=True)
    for page in (site / "index.html", site / "deep" / "page.html"):
        page.write_text("x")
    check_deployable(site, 1)
    plant(site)
    with pytest.raises(SiteError, match=why):
        check_deployable(site, 1)
