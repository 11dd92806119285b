"""Generate pages: Jinja templates turn view models into Markdown files.

The body of a page is one block of raw HTML, which Markdown does not interpret. Jinja escapes every
value in it.
"""

from __future__ import annotations

import shlex
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import yaml
from jinja2 import Environment, TemplateError, TemplateSyntaxError

from stemsilver import optional
from stemsilver.config import Profile
from stemsilver.config.languages import UNSPACED
from stemsilver.errors import SiteError
from stemsilver.evaluation.catalogue.models import described
from stemsilver.media.playback import BASE
from stemsilver.microsite.baseline import Base, BaseItem, label
from stemsilver.microsite.pages.blind import BUILDS, BlindPage, blind_page
from stemsilver.microsite.pages.compare_builds import comparison, guardrail_result
from stemsilver.microsite.pages.overview import overview
from stemsilver.microsite.pages.render import render_page
from stemsilver.microsite.pages.review import RENDERS, listed, renders_json, review_page
from stemsilver.microsite.pages.trend import trend
from stemsilver.microsite.parts.file_names import breakable
from stemsilver.microsite.parts.mathml import mathml, with_symbols
from stemsilver.microsite.parts.metric_cells import families_of, words
from stemsilver.microsite.parts.player import blind_pair, sources
from stemsilver.microsite.publish import thumbnails
from stemsilver.microsite.publish.assets import Plot
from stemsilver.microsite.publish.overrides import template_folders
from stemsilver.microsite.templates import environment
from stemsilver.records import Evidence, WeightRecord
from stemsilver.report import (
    Record,
    Scorecard,
    language_name,
    skipped_words,
    used_models,
    visible,
    worst_first,
)
from stemsilver.report.text.wording import clock
from stemsilver.translation import date
from stemsilver.translation import gettext as _

# The theme does not escape titles, so they lose HTML characters; the heading shows all of them.
_INERT = str.maketrans({"<": "‹", ">": "›", "&": "＆", '"': "”", "'": "’"})


def plain_title(text: str) -> str:
    """Return `text` as a title that reads the same whether or not it is taken for HTML.

    >>> plain_title("<b>Smith's</b>")
    '‹b›Smith’s‹/b›'
    """
    return visible(text).translate(_INERT)


