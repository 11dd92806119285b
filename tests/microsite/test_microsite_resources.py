"""Shipped files are found in a checkout and in an installed wheel."""

from __future__ import annotations

from pathlib import Path

import pytest

from stemsilver import resources
from stemsilver.errors import EnvironmentFault


def test_a_wheel_has_them_inside_the_package_and_a_checkout_beside_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert (resources.resource("config") / "embedded.yaml").is_file()
    monkeypatch.setattr(resources, "files", lambda name: tmp_path / name)
    with pytest.raises(EnvironmentFault, match=r"templates: missing"):
        resources.resource("templates")
    inside = tmp_path / "stemsilver" / "_data" / "templates"
    for found in (tmp_path / "templates", inside):
        found.mkdir(parents=True)
        assert resources.resource("templates") == found
