"""A Cnn14 of the true size in the format of the official checkpoint, with random weights."""

from __future__ import annotations

from pathlib import Path

import torch

from stemsilver.evaluation.music import panns

NAME = "panns-cnn14"

BIASES = {"Singing": -2.0, "Music": 0.0, "Musical instrument": 1.0}
"""What each label's neuron adds to the little that it makes of the sound."""

OTHERS = 4.0
"""The same for every other class: whoever reads one of them is nearly certain of music."""


def write(folder: Path) -> dict[str, Path]:
    """The checkpoint. Like the official one it is in the format of torch before 1.6."""
    torch.manual_seed(0)
    network = panns.cnn14()
    for name, weights in network.named_parameters():
        if ".bn" in name and name.endswith("weight"):
            torch.nn.init.uniform_(weights, 0.8, 1.2)
    # Decibels, brought to where a network expects its input.
    torch.nn.init.constant_(network.bn0.running_mean, -40.0)
    torch.nn.init.constant_(network.bn0.running_var, 400.0)
    last = network.fc_audioset
    torch.nn.init.constant_(last.bias, OTHERS)
    with torch.no_grad():
        last.weight.mul_(300)  # or it would hardly tell one sound from another
        for label, bias in BIASES.items():
            last.bias[panns.CLASS_INDEX[label]] = bias
    path = folder / "panns" / "Cnn14_mAP=0.431.pth"
    path.parent.mkdir(parents=True)
    checkpoint = {"iteration": 600_000, "model": network.state_dict()}
    torch.save(checkpoint, path, _use_new_zipfile_serialization=False)
    return {NAME: path}
