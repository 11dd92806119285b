"""Convert LaTeX to MathML at build time; browsers show MathML without a script."""

from __future__ import annotations

import re
from html import escape
from typing import Literal

from latex2mathml.converter import convert

_INLINE = re.compile(r"\$([^$]+)\$")


def mathml(latex: str, display: Literal["block", "inline"] = "block") -> str:
    """Convert `latex` to safe HTML: a `math` element, with the LaTeX as its alternative text.

    >>> mathml("x < y", "inline").partition(" xmlns")[0]
    '<math alttext="x &lt; y"'
    """
    return convert(latex, display=display).replace("<math", f'<math alttext="{escape(latex)}"', 1)


def with_symbols(text: str) -> str:
    """Convert a sentence to safe HTML, with its LaTeX, between dollar signs, as inline `math`.

    >>> with_symbols("less < more")
    'less &lt; more'
    """
    # Splitting by a pattern with one group gives prose and LaTeX in turn.
    parts = _INLINE.split(text)
    return "".join(
        mathml(part, "inline") if place % 2 else escape(part) for place, part in enumerate(parts)
    )
