"""A complete profile, and digests of parts of it."""

from __future__ import annotations

import hashlib
import json

from pydantic import BaseModel

from stemsilver.config.section import Section
from stemsilver.config.sections import (
    AbTests,
    BetaWiener,
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


class Chain(Section):
    """The sections that determine the cleaned sound, in processing order."""

    preprocess: Preprocess
    separation: Separation
    enhancement: Enhancement
    beta_wiener: BetaWiener
    postprocess: Postprocess


class Profile(Chain):
    """A complete profile. `name` is the file name without extension, not a key in the file."""

    name: str
    description: str
    nothing_to_remove: NothingToRemove
    ab_tests: AbTests
    evaluation: Evaluation
    gates: Gates
    guardrail: Guardrail
    promotion: Promotion
    site: Site

    @property
    def models(self) -> tuple[str, ...]:
        """The names of the separators, the denoiser, and what measures."""
        return (
            *(model.model_name for model in self.separation.models),
            self.enhancement.model_name,
            *self.evaluation.models,
        )

    def cleaning_everything(self) -> Profile:
        """Return the profile with which renders without music are cleaned too."""
        section = self.nothing_to_remove.model_copy(update={"enabled": False})
        return self.model_copy(update={"nothing_to_remove": section})

    def titled(self, title: str) -> Profile:
        """Return the profile for a site of this name.

        Raises:
            ValueError: the name is empty or too long.
        """
        return self.model_copy(update={"site": Site(**{**self.site.model_dump(), "title": title})})

    @property
    def chain(self) -> Chain:
        """The sections that the cleaning chain reads."""
        return Chain(**{key: getattr(self, key) for key in Chain.model_fields})


def digest(*parts: BaseModel | str | float | None) -> str:
    """Return the SHA-256 of parts of a profile and of other values that determine a result.

    Equal values give equal digests on every machine.

    >>> digest("a", 1) == digest("a", 1), digest("a", 1) == digest("a", 2)
    (True, False)
    """
    plain = [
        part.model_dump(mode="json") if isinstance(part, BaseModel) else part for part in parts
    ]
    encoded = json.dumps(plain, sort_keys=True, ensure_ascii=True, separators=(",", ":"))
    return hashlib.sha256(encoded.encode()).hexdigest()
