"""Find the browser for the tests of the site, or install one.

    python tools/chromium.py

If STEMSILVER_CHROMIUM is set, only that browser is tried. Otherwise the first one that starts is
used: an installed Chromium or Chrome; Playwright's own, which is downloaded; the Debian or Ubuntu
package, if this user may install packages.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

from playwright.sync_api import Error, Playwright, sync_playwright

# The headless shell is the same browser without its windows, and twice as fast.
SHELL = "chromium-headless-shell"
NAMES = (SHELL, "chromium", "chromium-browser", "google-chrome-stable", "google-chrome")
APPLICATIONS = (
    "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome",
    "/Applications/Chromium.app/Contents/MacOS/Chromium",
)


def find(playwright: Playwright) -> str:
    """Return the path of the first browser that starts.

    Raises:
        LookupError: no browser starts; the message lists those tried and how to install one.
    """
    tried = []
    for path in _candidates(playwright):
        try:
            playwright.chromium.launch(executable_path=path, args=["--no-sandbox"]).close()
        except Error as error:
            tried.append(f"{path} does not start: {error.message.splitlines()[0]}")
        else:
            return path
    packaged = "sudo apt-get install chromium\nor: " if shutil.which("apt-get") else ""
    message = (
        "The tests need Chromium or Chrome. Install one, or name one in STEMSILVER_CHROMIUM:\n"
        f"{packaged}{sys.executable} -m playwright install --with-deps chromium"
    )
    raise LookupError("\n".join([message, *tried]))


def _candidates(playwright: Playwright) -> Iterator[str]:
    if named := os.environ.get("STEMSILVER_CHROMIUM"):
        yield named
        return
    yield from filter(None, map(shutil.which, NAMES))
    own = Path(playwright.chromium.executable_path)
    shells = own.parents[2].glob("chromium_headless_shell-*/*/*headless*shell")
    for path in (*map(Path, APPLICATIONS), *shells, own):
        if path.exists():
            yield str(path)


def install(playwright: Playwright) -> str:
    """Return the path of a browser that starts; install one if necessary.

    Raises:
        LookupError: no browser could be installed.
    """
    if not os.environ.get("STEMSILVER_CHROMIUM"):
        for command in _remedies(playwright):
            try:
                return find(playwright)
            except LookupError:
                print(" ".join(command), flush=True)
                subprocess.run(command, check=False)
    return find(playwright)


def _remedies(playwright: Playwright) -> Iterator[list[str]]:
    own = [sys.executable, "-m", "playwright"]
    yield [*own, "install", "chromium"]
    if shutil.which("apt-get") and (rights := _rights()) is not None:
        if Path(playwright.chromium.executable_path).exists():
            yield [*own, "install-deps", "chromium"]  # it exists, but needs system libraries
        yield [*rights, "apt-get", "update"]
        for package in (SHELL, "chromium"):
            yield [*rights, "apt-get", "install", "--yes", "--no-install-recommends", package]


def _rights() -> list[str] | None:
    """Return the command prefix for root rights, or None if this user has none."""
    if os.geteuid() == 0:
        return []
    sudo = ["sudo", "--non-interactive"]
    if shutil.which("sudo") and not subprocess.run([*sudo, "true"], capture_output=True).returncode:
        return sudo
    return None


if __name__ == "__main__":
    with sync_playwright() as started:
        try:
            print(f"browser for the tests: {install(started)}")
        except LookupError as error:
            sys.exit(str(error))
