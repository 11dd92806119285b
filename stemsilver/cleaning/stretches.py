"""Run models that need a whole signal in memory on signals of any length."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from stemsilver.records import Samples, Signal
from stemsilver.signals import in_stretches

SECONDS = 600
"""Length of a stretch. A shorter signal is processed as a whole, as the published models do."""

CONTEXT_SECONDS = 16
"""Signal before and after a stretch that the model also hears: two segments of each model. In the
middle half of it two stretches are crossfaded, because levels are normalised in each of them."""


def in_long_stretches(
    model: Callable[[Samples, int, Callable[[float], None]], Samples],
    signal: Signal,
    rate: int,
    progress: Callable[[float], None] = lambda share: None,
) -> Iterator[Samples]:
    """Yield the output of a model for a signal of any length.

    Args:
        model: Gets a stretch, its rate and a receiver of its progress; returns a signal of its
            shape.
        signal: Shape (channels, frames).
        rate: Sample rate in Hz.
        progress: Receives the progress, as a fraction from 0 to 1.
    """
    channels, frames = signal.shape
    count = max(1, -(-frames // (SECONDS * rate)))
    done = 0

    def process(stretch: Samples) -> Samples:
        nonlocal done
        found = model(stretch, rate, lambda share: progress((done + share) / count))
        done += 1
        return found

    context = CONTEXT_SECONDS * rate
    return in_stretches(process, signal, context, fade=context, stretch=SECONDS * rate * channels)
