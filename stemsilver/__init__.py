"""Stemsilver: remove backing music from TTS renders, and prove that the speech is intact.

>>> import stemsilver
>>> stemsilver.load_profile("embedded").postprocess.final_lufs
-16.0
"""

import os
from importlib import import_module
from typing import TYPE_CHECKING, Any

# From its first import on, onnxruntime reports its use to Microsoft, unless this is set before.
os.environ.setdefault("ORT_DISABLE_TELEMETRY", "1")

__version__ = "0.1.0"

if TYPE_CHECKING:
    from stemsilver.config import Profile
    from stemsilver.errors import StemsilverError
    from stemsilver.public import clean, evaluate, load_profile, read, write
    from stemsilver.records import Audio, Cleaned, Evidence, Score

__all__ = [
    "Audio",
    "Cleaned",
    "Evidence",
    "Profile",
    "Score",
    "StemsilverError",
    "__version__",
    "clean",
    "evaluate",
    "load_profile",
    "read",
    "write",
]

_MODULES = {
    "config": ("Profile",),
    "errors": ("StemsilverError",),
    "public": ("clean", "evaluate", "load_profile", "read", "write"),
    "records": ("Audio", "Cleaned", "Evidence", "Score"),
}


if not TYPE_CHECKING:  # otherwise type checkers would accept any attribute name

    def __getattr__(name: str) -> Any:
        for module, names in _MODULES.items():
            if name in names:
                return getattr(import_module(f"{__name__}.{module}"), name)
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def __dir__() -> list[str]:
    return __all__