@dataclass(frozen=True)
class Pages:
    """A writer of the generated pages of one build, into a folder of Markdown sources."""

    scorecard: Scorecard
    profile: Profile
    folder: Path

    @cached_property
    def _jinja(self) -> Environment:
        jinja = environment(*template_folders(), finalize=_shown)
        jinja.filters.update(
            mathml=mathml,
            with_symbols=with_symbols,
            breakable=breakable,
            language_name=language_name,
        )
        jinja.globals.update(
            scorecard=self.scorecard,
            profile=self.profile,
            created=_moment(self.scorecard),
            clock=clock,
            date=date,
            listed=listed,
            thumbnail_file=thumbnails.NAME,
            thumbnail_size=thumbnails.SIZE,
            skipped_words=skipped_words,
            unspaced=UNSPACED,
            words=words,
        )
        return jinja

    def write_overview(
        self,
        reports: Sequence[Path],
        plots: Sequence[Plot],
        mermaid: str,
        media: Mapping[str, Path],
        archive: str | None = None,
        base: Base | None = None,
    ) -> None:
        """Write the front page, which links to the comparison with `base` if there is one."""
        self.write(
            "index.md",
            _("Overview"),
            "overview.html",
            view=overview(self.scorecard, reports, media, archive),
            against=None if base is None else label(base.scorecard, self.scorecard),
            guardrail_result=None if base is None else guardrail_result(self.scorecard, base),
            plots=plots,
            mermaid=mermaid,
        )

    def write_renders(
        self,
        evidence: Mapping[str, Evidence],
        media: Mapping[str, Path],
        matched: Mapping[str, BaseItem],
        pairs: Mapping[str, Path],
        speech: Mapping[str, Path],
    ) -> None:
        """Write one page per render, in `renders/`, named by its id, and its lists of music.

        Each links to its neighbours in the front page's list, which has the worst first.
        `pairs` are the folders of the short pairs and `speech` the WAV files that the pages offer,
        by id.
        """
        items = worst_first(self.scorecard)
        for index, item in enumerate(items):
            folder = media[item.id] if item.failure is None else None
            measured, base = evidence.get(item.id), matched.get(item.id)
            beside = self.folder / "renders" / item.id
            view = render_page(
                items,
                index,
                measured,
                folder,
                base,
                beside,
                pairs=pairs.get(item.id),
                speech=speech.get(item.id),
            )
            self.write(f"renders/{item.id}.md", item.path, "render.html", view=view)
            for name, text in (pair for one in view.music for pair in one.files.items()):
                beside.mkdir(exist_ok=True)
                (beside / name).write_text(text, encoding="utf-8")

    def write_comparison(
        self,
        evidence: Mapping[str, Evidence],
        media: Mapping[str, Path],
        base: Base,
        matched: Mapping[str, BaseItem],
    ) -> None:
        """Write the pages that compare this build with another: Compare and Blind test."""
        build = self.scorecard
        head, other = label(build, base.scorecard), label(base.scorecard, build)
        self.write(
            "compare.md",
            _("Compare"),
            "compare.html",
            view=comparison(build, base, matched, evidence, head, other),
        )
        items = [item for item in build.renders if item.id in matched]
        found = {
            item.id: {one.name: one for one in sources(media[item.id], matched[item.id])}
            for item in items
        }
        pairs = [blind_pair(item, found[item.id]["clean"], found[item.id][BASE]) for item in items]
        self.write_blind("blind.md", blind_page(pairs, head, other, BUILDS))

    def write_blind(self, name: str, page: BlindPage) -> None:
        """Write a page on which two versions of the renders are told apart by ear."""
        self.write(name, _("Blind test"), "blind.html", view=page)

    def write_review(self) -> None:
        """Write the page of the reviews, and the list of renders that its scripts fetch."""
        self.write("review.md", _("Review"), "review_page.html", view=review_page(self.scorecard))
        (self.folder / RENDERS).write_text(renders_json(self.scorecard), encoding="utf-8")

    def write_trend(self, history: Sequence[Record]) -> None:
        """Write the page of every metric across the builds until this one."""
        self.write("trend.md", _("Trend"), "trend.html", view=trend(history, self.scorecard))

    def write_background(self) -> None:
        """Write the pages that say how the numbers came about: Method and Reproduce."""
        self.write_method()
        self.write_reproduce()

    def write_method(self, profiles: Sequence[Profile] = ()) -> None:
        """Write what is measured, how, and with which models: of `profiles`, else the batch's."""
        ran = profiles or (self.profile,)
        self.write(
            "method.md",
            _("Method"),
            "method.html",
            families=families_of(described(self.profile.evaluation)),
            gates=self.scorecard.gates,
            models=tuple(dict.fromkeys(one for profile in ran for one in used_models(profile))),
            ran=[profile.name for profile in ran],
        )

    def write_reproduce(self) -> None:
        """Write the page that says how to build the site again."""
        config = self.profile.model_dump(mode="json", exclude={"name"})
        self.write(
            "reproduce.md",
            _("Reproduce"),
            "reproduce.html",
            config=yaml.safe_dump(config, sort_keys=False, allow_unicode=True),
            commands="\n".join(
                [
                    *preparations([self.profile], self.scorecard.weights),
                    f"stemsilver build-site --raw raw --profile {shlex.quote(self.profile.name)}",
                ]
            ),
        )

    def write(self, name: str, title: str, template: str, **values: Any) -> None:
        """Write the page `name` from a template.

        Raises:
            SiteError: there is a hand-written page of that name, or the template is not valid.
        """
        front = {"title": plain_title(title), "hide": ["navigation", "toc"]}
        path = self.folder / name
        if path.exists():
            raise SiteError(
                f"site_src/{name}: the name is reserved for a page that Stemsilver writes",
                next_step=f"Give it another name, or change templates/{template} instead.",
            )
        body = self._rendered(template, values)
        path.parent.mkdir(exist_ok=True)
        path.write_text(
            f"---\n{yaml.safe_dump(front, allow_unicode=True)}---\n\n{body.strip()}\n",
            encoding="utf-8",
        )

    def _rendered(self, template: str, values: Mapping[str, Any]) -> str:
        try:
            return self._jinja.get_template(template).render(values)
        except TemplateError as error:
            # Most likely one of the team's own templates, made for another version or malformed.
            # Only syntax errors have a line.
            name = getattr(error, "name", None) or template
            line = f" line {error.lineno}" if isinstance(error, TemplateSyntaxError) else ""
            raise SiteError(
                f"templates/{name}{line}: {error.message}",
                next_step="Correct the template, or remove it to use the shipped one.",
            ) from error


def preparations(profiles: Sequence[Profile], weights: Sequence[WeightRecord]) -> list[str]:
    """Return the shell commands that get the models of `profiles` on a machine that lacks them."""
    packages = optional.needed(name for profile in profiles for name in profile.models)
    names = " ".join(shlex.quote(profile.name) for profile in profiles)
    pulled = not all(weight.bundled for weight in weights)
    return [
        *([optional.install(packages)] if packages else []),
        *([f"stemsilver models pull {names}"] if pulled else []),
    ]


def _shown(value: Any) -> Any:
    """Return a value as pages show it: text without invisible or order-reversing characters.

    Text that a template escaped itself, with `| e`, keeps its lines.
    """
    return visible(value) if type(value) is str else value


def _moment(build: Scorecard) -> str:
    """Format the time of a build for a reader."""
    return f"{date(build.moment)}, {build.moment:%H:%M} UTC"
