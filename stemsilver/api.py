"""The former name of the public face: import from `stemsilver` itself."""

from stemsilver.config import Profile
from stemsilver.errors import StemsilverError
from stemsilver.public import clean, evaluate, load_profile, write
from stemsilver.records import Audio, Cleaned, Evidence

__all__ = [
    "Audio",
    "Cleaned",
    "Evidence",
    "Profile",
    "StemsilverError",
    "clean",
    "evaluate",
    "load_profile",
    "write",
]
