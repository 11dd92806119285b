"""Old import path of the public API, kept for compatibility: import from `stemsilver` instead."""

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
