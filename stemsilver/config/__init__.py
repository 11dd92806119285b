"""Profiles: YAML files validated into frozen models.

The models define the range of every value but no defaults: a profile states every value, or extends
one that does. An unknown key is an error that names the key and the nearest known one, because
ignoring a misspelt key could waste a whole batch.
"""

from stemsilver.config.models import (
    Asr,
    DemucsSettings,
    EmbeddedSettings,
    MdxSettings,
    Music,
    MusicRanges,
    OmnivadMusic,
    PannsMusic,
    SeparatorModel,
)
from stemsilver.config.profile import Chain, Profile, digest
from stemsilver.config.reading import load, parse
from stemsilver.config.sections import (
    AbTests,
    BetaWiener,
    Dnsmos,
    Enhancement,
    Evaluation,
    Gates,
    Guardrail,
    NothingToRemove,
    Postprocess,
    Preprocess,
    Promotion,
    Separation,
    Site,
)
from stemsilver.config.yaml_text import strict_yaml

__all__ = [
    "AbTests",
    "Asr",
    "BetaWiener",
    "Chain",
    "DemucsSettings",
    "Dnsmos",
    "EmbeddedSettings",
    "Enhancement",
    "Evaluation",
    "Gates",
    "Guardrail",
    "MdxSettings",
    "Music",
    "MusicRanges",
    "NothingToRemove",
    "OmnivadMusic",
    "PannsMusic",
    "Postprocess",
    "Preprocess",
    "Profile",
    "Promotion",
    "Separation",
    "SeparatorModel",
    "Site",
    "digest",
    "load",
    "parse",
    "strict_yaml",
]
