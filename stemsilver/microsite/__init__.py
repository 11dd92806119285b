"""Level 5: the site a stakeholder opens, listens to and signs off."""

from stemsilver.microsite.base import read_base
from stemsilver.microsite.publish import Site, build, check_replaceable

__all__ = ["Site", "build", "check_replaceable", "read_base"]
