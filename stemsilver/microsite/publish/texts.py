"""The texts of a site outside its templates: those of `mkdocs.yml` and of the scripts."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from stemsilver.translation import N_, gettext, language
from stemsilver.translation.catalogue import script_texts

# Those of the shipped mkdocs.yml, and the descriptions of the shipped profiles; a team's own texts
# stay as they are.
SHIPPED = (
    N_("Overview"),
    N_("Review"),
    N_("Trend"),
    N_("How it works"),
    N_("Method"),
    N_("Reproduce"),
    N_("Speech with the backing music taken out, and the numbers that show it is intact"),
    N_("Colours follow the system; switch to light"),
    N_("Light colours; switch to dark"),
    N_("Dark colours; switch to the system's"),
    N_("Offline on a CPU, with the weights that come inside the installed packages"),
    N_("The studio chain with every shift a GPU has time for"),
    N_("The default with a recogniser for many languages, offline on a CPU"),
    N_("Two bags of Demucs, Meta's denoiser and large judges, for a GPU or a patient CPU"),
    N_("An MDX-Net of the Ultimate Vocal Remover with soft masking"),
)

_TABLE = "assets/texts.js"


def translate_settings(settings: dict[str, Any], shipped: Mapping[str, Any]) -> None:
    """Change MkDocs `settings` to the language of the site.

    Args:
        settings: Those of the site.
        shipped: Those that they inherit and override.
    """
    if language() == "en":
        return
    theme = shipped.get("theme") or {}
    own = {"name": theme} if isinstance(theme, str) else theme
    settings["theme"] = {**own, "language": language()}
    if palettes := own.get("palette"):
        settings["theme"]["palette"] = _translated(palettes)
    if nav := settings.get("nav") or shipped.get("nav"):
        settings["nav"] = [_entry(one) for one in nav]
    if about := shipped.get("site_description"):
        settings["site_description"] = gettext(about)
    settings["extra_javascript"] = [*shipped.get("extra_javascript", []), _TABLE]


def write_script_texts(folder: Path) -> None:
    """Write the texts of the scripts into the sources of a site that is not in English.

    The scripts find them by their English text. A page from a disk loads no modules, so it is a
    plain script.
    """
    if language() == "en":
        return
    table = json.dumps(script_texts(language()), ensure_ascii=False, indent=0, sort_keys=True)
    (folder / _TABLE).write_text(f"globalThis.stTexts = {table};\n", encoding="utf-8")


def _translated(palettes: Any) -> Any:
    """Return the palettes of the theme with the names of their buttons translated."""
    if isinstance(palettes, list):
        return [_translated(one) for one in palettes]
    if isinstance(palettes, dict):
        return {
            key: gettext(one) if key == "name" else _translated(one)
            for key, one in palettes.items()
        }
    return palettes


def _entry(entry: Any) -> Any:
    """Return an entry of the navigation with its title translated."""
    if isinstance(entry, dict):
        return {
            gettext(title): [_entry(one) for one in page] if isinstance(page, list) else page
            for title, page in entry.items()
        }
    return entry
