"""Jinja environments that make pages and text files from templates."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined, pass_context
from jinja2.runtime import Context
from markupsafe import Markup, escape

from stemsilver import translation
from stemsilver.report import visible


def environment(
    *folders: Path, html: bool = True, finalize: Callable[[Any], Any] | None = None
) -> Environment:
    """Return an environment with the templates of `folders`; earlier folders take precedence.

    An undefined value in a template is an error. With `html`, every value is escaped; without, the
    output is plain text and keeps the last newline of its template. `finalize` converts each value
    before it is escaped.

    Texts are translated by `_("…")` and `{% trans %}`; their values are converted and escaped like
    others. `told` shows a stored sentence, `localised` a number, in the language of the site.
    """
    made = Environment(
        loader=FileSystemLoader(folders),
        autoescape=html,
        keep_trailing_newline=not html,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        finalize=finalize,
        extensions=["jinja2.ext.i18n"],
    )
    made.install_gettext_callables(  # type: ignore[attr-defined]
        translation.gettext, translation.ngettext, newstyle=True
    )
    for name in ("gettext", "ngettext"):
        made.globals[name] = _finalizing(made.globals[name], finalize or _unchanged)
    made.globals.update(language=translation.language)
    made.filters.update(told=told, shown=translation.shown, localised=translation.localised)
    return made


def told(text: str) -> Markup:
    """Return a stored sentence in the language of the site; one in English is marked as such."""
    found = translation.translated(text)
    if found is None:
        return Markup('<span lang="en">{}</span>').format(visible(text))
    return escape(visible(found))


def _finalizing(translate: Any, finalize: Callable[[Any], Any]) -> Any:
    """Return a translating function of Jinja that also converts the values within a text."""

    @pass_context
    def call(context: Context, *texts: Any, **values: Any) -> Any:
        return translate(context, *texts, **{name: finalize(one) for name, one in values.items()})

    return call


def _unchanged(value: Any) -> Any:
    return value
