"""Level 5: the site a stakeholder opens, listens to and signs off."""

from stemsilver.microsite.bakeoff import MAX_PROFILES
from stemsilver.microsite.bakeoff_pages import build_bakeoff
from stemsilver.microsite.base import read_base
from stemsilver.microsite.offline import DOWNLOADS, RELEASE, Archive, offline_files
from stemsilver.microsite.publish import Site, build, check_replaceable

__all__ = [
    "DOWNLOADS",
    "MAX_PROFILES",
    "RELEASE",
    "Archive",
    "Site",
    "build",
    "build_bakeoff",
    "check_replaceable",
    "offline_files",
    "read_base",
]
