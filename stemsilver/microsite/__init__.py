"""Level 5: the site a stakeholder opens, listens to and signs off."""

from stemsilver.microsite.publish import Site, build
from stemsilver.microsite.render import MEDIA

__all__ = ["MEDIA", "Site", "build"]
