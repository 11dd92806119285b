"""Fonts that no machine has, and that are therefore the same on every one."""

from __future__ import annotations

import io
from base64 import b64encode
from functools import cache

from fontTools.fontBuilder import FontBuilder
from fontTools.pens.ttGlyphPen import TTGlyphPen
from fontTools.ttLib.tables._c_m_a_p import CmapSubtable
from playwright.sync_api import Page

NARROW, WIDE = 350, 1000
"""How wide every letter is, in thousandths of its size: less and more than in what people read."""


def widths(page: Page) -> list[int]:
    """How wide the page is in the fonts of this machine, in narrow ones, and in wide ones.

    Whatever can be opened is opened.
    """
    page.evaluate("document.querySelectorAll('details').forEach(one => { one.open = true; })")
    found = [_width(page)]
    for letter in (NARROW, WIDE):
        name = f"boxes-{letter}"
        font = b64encode(_font(letter)).decode()
        assert round(page.evaluate(_LOAD, [name, font])) == 4 * letter
        style = page.add_style_tag(content=f"* {{ font-family: {name} !important }}")
        found.append(_width(page))
        style.evaluate("style => style.remove()")
    return found


# From its bytes and not from an address, which the policy of a page may refuse.
_LOAD = """async ([name, font]) => {
  const bytes = Uint8Array.from(atob(font), (one) => one.charCodeAt(0));
  document.fonts.add(await new FontFace(name, bytes).load());
  const pen = document.createElement("canvas").getContext("2d");
  pen.font = `1000px ${name}`;
  return pen.measureText("iW−日").width;
}"""


def _width(page: Page) -> int:
    return int(page.evaluate("document.documentElement.scrollWidth"))


@cache
def _font(width: int) -> bytes:
    """A font with one letter, a box, for every character."""
    pen = TTGlyphPen(None)
    pen.moveTo((50, 0))
    for corner in ((50, 700), (width - 50, 700), (width - 50, 0)):
        pen.lineTo(corner)
    pen.closePath()
    box = pen.glyph()
    builder = FontBuilder(1000)
    builder.setupGlyphOrder([".notdef", "box"])
    builder.setupCharacterMap({})
    builder.setupGlyf({".notdef": box, "box": box})
    builder.setupHorizontalMetrics({".notdef": (width, 50), "box": (width, 50)})
    builder.setupHorizontalHeader(ascent=900, descent=-250)
    builder.setupNameTable({"familyName": "Boxes", "styleName": "Regular"})
    builder.setupOS2()
    builder.setupPost()
    # Format 13: many characters for one letter.
    table = CmapSubtable.newSubtable(13)
    table.platformID, table.platEncID, table.language = 3, 10, 0
    table.cmap = dict.fromkeys([*range(0x20, 0xD800), *range(0xE000, 0x20000)], "box")
    builder.font["cmap"].tables = [table]
    file = io.BytesIO()
    builder.save(file)
    return file.getvalue()
