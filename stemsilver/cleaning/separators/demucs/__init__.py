"""Demucs as a separator: the bags htdemucs_ft and mdx_extra_q, computing only the vocals.

Sources: Défossez, *Hybrid Spectrogram and Waveform Source Separation*, 2021; Rouard, Massa and
Défossez, *Hybrid Transformers for Music Source Separation*, ICASSP 2023.
"""

from __future__ import annotations

import math
import random
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np

from stemsilver import optional, weights
from stemsilver.audio import resample
from stemsilver.cleaning.separators.demucs import bag
from stemsilver.cleaning.stretches import in_long_stretches
from stemsilver.config import DemucsSettings
from stemsilver.device import Device, device
from stemsilver.errors import ConfigError, WeightsError
from stemsilver.records import Samples, Signal

if TYPE_CHECKING:
    import torch

    from stemsilver.cleaning.separators.demucs.overlap_add import Pass

# torch is imported inside the functions: the names of the weights must be available without it.

RATE = 44_100
MAX_SHIFT = RATE // 2

FILES = {
    "htdemucs_ft": {3: "htdemucs_ft-vocals"},
    "mdx_extra_q": {index: f"mdx_extra_q-{index + 1}" for index in range(4)},
}
"""The weight files of each bag, by the index of their model in the bag."""

SECONDS_AT_ONCE: dict[Device, float] = {"cuda": 60, "mps": 20, "cpu": 0}
"""Total length in seconds of the segments computed in one batch (at least one segment). On a CPU,
a segment in a batch takes 1.5 times as long as a single one."""

LARGEST_FILTER = 2**25
"""Limit on the filter taps for Demucs' own resampler: from 44,101 Hz it would need 8 GB."""


class DemucsSeparator:
    """A Demucs bag at 44.1 kHz. Stereo is processed as a pair, other layouts per channel; a single
    channel is the input of both model channels.

    The vocals equal those of `demucs --two-stems vocals` with the same settings and the same seed
    of Python's `random`, up to the length of a stretch.
    """

    band_hz: ClassVar[float] = RATE / 2

    def __init__(self, settings: DemucsSettings) -> None:
        name = settings.model_name
        optional.check([name])
        self._settings = settings
        described = bag.read(name)
        self._shares = described.shares
        used = {index: share for index, share in enumerate(described.shares) if share}
        if not used.keys() <= FILES[name].keys():
            raise WeightsError(f"The bag {name} uses models whose weights are not in the registry.")
        self._models = {index: _load(FILES[name][index], described.segment) for index in used}
        for model in self._models.values():
            _check_segment(settings, model)

    @staticmethod
    def weights(settings: DemucsSettings) -> tuple[str, ...]:
        """Return the names of its weight files."""
        return tuple(FILES[settings.model_name].values())

    @staticmethod
    def beside(settings: DemucsSettings) -> tuple[Path, ...]:
        """Return the path of the file that describes the bag."""
        return (bag.description(settings.model_name),)

    def separate(
        self, mixture: Signal, rate: int, progress: Callable[[float], None]
    ) -> Iterator[Samples]:
        """Yield the vocals in `mixture`, aligned with it."""
        return in_long_stretches(self._stretch, mixture, rate, progress)

    def _stretch(self, mixture: Samples, rate: int, progress: Callable[[float], None]) -> Samples:
        parts = [mixture] if len(mixture) == 2 else np.split(mixture, len(mixture))
        count = len(parts)
        return np.concatenate(
            [
                self._vocals(part, rate, partial(_tell, progress, index, count))
                for index, part in enumerate(parts)
            ]
        )

    def _vocals(self, part: Samples, rate: int, progress: Callable[[float], None]) -> Samples:
        """Return the vocals of a (1 or 2, frames) signal."""
        if not part.any():
            progress(1)
            return np.zeros_like(part)  # the models would turn silence into very faint sound
        import torch

        heard = _at_model_rate(part, rate)
        # As in the command: the sample standard deviation (n − 1), undefined for a single frame.
        reference = heard.mean(0)
        mean = reference.mean()
        spread = 1e-8 + (reference.std() if reference.numel() > 1 else torch.zeros(()))
        vocals = self._bag(heard.sub_(mean).div_(spread), progress).mul_(spread).add_(mean)
        return resample(vocals.numpy(), RATE, rate, part.shape[-1])

    def _bag(self, mixture: torch.Tensor, progress: Callable[[float], None]) -> torch.Tensor:
        """Return the weighted mean of the models' vocals. Shape: (1 or 2, frames) in and out."""
        import torch

        from stemsilver.cleaning.separators.demucs.overlap_add import add_vocals

        passes = self._passes(mixture.shape[-1])
        left = whole = sum(len(each) for index in self._models for each in passes[index])

        def done(segments: int) -> None:
            nonlocal left
            left -= segments
            progress(1 - left / whole)

        total = torch.zeros_like(mixture)
        where = device()
        for index, model in self._models.items():
            model.to(where)
            add_vocals(
                total,
                mixture,
                model,
                passes[index],
                self._shares[index],
                max(1, int(SECONDS_AT_ONCE[where] * RATE / passes[index][0].size)),
                done,
            )
            model.to("cpu")  # frees GPU memory for the next model of the bag or the chain
        return total

    def _passes(self, frames: int) -> list[list[Pass]]:
        """Return the passes of every model of the bag, with the random shifts of Demucs.

        Shifts are also drawn for models that are skipped: the shifts of later models depend on
        them. All models of a bag have the same architecture, so any model can stand in.
        """
        drawn = random.Random(self._settings.seed)
        anyone = next(iter(self._models.values()))
        return [
            self._passes_of(self._models.get(index, anyone), frames, drawn)
            for index in range(len(self._shares))
        ]

    def _passes_of(self, model: Any, frames: int, drawn: random.Random) -> list[Pass]:
        from stemsilver.cleaning.separators.demucs.overlap_add import Pass

        settings = self._settings
        size = int(RATE * (settings.segment or model.segment))
        stride = int((1 - settings.overlap) * size)
        padded = _is_transformer(model) and bool(settings.segment or model.use_train_segment)
        if not settings.shifts:
            return [Pass(0, frames, size, stride, padded)]
        passes = []
        for _ in range(settings.shifts):
            start = drawn.randint(0, MAX_SHIFT) - MAX_SHIFT
            passes.append(Pass(start, frames, size, stride, padded))
            transformer = getattr(model, "crosstransformer", None)
            if transformer is not None and transformer.emb == "sin":
                # Demucs draws a position shift for every segment, although it is always 0.
                for _ in range(len(passes[-1])):
                    drawn.randrange(1)
        return passes


