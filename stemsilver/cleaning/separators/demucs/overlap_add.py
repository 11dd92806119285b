"""Apply a model to a long signal: overlap-add of segments with triangular windows, in batches.

The result equals that of `demucs.apply.apply_model`: the same segments, padding and weights. Only
the vocals are kept, and they are added in place.
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
    """One pass over a signal of `frames` frames.

    It starts at frame `start`, which may be before the signal (as silence). Segments have `size`
    frames and start every `stride` frames; the last ones may be shorter. The model input is the
    segment alone or, with `padded`, the segment with enough of its surroundings to make `size`.
    """

    start: int
    frames: int
    size: int
    stride: int
    padded: bool

    def __len__(self) -> int:
        return math.ceil((self.frames - self.start) / self.stride)

    def segments(self) -> Iterator[Segment]:
        """Yield the segments in order; the last ones end at the end of the signal."""
        for index in range(len(self)):
            start = self.start + index * self.stride
            yield Segment(self, index, start, min(self.size, self.frames - start))

    def share(self, index: int) -> torch.Tensor:
        """Return the overlap-add weight of segment `index` at each of its `size` frames."""
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
    """A segment of a pass: `frames` frames, from frame `start` of the signal."""

    parent: Pass
    index: int
    start: int
    frames: int

    @property
    def shown(self) -> int:
        """Length of the model input in frames; the segment is in its middle."""
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
    """Add the model's vocals in `mixture`, averaged over all passes, to `total`.

    Args:
        total: Sum to add to, in place; shape (1 or 2, frames), on the CPU.
        mixture: Shape and device as `total`; a single channel is the input of both model channels.
        model: A Demucs model.
        passes: The passes to average.
        weight: Factor for the vocals.
        at_once: Number of segments in a batch.
        done: Called after each batch with the number of its segments.
    """
    device = next(model.parameters()).device
    segments = (segment for each in passes for segment in each.segments())
    for batch in _batches(segments, at_once):
        shown = torch.stack([_cut(mixture, segment) for segment in batch])
        estimates = _estimate(model, shown.to(device).expand(-1, 2, -1)).cpu()
        if len(total) == 1:
            estimates = estimates.mean(dim=1, keepdim=True)
        for segment, estimate in zip(batch, estimates, strict=True):
            # The segment is in the middle of the model input; frames before the signal are cut.
            middle = (segment.shown - segment.frames) // 2
            begin, end = max(0, segment.start), max(0, segment.start + segment.frames)
            first = begin - segment.start
            share = segment.parent.share(segment.index)[first : segment.frames]
            share *= weight / len(passes)
            total[:, begin:end] += share * estimate[:, middle + first : middle + segment.frames]
        done(len(batch))


def _batches(segments: Iterable[Segment], at_once: int) -> Iterator[list[Segment]]:
    """Yield batches of consecutive segments with equal input lengths."""
    batch: list[Segment] = []
    for segment in segments:
        if batch and (len(batch) == at_once or segment.shown != batch[0].shown):
            yield batch
            batch = []
        batch.append(segment)
    if batch:
        yield batch


def _cut(mixture: torch.Tensor, segment: Segment) -> torch.Tensor:
    """Return the model input for a segment: real surroundings, zeros outside the signal."""
    frames = segment.shown
    start = segment.start - (frames - segment.frames) // 2
    end = start + frames
    inside = mixture[:, max(0, start) : max(0, end)]
    return torch.nn.functional.pad(
        inside, (min(frames, max(0, -start)), max(0, end - mixture.shape[-1]))
    )


def _estimate(model: Any, shown: torch.Tensor) -> torch.Tensor:
    """Return the vocals of a batch. Shape: (batch, 2, frames) in and out."""
    # Torch's fast path for attention materialises the whole matrix: on a CPU, a transformer then
    # takes twice the time and 0.2 GB more memory.
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
