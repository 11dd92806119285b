"""Level 5: the site a stakeholder opens, listens to and signs off."""

from stemsilver.microsite.base import read_base
from stemsilver.microsite.offline import DOWNLOADS, RELEASE, Archive, offline_files
from stemsilver.microsite.publish import Site, build, check_replaceable

__all__ = [
    "DOWNLOADS",
    "RELEASE",
    "Archive",
    "Site",
    "build",
    "check_replaceable",
    "offline_files",
    "read_base",
]