def _tell(progress: Callable[[float], None], index: int, count: int, share: float) -> None:
    """Report the total progress, given the progress `share` of part `index` of `count`."""
    progress((index + share) / count)


def _load(name: str, segment: float | None) -> Any:
    """Load a model from verified weights, reduced to the vocals."""
    from stemsilver.cleaning.separators.demucs import loading

    path = weights.verified(name)
    model = loading.load(path)
    if list(model.sources) != bag.SOURCES or (model.samplerate, model.audio_channels) != (RATE, 2):
        raise WeightsError(
            f"{path} does not tell {bag.SOURCES} apart in stereo at {RATE} Hz, as {name} should."
        )
    loading.keep_vocals(model)
    # A transformer cannot process more than its training segment.
    if segment is not None and not (_is_transformer(model) and segment > model.segment):
        model.segment = segment
    return model


def _is_transformer(model: Any) -> bool:
    return hasattr(model, "use_train_segment")


def _check_segment(settings: DemucsSettings, model: Any) -> None:
    if settings.segment is not None and _is_transformer(model) and settings.segment > model.segment:
        raise ConfigError(
            f"segment: this {settings.model_name} was trained on {float(model.segment):g} s and "
            f"cannot take {settings.segment:g}"
        )


def _at_model_rate(part: Samples, rate: int) -> torch.Tensor:
    """Return a copy of the signal at 44.1 kHz, resampled as in Demucs."""
    import torch
    from julius.resample import resample_frac

    common = math.gcd(rate, RATE)
    frames = part.shape[-1] * RATE // rate
    if frames == 0 or (rate // common) * (RATE // common) > LARGEST_FILTER:
        return torch.from_numpy(resample(part, rate, RATE))
    resampled: torch.Tensor = resample_frac(torch.tensor(part), rate, RATE)
    return resampled
