"""What the pages say of renders that have nothing to remove, or no speech."""

from __future__ import annotations

from dataclasses import replace

import pytest

from stemsilver.records import Lack

from .planted_site import DUET, INTRO, Published
from .test_microsite_pages import body

LACKS: dict[str, Lack] = {INTRO: "music", DUET: "speech"}


@pytest.fixture(scope="module")
def lacking(published: Published, tmp_path_factory: pytest.TempPathFactory) -> Published:
    """The planted batch, of which one render lacks music and one speech, and itself as the base."""
    results = tuple(replace(one, lacks=LACKS.get(one.id)) for one in published.planted.results)
    planted = replace(published.planted, results=results)
    folder = tmp_path_factory.mktemp("lacking") / "site"
    planted.build(folder, base=published.folder)
    return Published(folder, planted)


@pytest.mark.parametrize(
    ("page", "text"),
    [
        ("index", "2 of 5 pass, 1 with nothing to remove, 1 without speech, 1 could not be"),
        ("index", "✓ nothing to remove"),
        ("index", "– no speech found"),
        ("compare", "pass → nothing to remove"),
        ("compare", "gate failed → no speech"),
        ("trend", "2 of 5 pass, 1 with nothing to remove, 1 without speech, 1 could not be"),
        (f"renders/{INTRO}", "✓ nothing to remove"),
        (f"renders/{DUET}", "– no speech found The gates are for speech, so none applies."),
    ],
)
def test_every_page_names_it(lacking: Published, page: str, text: str) -> None:
    assert text in body(lacking, f"{page}.html")


def test_where_only_the_level_was_changed_nothing_is_called_better_or_worse(
    lacking: Published, published: Published
) -> None:
    assert any(mark in body(published, f"renders/{INTRO}.html") for mark in ("▲", "▼"))
    assert not any(mark in body(lacking, f"renders/{INTRO}.html") for mark in ("▲", "▼"))
