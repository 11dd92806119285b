"""The languages of Whisper, by its language codes."""

from __future__ import annotations

AUTO = "auto"
"""Used instead of a code: detect the language."""

_CODES = (
    "af am ar as az ba be bg bn bo br bs ca cs cy da de el en es et eu fa fi fo fr gl gu ha haw he "
    "hi hr ht hu hy id is it ja jw ka kk km kn ko la lb ln lo lt lv mg mi mk ml mn mr ms mt my ne "
    "nl nn no oc pa pl ps pt ro ru sa sd si sk sl sn so sq sr su sv sw ta te tg th tk tl tr tt uk "
    "ur uz vi yi yo yue zh"
)
LANGUAGES = frozenset(_CODES.split())

SINCE_LARGE_V3 = frozenset({"yue"})
"""Languages that only large-v3 and large-v3-turbo support."""

UNSPACED = frozenset({"ja", "lo", "my", "th", "yue", "zh"})
"""Languages without spaces between words: Whisper's authors compare them character by character."""
