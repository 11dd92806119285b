"""A team's own pages, pictures and templates in its working folder, over the shipped ones."""

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


def test_own_pages_pictures_and_templates_stand_in_for_the_shipped_ones(
    planted: Planted, work: Path, tmp_path: Path
) -> None:
    put(work / "site_src" / "how-it-works.md", "# How *we* work\n")
    logo = resource("site_src") / "assets" / "logo.svg"
    put(work / "site_src" / "assets" / "logo.svg", logo.read_bytes() + b"<!-- ours -->")
    method = (resource("templates") / "method.html").read_text(encoding="utf-8")
    put(work / "templates" / "method.html", method + "\n<p>Agreed on by the team.</p>\n")
    built = planted.build(tmp_path / "site").index.parent
    assert "How <em>we</em> work" in (built / "how-it-works.html").read_text(encoding="utf-8")
    assert (built / "assets" / "logo.svg").read_bytes().endswith(b"<!-- ours -->")
    shown = (built / "method.html").read_text(encoding="utf-8")
    assert "Agreed on by the team." in shown
    assert "Method" in shown
    # What nobody has changed is shipped: template, script, picture.
    assert (built / "index.html").is_file()
    for name in ("assets/start.js", "assets/favicon.svg"):
        assert (built / name).read_bytes() == (resource("site_src") / name).read_bytes()


def test_a_page_outside_the_navigation_is_built_and_can_be_linked_to(
    planted: Planted, work: Path, tmp_path: Path
) -> None:
    put(work / "site_src" / "team" / "voices.md", "# Our voices\n\n[All](../index.md)\n")
    put(work / "site_src" / "how-it-works.md", "# How\n\n[Voices](team/voices.md#our-voices)\n")
    built = planted.build(tmp_path / "site").index.parent
    page = (built / "team" / "voices.html").read_text(encoding="utf-8")
    assert 'href="../index.html"' in page
    how = (built / "how-it-works.html").read_text(encoding="utf-8")
    assert 'href="team/voices.html#our-voices"' in how


def test_hidden_files_and_links_do_not_reach_the_site(
    planted: Planted, work: Path, tmp_path: Path
) -> None:
    secret = tmp_path / "secret"
    put(secret / "key.txt", "secret")
    put(work / "site_src" / "assets" / ".hidden.txt", "hidden")
    (work / "site_src" / "key.txt").symlink_to(secret / "key.txt")
    (work / "site_src" / "folder").symlink_to(secret)
    (work / "site_src" / "gone.md").symlink_to(tmp_path / "nothing.md")
    built = planted.build(tmp_path / "site").index.parent
    for name in ("key.txt", "folder", "gone.html", "assets/.hidden.txt"):
        assert not (built / name).exists(), name


@pytest.mark.parametrize(
    ("name", "content", "said"),
    [
        ("site_src/a.md", "[x](gone.md)", r"WARNING.*'a\.md' contains a link 'gone\.md'"),
        ("site_src/latin.md", b"# caf\xe9", r"site_src/latin\.md: not UTF-8 .* at byte 5"),
        ("site_src/index.md", "# Ours", r"site_src/index\.md: the name is reserved"),
        ("site_src/README.md", "# Ours", r"'README\.md' .* conflicts with 'index\.md'"),
        ("templates/method.html", "a\n{% if %}", r"templates/method\.html line 2: "),
        ("templates/macros.html", "{% endif %}", r"templates/macros\.html line 1: "),
        ("templates/method.html", "{{ gone.by }}", r"templates/method\.html: 'gone' is undefined"),
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
