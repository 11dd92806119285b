"""Check a built site: every link has a target, and no page loads anything from another host.

Scripts are not read: the browser tests check what they fetch.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from html.parser import HTMLParser
from pathlib import Path, PurePosixPath
from posixpath import normpath
from urllib.parse import unquote, urlsplit

_URL_ATTRIBUTES = frozenset({"href", "src", "srcset", "poster", "data", "action", "xlink:href"})
_UNLOADED_RELATIONS = frozenset({"canonical", "alternate", "prev", "next", "author", "license"})
# A position in a render's player, as `player/link.js` writes it.
_PLAYER = "stem-ab"
_SPOT = re.compile(r"v=\w+&t=\d+\.\d\d")
_CSS_COMMENT = re.compile(r"/\*.*?\*/", re.DOTALL)
_CSS_URL = re.compile(r"""url\(\s*["']?([^"')]+)|@import\s+["']([^"']+)""", re.IGNORECASE)


@dataclass(frozen=True)
class _Link:
    """A URL in a page. `loads` is True if the browser fetches it without a click."""

    url: str
    loads: bool


class _Page(HTMLParser):
    """The links and the link targets of one page."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.links: list[_Link] = []
        self.targets: set[str] = set()
        self._in_style = False
        self.feed(text)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        values = {name: value for name, value in attrs if value is not None}
        if "id" in values:
            self.targets.add(values["id"])
        if tag == _PLAYER:
            self.targets.add(tag)
        self._in_style = tag == "style"
        loads = tag != "a" and not (
            tag == "link" and _UNLOADED_RELATIONS.intersection(values.get("rel", "").split())
        )
        for name in _URL_ATTRIBUTES.intersection(values):
            self.links += (_Link(url, loads) for url in _urls(name, values[name]))
        self.links += (_Link(url, True) for url in _css_urls(values.get("style", "")))

    def handle_data(self, data: str) -> None:
        if self._in_style:
            self.links += (_Link(url, True) for url in _css_urls(data))

    def handle_endtag(self, tag: str) -> None:
        self._in_style = False


def problems(site: Path, base: str = "/") -> list[str]:
    """Return the faults of the links of `site`, one sentence each; empty if there are none.

    Every `href`, `src` and `srcset` of every page and every `url()` of every stylesheet must lead
    to a file of the site, and every fragment to an element or to a position in a player.
    `http(s)` links are allowed where a reader must click them, never where a browser loads them.
    `base` is the path under which the site is served: links from the root must begin with it.
    """
    pages = {
        path.relative_to(site).as_posix(): _Page(path.read_text(encoding="utf-8"))
        for path in sorted(site.rglob("*.html"))
    }
    files = {path.relative_to(site).as_posix() for path in site.rglob("*") if path.is_file()}
    targets = {name: page.targets for name, page in pages.items()}
    found = []
    for name, page in pages.items():
        for link in dict.fromkeys(page.links):
            if why := _fault(link, name, files, targets, base):
                found.append(f"{name}: {why}")
    for path in sorted(site.rglob("*.css")):
        name = path.relative_to(site).as_posix()
        for url in dict.fromkeys(_css_urls(path.read_text(encoding="utf-8"))):
            if why := _fault(_Link(url, True), name, files, targets, base):
                found.append(f"{name}: {why}")
    return found


def _urls(attribute: str, value: str) -> Iterator[str]:
    if attribute == "srcset":
        yield from (candidate.split()[0] for candidate in value.split(",") if candidate.strip())
    else:
        yield value.strip()


def _css_urls(css: str) -> Iterator[str]:
    for match in _CSS_URL.finditer(_CSS_COMMENT.sub("", css)):
        yield (match[1] or match[2]).strip()


def _fault(
    link: _Link, page: str, files: set[str], targets: dict[str, set[str]], base: str
) -> str | None:
    """Return what is wrong with `link` on `page`, or None."""
    parts = urlsplit(link.url)
    if parts.scheme == "data" or (parts.scheme == "mailto" and not link.loads):
        return None
    if parts.scheme in ("http", "https") or parts.netloc:
        return f"loads {link.url} from another host" if link.loads else None
    if parts.scheme:
        return f"this kind of link is not allowed: {link.url}"
    name = _resolve(unquote(parts.path), page, base)
    if name not in files:
        name = (PurePosixPath(name) / "index.html").as_posix()
    if name not in files:
        return f"broken link to {link.url}"
    ids = {_PLAYER} if _SPOT.fullmatch(parts.fragment) else {unquote(parts.fragment)}
    if parts.fragment and name in targets and not ids & targets[name]:
        return f"no element with the id that {link.url} names"
    return None


def _resolve(path: str, page: str, base: str) -> str:
    """Return the file of the site to which `path` on `page` leads, relative to the site's root."""
    if not path:
        return page
    if path.startswith("/"):
        inside = path.removeprefix(base) if path.startswith(base) else f"../{path}"
        return normpath(inside or ".")
    return normpath((PurePosixPath(page).parent / path).as_posix())
