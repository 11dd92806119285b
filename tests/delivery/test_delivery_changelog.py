"""Release notes: the section of a version, whole, and only of that version."""

from __future__ import annotations

from pathlib import Path

import pytest

from stemsilver.delivery.changelog import release_notes
from stemsilver.errors import NothingToDo, UsageError

CHANGES = """\
# Changelog

## [Unreleased]

## 1.10.0 — 2026-05-02
### Added
- One.

```md
## 1.1.0
```

[v1.1.0](https://example.com) of May
------------------------------------
Two.

## 1.0.0 — unreleased
Three.
"""


@pytest.fixture
def path(tmp_path: Path) -> Path:
    (tmp_path / "CHANGELOG.md").write_text(CHANGES, encoding="utf-8")
    return tmp_path / "CHANGELOG.md"


def test_a_section_ends_where_the_next_version_begins(path: Path) -> None:
    assert release_notes(path, "v1.10.0") == "### Added\n- One.\n\n```md\n## 1.1.0\n```"
    assert release_notes(path, "1.1.0") == "Two."


@pytest.mark.parametrize(
    ("version", "error"),
    [
        ("v1.1", NothingToDo),
        ("v2.0.0", NothingToDo),
        ("v1.0.0", UsageError),  # not dated
        ("Unreleased", UsageError),  # empty
    ],
)
def test_what_is_not_ready_has_no_notes(version: str, error: type[Exception], path: Path) -> None:
    with pytest.raises(error):
        release_notes(path, version)


def test_without_a_change_log_there_are_no_notes(tmp_path: Path) -> None:
    with pytest.raises(NothingToDo):
        release_notes(tmp_path / "CHANGELOG.md", "v1.0.0")
