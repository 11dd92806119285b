"""Small bags of Demucs in a weights folder, and what the demucs command makes of them."""

from __future__ import annotations

import random
from fractions import Fraction
from pathlib import Path

import soundfile

from stemsilver.cleaning.separators.demucs import DemucsSeparator
from stemsilver.config import DemucsSettings
from stemsilver.records import Samples
from stemsilver.signals import joined

from ..official import demucs as official

SEGMENT = Fraction(1, 2)
"""Seconds these bags are trained on, in place of 7.8 and 44."""


def settings(
    name: str, shifts: int = 0, segment: float | None = None, seed: int = 7
) -> DemucsSettings:
    return DemucsSettings(model_name=name, shifts=shifts, overlap=0.25, segment=segment, seed=seed)


def separate_by(chosen: DemucsSettings, mixture: Samples, rate: int) -> Samples:
    return joined(DemucsSeparator(chosen).separate(mixture, rate, lambda share: None))


def write(folder: Path) -> None:
    """The bags whole below `folder`."""
    official.write_bags(folder / "demucs", SEGMENT)
    for bag in (folder / "demucs").glob("*.yaml"):
        bag.write_text(bag.read_text().replace("segment: 44", f"segment: {float(SEGMENT)}"))


def registered(folder: Path) -> dict[str, Path]:
    """The files below `folder` that vocals need, by their names in the registry."""
    return {name: model(folder, signature) for name, signature in official.REGISTERED.items()}


def model(folder: Path, signature: str) -> Path:
    """The file of one model below `folder`."""
    (path,) = (folder / "demucs").glob(f"{signature}-*.th")
    return path


def by_command(
    repo: Path, chosen: DemucsSettings, mixture: Samples, rate: int, out: Path
) -> Samples:
    """What `demucs --two-stems vocals` gives, at 44.1 kHz in stereo."""
    from demucs import separate

    source = out / "mixture.wav"
    soundfile.write(source, mixture.T, rate, subtype="FLOAT")
    random.seed(chosen.seed)
    separate.main(
        [
            *("--repo", str(repo), "-n", chosen.model_name, "-d", "cpu", "-o", str(out)),
            *("--two-stems", "vocals", "--float32", "--clip-mode", "none"),
            *("--shifts", str(chosen.shifts), "--overlap", str(chosen.overlap)),
            *([] if chosen.segment is None else ["--segment", f"{chosen.segment:g}"]),
            str(source),
        ]
    )
    vocals = out / chosen.model_name / "mixture" / "vocals.wav"
    return soundfile.read(vocals, dtype="float32", always_2d=True)[0].T
