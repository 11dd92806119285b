"""Shipped files are found in a checkout and in an installed wheel."""

from __future__ import annotations

from pathlib import Path

import pytest

from stemsilver import resources
from stemsilver.errors import EnvironmentFault


def test_a_checkout_has_them_beside_the_package() -> None:
    assert resources.resource("mkdocs.yml").is_file()
    assert (resources.resource("config") / "embedded.yaml").is_file()


def test_a_wheel_has_them_inside_the_package(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    package = tmp_path / "stemsilver"
    monkeypatch.setattr(resources, "files", lambda name: tmp_path / name)
    (tmp_path / "templates").mkdir()
    assert resources.resource("templates") == tmp_path / "templates"
    (package / "_data" / "templates").mkdir(parents=True)
    assert resources.resource("templates") == package / "_data" / "templates"


def test_a_broken_installation_says_what_is_missing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(resources, "files", lambda name: tmp_path / name)
    with pytest.raises(EnvironmentFault, match=r"site_src: missing"):
        resources.resource("site_src")
