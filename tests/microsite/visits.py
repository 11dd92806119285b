"""A visitor to a planted site, and everything that goes on behind a page."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from playwright.sync_api import Browser, ConsoleMessage, Dialog, Page, Response

from .planted_site import Served


@dataclass
class Visit:
    """A page and everything that went on behind it."""

    page: Page
    url: str
    requests: list[str] = field(default_factory=list)
    complaints: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.page.on("request", lambda request: self.requests.append(request.url))
        self.page.on("console", self._heard)
        self.page.on("pageerror", lambda error: self.complaints.append(str(error)))
        self.page.on("response", self._answered)
        self.page.on("dialog", self._asked)

    def open(self, name: str) -> Page:
        """Go to a page of the site and wait until it has loaded."""
        self.page.goto(f"{self.url}/{name}", wait_until="load")
        return self.page

    def audio(self) -> list[str]:
        """The audio files that were asked for, by their last two parts."""
        return ["/".join(url.split("/")[-2:]) for url in self.requests if url.endswith(".flac")]

    def _heard(self, message: ConsoleMessage) -> None:
        if message.type in ("error", "warning"):
            self.complaints.append(message.text)

    def _answered(self, response: Response) -> None:
        if response.status >= 400:
            self.complaints.append(response.url)

    def _asked(self, dialog: Dialog) -> None:
        # No page opens any dialog of its own.
        self.complaints.append(dialog.message)
        dialog.dismiss()


@contextmanager
def visiting(browser: Browser, site: Served, **visitor: Any) -> Iterator[Visit]:
    """A visitor of any kind, at whose departure nothing must have gone wrong."""
    context = site.serve(browser.new_context(**visitor))
    seen = Visit(context.new_page(), site.url)
    yield seen
    context.close()
    assert seen.complaints == []
    local = (site.url, "data:", "blob:")
    assert [url for url in seen.requests if not url.startswith(local)] == []
