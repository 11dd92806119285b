"""The link checker sees what a visitor would stumble over."""

from __future__ import annotations

from pathlib import Path

import pytest

from stemsilver.microsite.publish import links

SOUND = {
    "index.html": (
        '<link rel="stylesheet" href="assets/site.css"><link rel="canonical" href="https://a.b/">'
        '<a href="renders/one.html#words">one</a> <a href="#here">here</a><p id="here">'
        '<a href="renders/one.html#v=raw&amp;t=1.50">at 0:01</a>'
        '<a href="https://example.org/paper">paper</a> <a href="mailto:a@b.c">write</a>'
        '<img srcset="assets/a%20b.svg 1x, assets/a%20b.svg 2x" src="data:image/gif;base64,R0lGOD">'
    ),
    "renders/one.html": (
        '<h2 id="words"><a href="../index.html?x=1">back</a> <a href="..">up</a>'
        '<p data-track="raw">'
    ),
    "assets/site.css": 'a{background:url("a%20b.svg#mark")} /* url(https://gone.example/x) */',
    "assets/a b.svg": "<svg/>",
}


def check(folder: Path, **changes: str) -> list[str]:
    """Problems of the sound site, after `changes` to `index` or `css`."""
    files = SOUND | {"index.html": SOUND["index.html"] + changes.get("index", "")}
    files["assets/site.css"] += changes.get("css", "")
    for name, text in files.items():
        path = folder / name
        path.parent.mkdir(exist_ok=True)
        path.write_text(text, encoding="utf-8")
    return links.problems(folder, changes.get("base", "/"))


def test_a_sound_site_has_no_problems(tmp_path: Path) -> None:
    assert check(tmp_path) == []


@pytest.mark.parametrize(
    ("markup", "complaint"),
    [
        ('<audio src="renders/gone.flac">', "broken link to renders/gone.flac"),
        ('<img srcset="assets/gone.svg 2x">', "broken link to assets/gone.svg"),
        ('<a href="../outside.html">', "broken link to ../outside.html"),
        ('<a href="renders">', "broken link to renders"),
        ('<a href="#nowhere">', "no element with the id that #nowhere names"),
        ('<a href="renders/one.html#nowhere">', "no element with the id"),
        ('<a href="renders/one.html#v=base&amp;t=1.50">', "no element with the id"),
        ('<script src="https://unpkg.com/mermaid"></script>', "from another host"),
        ('<script src="//unpkg.com/mermaid"></script>', "from another host"),
        ('<link rel="preconnect" href="https://fonts.gstatic.com">', "from another host"),
        ('<style>@import "https://example.org/a.css";</style>', "from another host"),
        ('<p style="background: url(https://example.org/a.png)">', "from another host"),
        ('<svg><use xlink:href="https://example.org/a.svg#b"/></svg>', "from another host"),
        ('<a href="javascript:alert(1)">', "not allowed"),
    ],
)
def test_a_bad_link_is_caught(tmp_path: Path, markup: str, complaint: str) -> None:
    [found] = check(tmp_path, index=markup)
    assert found.startswith("index.html: ")
    assert complaint in found


@pytest.mark.parametrize("rule", ["@import '//example.org/a.css';", "p{b:url( 'gone.png' )}"])
def test_a_bad_address_in_a_stylesheet_is_caught(tmp_path: Path, rule: str) -> None:
    [found] = check(tmp_path, css=rule)
    assert found.startswith("assets/site.css: ")


def test_links_from_the_root_begin_with_the_base(tmp_path: Path) -> None:
    from_root = '<a href="/project/renders/one.html">'
    assert check(tmp_path, index=from_root, base="/project/") == []
    assert check(tmp_path, index=from_root) != []
    assert check(tmp_path, index='<a href="/renders/one.html">', base="/project/") != []
