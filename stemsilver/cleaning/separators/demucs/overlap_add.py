"""A model over a long signal: overlapping segments under triangles, several at a time.

It gives what `demucs.apply.apply_model` gives: the same segments, padding and weights. Only the
vocals are kept, and they are added up in place.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import torch


@dataclass(frozen=True)
class Pass:
    """One way through a signal of `frames` frames.

    It begins at frame `start`, which may lie before the signal, with segments of `size` frames,
    `stride` apart. What lies outside the signal is silence. The model is shown each of the last,
    shorter ones by itself, or where they are `padded` with as much around it as makes `size`.
    """

    start: int
    frames: int
    size: int
    stride: int
    padded: bool

    def __len__(self) -> int:
        return math.ceil((self.frames - self.start) / self.stride)

    def segments(self) -> Iterator[Segment]:
        """The segments in their order; the last ones end where the signal does."""
        for index in range(len(self)):
            start = self.start + index * self.stride
            yield Segment(self, index, start, min(self.size, self.frames - start))

    def share(self, index: int) -> torch.Tensor:
        """The part of segment `index` in the sum of all, at each of its `size` frames."""
        triangle = _triangle(self.size)
        total = triangle.clone()
        reach = (self.size - 1) // self.stride
        for other in range(max(0, index - reach), min(len(self), index + reach + 1)):
            moved = (other - index) * self.stride
            if moved > 0:
                total[moved:] += triangle[:-moved]
            elif moved < 0:
                total[:moved] += triangle[-moved:]
        return triangle / total


@dataclass(frozen=True)
class Segment:
    """`frames` frames of a pass, from frame `start` of the signal."""

    parent: Pass
    index: int
    start: int
    frames: int

    @property
    def shown(self) -> int:
        """Frames that the model is shown, with the segment in the middle of them."""
        return self.parent.size if self.parent.padded else self.frames


def add_vocals(
    total: torch.Tensor,
    mixture: torch.Tensor,
    model: Any,
    passes: Sequence[Pass],
    weight: float,
    at_once: int,
    done: Callable[[int], None],
) -> None:
    """Add to `total` the model's vocals in `mixture`, times `weight`, the mean of all passes.

    `at_once` segments are computed together; `done` is told how many just were.

    Shape: (1 or 2, frames) of both, on the CPU; one channel is shown to both inputs.
    """
    device = next(model.parameters()).device
    segments = (segment for each in passes for segment in each.segments())
    for batch in _batches(segments, at_once):
        shown = torch.stack([_cut(mixture, segment) for segment in batch])
        estimates = _estimate(model, shown.to(device).expand(-1, 2, -1)).cpu()
        if len(total) == 1:
            estimates = estimates.mean(dim=1, keepdim=True)
        for segment, estimate in zip(batch, estimates, strict=True):
            # The segment lies in the middle of what was shown, the signal from its frame 0 on.
            middle = (segment.shown - segment.frames) // 2
            begin, end = max(0, segment.start), max(0, segment.start + segment.frames)
            first = begin - segment.start
            share = segment.parent.share(segment.index)[first : segment.frames]
            share *= weight / len(passes)
            total[:, begin:end] += share * estimate[:, middle + first : middle + segment.frames]
        done(len(batch))


def _batches(segments: Iterable[Segment], at_once: int) -> Iterator[list[Segment]]:
    """Neighbours together; those of another length, at the end of a signal, by themselves."""
    batch: list[Segment] = []
    for segment in segments:
        if batch and (len(batch) == at_once or segment.shown != batch[0].shown):
            yield batch
            batch = []
        batch.append(segment)
    if batch:
        yield batch


def _cut(mixture: torch.Tensor, segment: Segment) -> torch.Tensor:
    """A segment among what truly surrounds it."""
    frames = segment.shown
    start = segment.start - (frames - segment.frames) // 2
    end = start + frames
    inside = mixture[:, max(0, start) : max(0, end)]
    return torch.nn.functional.pad(
        inside, (min(frames, max(0, -start)), max(0, end - mixture.shape[-1]))
    )


def _estimate(model: Any, shown: torch.Tensor) -> torch.Tensor:
    """The vocals in a batch of windows. Shape: (batch, 2, frames) in and out."""
    # Torch's short cut for attention writes out its whole matrix: on a CPU a transformer takes
    # twice the time, and 0.2 GB more.
    short_cut = torch.backends.mha.get_fastpath_enabled()
    torch.backends.mha.set_fastpath_enabled(False)
    try:
        with torch.inference_mode(), torch.backends.cudnn.flags(enabled=True, deterministic=True):
            estimates: torch.Tensor = model(shown)
    finally:
        torch.backends.mha.set_fastpath_enabled(short_cut)
    return estimates[:, model.sources.index("vocals")]


@lru_cache(maxsize=1)
def _triangle(size: int) -> torch.Tensor:
    rising = torch.arange(1, size // 2 + 1)
    falling = torch.arange(size - size // 2, 0, -1)
    triangle = torch.cat([rising, falling])
    return triangle / triangle.max()
