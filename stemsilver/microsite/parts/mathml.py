"""Mathematics as the pages show it: LaTeX made MathML at build time, which browsers draw alone."""

from __future__ import annotations

import re
from html import escape
from typing import Literal

from latex2mathml.converter import convert

_INLINE = re.compile(r"\$([^$]+)\$")


def mathml(latex: str, display: Literal["block", "inline"] = "block") -> str:
    """`latex` as a `math` element, with the LaTeX as its alternative text. Fit for a page as is.

    >>> mathml("x < y", "inline").partition(" xmlns")[0]
    '<math alttext="x &lt; y"'
    """
    return convert(latex, display=display).replace("<math", f'<math alttext="{escape(latex)}"', 1)


def with_symbols(text: str) -> str:
    """A sentence with its LaTeX, between dollar signs, as inline `math`. Fit for a page as is.

    >>> with_symbols("less < more")
    'less &lt; more'
    """
    # A pattern with one group splits into prose and LaTeX by turns.
    parts = _INLINE.split(text)
    return "".join(
        mathml(part, "inline") if place % 2 else escape(part) for place, part in enumerate(parts)
    )
