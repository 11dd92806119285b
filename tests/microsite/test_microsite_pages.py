"""What the pages say, and that nothing in a name, a script or a transcript can act in them."""

from __future__ import annotations

import re
from html import unescape
from html.parser import HTMLParser
from posixpath import dirname, join, normpath

from stemsilver import config
from stemsilver.evaluation.catalogue import METRICS
from stemsilver.microsite.pages.writer import plain_title
from stemsilver.microsite.parts.file_names import file_path
from stemsilver.microsite.parts.metric_cells import families
from stemsilver.report import visible

from .planted_site import HOSTILE, HOSTILE_WORD, Published


class _Outline(HTMLParser):
    """The handlers, the scripts and the visible text of a page."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.handlers: list[str] = []
        self.text = ""
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.handlers += [name for name, _ in attrs if name.startswith("on")]

    def handle_data(self, data: str) -> None:
        self.text += data


def body(published: Published, name: str) -> str:
    """The text of a page's article, on one line."""
    page = (published.folder / name).read_text(encoding="utf-8")
    article = page[page.index("<article") : page.index("</article>")]
    return " ".join(unescape(re.sub(r"<[^>]+>", " ", article)).split())


def test_hostile_names_are_text_shown_in_full(published: Published) -> None:
    """Neither Markdown nor Jinja nor HTML takes anything out of them."""
    texts = {}
    for path in published.folder.rglob("*.html"):
        page = path.read_text(encoding="utf-8")
        outline = _Outline(page)
        assert outline.handlers == [], path.name
        scripts = re.findall(r"<script[^>]*>(.*?)</script>", page, re.DOTALL)
        assert "window.pwned" not in "".join(scripts), path.name
        texts[path.stem] = outline.text
    place = file_path(HOSTILE)
    assert place.row_folder + place.name in texts["index"]
    for text in (
        visible(HOSTILE),
        f"A note with {HOSTILE_WORD} in it.",
        f"no{HOSTILE_WORD}",
        f"Say {HOSTILE_WORD}.\n\n# now\n</details></div>\n\n*and* <b>then</b>",
    ):
        assert text in texts["hostile-00000003"]
    assert not set("<>&\"'") & set(plain_title(HOSTILE))
    assert plain_title("Café_*[x]") == "Café_*[x]"


def test_pages_say_verdicts_limits_and_reasons(published: Published) -> None:
    page = body(published, "index.html")
    assert (
        "3 of 5 pass, 1 failed a gate, 1 could not be cleaned; gates not measurable on 1." in page
    )
    assert "Music to speech dB, lower is better ≤ −20 dB" in page
    assert "−9.0 ✗ outside its limit" in page
    assert "not cleaned unreadable" in page
    page = body(published, "renders/broken-00000005.html")
    assert (
        "This render could not be cleaned: the file cannot be read as audio . "
        "File: broken .wav "
        f"Cause: not audio, it begins with `{HOSTILE_WORD}` "
        "Next step: Export the file again as WAV or FLAC."
    ) in page
    page = body(published, "renders/duet-00000002.html")
    assert page.index("✗ fails Music to speech −9.0 dB limit ≤ −20 dB") < page.index("✓ pass")
    assert (
        "Is the music gone? ✗ fails Not within its limits: Music to speech −9.0 dB, limit ≤ −20 dB;"
        " pauses are 7 dB louder."
    ) in page
    page = body(published, "renders/intro-one-00000001.html")
    assert "WER 60.0 % = (1 + 1 + 1) / 5 words" in page
    assert "≠ 1 substituted − 1 deleted + 1 inserted 3 unchanged" in page
    assert "As the speech recogniser heard it, in German, after normalisation." in page
    assert "1 word of the script lost: quick 1 word of the script recovered: fox" in page
    page = body(published, "renders/silent-00000004.html")
    assert "Music presence : too short" in page
    assert "– not measured Music to speech" in page
    assert "Is the speech intact? – not measured This could not be measured: too short." in page


def test_every_metric_of_the_catalogue_is_explained(published: Published) -> None:
    assert {name for family in families() for name in family.names} == set(METRICS)
    page = body(published, "method.html")
    for metric in METRICS.values():
        assert all(part in page for part in (metric.name, metric.about, metric.limits))


def test_reproduce_gives_a_profile_that_loads_and_is_the_same(published: Published) -> None:
    page = (published.folder / "reproduce.html").read_text(encoding="utf-8")
    blocks = re.findall(r"<pre><code>(.*?)</code></pre>", page, re.DOTALL)
    shown = next(unescape(block) for block in blocks if "preprocess:" in block)
    profile = config.parse(shown, name="embedded", origin="the page")
    assert profile == published.planted.profile
    assert published.planted.scorecard.weights[0].sha256 in page


def test_every_page_is_reached_from_the_front_page(published: Published) -> None:
    """That every link has a target is a check of each build."""
    ahead, walked = {"index.html"}, set()
    while ahead:
        name = ahead.pop()
        walked.add(name)
        page = (published.folder / name).read_text(encoding="utf-8")
        for link in re.findall(r'<a [^>]*href="([^"#?:]+\.html)', page):
            ahead |= {normpath(join(dirname(name), unescape(link)))} - walked
    assert walked == {
        path.relative_to(published.folder).as_posix() for path in published.folder.rglob("*.html")
    }
