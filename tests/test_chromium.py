"""The browser of the tests: which one is taken, and how one is installed where there is none."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from chromium import find, install
from playwright.sync_api import Playwright

PATH = os.environ["PATH"]


@pytest.fixture
def machine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The only folder of programs of a machine without a browser, from which none can be
    downloaded.
    """
    programs = tmp_path / "bin"
    programs.mkdir()
    monkeypatch.setenv("PATH", str(programs))
    monkeypatch.delenv("STEMSILVER_CHROMIUM", raising=False)
    monkeypatch.setenv("PLAYWRIGHT_BROWSERS_PATH", str(tmp_path / "browsers"))
    monkeypatch.setenv("PLAYWRIGHT_DOWNLOAD_HOST", "http://127.0.0.1:9")
    monkeypatch.setattr("chromium.APPLICATIONS", ())
    return programs


@pytest.fixture
def working(chromium: str) -> str:
    """The script of a browser that starts, whatever the PATH is."""
    return f'PATH="{PATH}" exec "{chromium}" "$@"'


def put(folder: Path, name: str, script: str) -> Path:
    """A program of that name."""
    program = folder / name
    program.write_text(f"#!/bin/sh\n{script}\n")
    program.chmod(0o755)
    return program


def test_the_first_installed_browser_that_starts_is_taken(
    working: str, machine: Path, playwright: Playwright
) -> None:
    put(machine, "chromium", "exit 1")
    chrome = put(machine, "google-chrome", working)
    assert find(playwright) == install(playwright) == str(chrome)


def test_the_named_browser_is_taken_and_no_other(
    working: str, machine: Path, playwright: Playwright, monkeypatch: pytest.MonkeyPatch
) -> None:
    put(machine, "chromium", working)
    named = put(machine, "mine", working)
    monkeypatch.setenv("STEMSILVER_CHROMIUM", str(named))
    assert find(playwright) == str(named)
    named.write_text("#!/bin/sh\nexit 1\n")
    with pytest.raises(LookupError, match="mine does not start"):
        install(playwright)


@pytest.mark.parametrize(("user", "package"), [(0, "chromium-headless-shell"), (1000, "chromium")])
def test_where_none_can_be_downloaded_the_distribution_s_package_is_installed(
    user: int,
    package: str,
    working: str,
    machine: Path,
    playwright: Playwright,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("os.geteuid", lambda: user)
    log, packaged = machine / "log", put(machine, "packaged", working)
    put(machine, "true", "exit 0")
    put(machine, "sudo", "exit 1" if user == 0 else '[ "$1" = --non-interactive ] && shift && "$@"')
    # Not every distribution has the headless shell.
    install_it = f'*" {package}") /bin/cp "{packaged}" "{machine}/{package}"'
    put(machine, "apt-get", f'echo "$*" >> "{log}"; case "$*" in {install_it};; esac')
    assert install(playwright) == str(machine / package)
    update, *installed = log.read_text().splitlines()
    assert update == "update"
    assert all(one.startswith("install --yes ") for one in installed)
    assert installed[-1].endswith(f" {package}")


def test_where_none_can_be_installed_the_command_is_named(
    machine: Path, playwright: Playwright, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("os.geteuid", lambda: 1000)
    with pytest.raises(LookupError, match=r"playwright install --with-deps chromium$") as caught:
        install(playwright)
    assert "apt-get" not in str(caught.value)
    put(machine, "apt-get", f'echo "$*" >> "{machine}/log"')
    with pytest.raises(LookupError, match="\nsudo apt-get install chromium\n"):
        install(playwright)
    assert not (machine / "log").exists(), "this user may not install packages"
