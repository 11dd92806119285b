"""The site that stakeholders open, listen to and approve.

Each name is imported at its first use, so that packing a site into a ZIP does not wait for the code
that draws one.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from stemsilver.microsite.bakeoff_site import build_bakeoff
    from stemsilver.microsite.baseline import read_base
    from stemsilver.microsite.pages.bakeoff import MAX_PROFILES
    from stemsilver.microsite.publish.offline import (
        DOWNLOADS,
        RELEASE,
        SPEECH,
        Archive,
        offline_files,
    )
    from stemsilver.microsite.publish.site import PublishedSite, build, check_replaceable

__all__ = [
    "DOWNLOADS",
    "MAX_PROFILES",
    "RELEASE",
    "SPEECH",
    "Archive",
    "PublishedSite",
    "build",
    "build_bakeoff",
    "check_replaceable",
    "offline_files",
    "read_base",
]

_MODULES = {
    "pages.bakeoff": ("MAX_PROFILES",),
    "bakeoff_site": ("build_bakeoff",),
    "baseline": ("read_base",),
    "publish.offline": ("DOWNLOADS", "RELEASE", "SPEECH", "Archive", "offline_files"),
    "publish.site": ("PublishedSite", "build", "check_replaceable"),
}


if not TYPE_CHECKING:  # a type checker would accept any name

    def __getattr__(name: str) -> Any:
        for module, names in _MODULES.items():
            if name in names:
                return getattr(import_module(f"{__name__}.{module}"), name)
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
