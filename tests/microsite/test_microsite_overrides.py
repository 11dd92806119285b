"""A team's own pages, pictures, templates and settings, over the shipped ones."""

from __future__ import annotations

from pathlib import Path

import pytest

from stemsilver.errors import SiteError
from stemsilver.resources import resource

from .planted_site import Planted


@pytest.fixture
def work(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A team's folder, and the working folder: nothing of its own yet."""
    folder = tmp_path / "work"
    folder.mkdir()
    monkeypatch.chdir(folder)
    return folder


def put(path: Path, content: str | bytes) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content if isinstance(content, bytes) else content.encode())


def test_own_files_stand_in_for_the_shipped_ones(
    planted: Planted, work: Path, tmp_path: Path
) -> None:
    own = work / "site_src"
    put(own / "how-it-works.md", "# How *we* work\n\n[Voices](team/voices.md#our-voices)\n")
    # A page outside the navigation is built too, and can be linked to.
    put(own / "team" / "voices.md", "# Our voices\n\n[All](../index.md)\n")
    logo = resource("site_src") / "assets" / "logo.svg"
    put(own / "assets" / "logo.svg", logo.read_bytes() + b"<!-- ours -->")
    method = (resource("templates") / "method.html").read_text(encoding="utf-8")
    put(work / "templates" / "method.html", method + "\n<p>Agreed on by the team.</p>\n")
    # A project page: its address has a path, which the theme's 404 page links from.
    settings = resource("mkdocs.yml").read_text(encoding="utf-8")
    put(work / "mkdocs.yml", f"site_url: https://team.example/narration/\n{settings}")
    # Hidden files and links do not reach the site.
    put(own / "assets" / ".hidden.txt", "hidden")
    secret = tmp_path / "secret"
    put(secret / "key.txt", "secret")
    for name, target in (("key.txt", secret / "key.txt"), ("folder", secret), ("gone.md", "no.md")):
        (own / name).symlink_to(target)

    built = planted.build(tmp_path / "site").index.parent
    shown = {
        name: (built / f"{name}.html").read_text(encoding="utf-8")
        for name in ("index", "how-it-works", "team/voices", "method", "404")
    }
    assert "How <em>we</em> work" in shown["how-it-works"]
    assert 'href="team/voices.html#our-voices"' in shown["how-it-works"]
    assert 'href="../index.html"' in shown["team/voices"]
    assert (built / "assets" / "logo.svg").read_bytes().endswith(b"<!-- ours -->")
    assert "Agreed on by the team." in shown["method"]
    assert "https://team.example/narration/" in shown["index"]
    for name in ("key.txt", "folder", "gone.html", "assets/.hidden.txt"):
        assert not (built / name).exists(), name
    # What nobody has changed is shipped.
    for name in ("assets/start.js", "assets/favicon.svg"):
        assert (built / name).read_bytes() == (resource("site_src") / name).read_bytes()


@pytest.mark.parametrize(
    ("name", "content", "said"),
    [
        ("site_src/a.md", "[x](gone.md)", r"WARNING.*'a\.md' contains a link 'gone\.md'"),
        ("site_src/latin.md", b"# caf\xe9", r"site_src/latin\.md: not UTF-8 .* at byte 5"),
        ("site_src/index.md", "# Ours", r"site_src/index\.md: the name is reserved"),
        (
            "site_src/how-it-works.md",
            '<img src="https://example.org/pixel.gif">',
            r"how-it-works\.html: loads https://example\.org",
        ),
        ("templates/macros.html", "a\n{% endif %}", r"templates/macros\.html line 2: "),
        ("templates/method.html", "{{ gone.by }}", r"templates/method\.html: 'gone' is undefined"),
        ("mkdocs.yml", "site_name: Ours", r"`site_name: Ours` has no effect.*'Stemsilver'"),
        ("mkdocs.yml", "nav: [", r"mkdocs\.yml cannot be read"),
    ],
)
def test_what_is_wrong_with_an_own_file_is_said(
    planted: Planted, work: Path, tmp_path: Path, name: str, content: str | bytes, said: str
) -> None:
    put(work / name, content)
    with pytest.raises(SiteError, match=said) as caught:
        planted.build(tmp_path / "site")
    assert "Traceback" not in caught.value.message
    assert "INFO" not in caught.value.message
    assert not (tmp_path / "site").exists()
