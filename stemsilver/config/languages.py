"""The languages that Whisper knows, by its own codes."""

from __future__ import annotations

AUTO = "auto"
"""In the place of a code: whatever language is heard."""

_CODES = (
    "af am ar as az ba be bg bn bo br bs ca cs cy da de el en es et eu fa fi fo fr gl gu ha haw he "
    "hi hr ht hu hy id is it ja jw ka kk km kn ko la lb ln lo lt lv mg mi mk ml mn mr ms mt my ne "
    "nl nn no oc pa pl ps pt ro ru sa sd si sk sl sn so sq sr su sv sw ta te tg th tk tl tr tt uk "
    "ur uz vi yi yo yue zh"
)
LANGUAGES = frozenset(_CODES.split())

SINCE_LARGE_V3 = frozenset({"yue"})
"""What only large-v3 and its turbo learned."""

UNSPACED = frozenset({"ja", "lo", "my", "th", "yue", "zh"})
"""Languages that Whisper's authors compare by letters, since they leave no spaces between words."""
