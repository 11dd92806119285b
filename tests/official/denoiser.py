"""State dicts of Meta's denoisers, as `denoiser.pretrained` reads them.

The networks have their true size. Their outermost layers let the signal through; all others are
random, and their share in the output is `inner`.
"""

from __future__ import annotations

from pathlib import Path

import torch
from denoiser.demucs import Demucs

FILES = {
    "dns48": "dns48-11decc9d8e3f0998.th",
    "dns64": "dns64-a7761ff99a7d5bb6.th",
    "master64": "master64-8a5dfb4bb92753dd.th",
}
TAPS = 8
OPEN = 30.0
"""The bias of a gate that lets everything through."""


def write(folder: Path, names: tuple[str, ...] = ("dns64",)) -> dict[str, Path]:
    """The files of some of the models: speech passes, with a little of the random layers."""
    return {name: save(folder, name, network(int(name[-2:]), inner=0.1)) for name in names}


def save(folder: Path, name: str, model: Demucs, *, legacy: bool = False) -> Path:
    """Write one file; `legacy` is torch's format before version 1.6."""
    path = folder / "denoiser" / FILES[name]
    path.parent.mkdir(parents=True, exist_ok=True)
    torch.save(model.state_dict(), path, _use_new_zipfile_serialization=not legacy)
    return path


@torch.no_grad()
def network(hidden: int, *, inner: float, gain: float = 1.0) -> Demucs:
    """A network that gives `gain` times its input, and `inner` times what its layers make of it."""
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(hidden)
        model = Demucs(hidden=hidden, sample_rate=16_000).eval()
    rows = torch.arange(TAPS)
    both = torch.arange(2 * TAPS)

    # The first layer's first channels are each sample's positive and negative half.
    window, _, project, _ = model.encoder[0]
    window.weight[both], window.bias[both] = 0, 0
    window.weight[rows, 0, rows] = 1
    window.weight[TAPS + rows, 0, rows] = -1
    project.weight[both], project.bias[both] = 0, 0
    project.weight[both, both] = 1
    project.weight[hidden + both], project.bias[hidden + both] = 0, OPEN

    # Nothing comes to them from below, and the last layer puts them together. Two windows meet
    # in every sample.
    below = model.decoder[-2][2]
    below.weight[:, both], below.bias[both] = 0, 0
    project, _, overlap = model.decoder[-1]
    project.weight[rows], project.bias[rows] = 0, 0
    project.weight[rows, rows] = gain / 2
    project.weight[rows, TAPS + rows] = -gain / 2
    project.weight[hidden + rows], project.bias[hidden + rows] = 0, OPEN
    overlap.weight *= inner
    overlap.bias *= inner
    overlap.weight[rows] = 0
    overlap.weight[rows, 0, rows] = 1
    return model
