"""Whisper on CTranslate2, through faster-whisper."""

from __future__ import annotations

import shutil
from collections.abc import Sequence
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from stemsilver import fsio
from stemsilver import weights as registry
from stemsilver.config import Asr
from stemsilver.config.languages import AUTO
from stemsilver.device import device, threads
from stemsilver.evaluation.asr import vad_filter
from stemsilver.records import Word

if TYPE_CHECKING:
    from faster_whisper import WhisperModel

_FILES = {
    "": "model.bin",
    "-part1": "model.bin",  # of a model that is too large for one package
    "-part2": "model.bin",
    "-config": "config.json",
    "-tokenizer": "tokenizer.json",
    "-vocabulary": "vocabulary",  # .txt, or .json in later models
    "-preprocessor": "preprocessor_config.json",  # only in later models
}
"""Files that CTranslate2 reads from a model's folder, by the suffix of their registry names.

The parts of one file come in their order.
"""


def weights(settings: Asr) -> tuple[str, ...]:
    """Return the names of the weight files: the model's folder and the voice-activity filter."""
    return (*_folder(settings), *vad_filter.WEIGHTS)


def transcribe(
    signal: NDArray[np.float32], settings: Asr
) -> tuple[list[tuple[Word, float]], str | None]:
    """Return the words heard in `signal`, (frames,) at 16 kHz, and their language."""
    for name in vad_filter.WEIGHTS:
        registry.verified(name)
    names = _folder(settings)
    files = {registry.verified(name): file for name, file in names.items()}
    # A model inside packages is small: on the CPU it gives the same words on every machine.
    large = registry.large(names)
    segments, heard = _model(
        tuple(files.items()),
        "cuda" if large and device() == "cuda" else "cpu",  # CTranslate2 has no other
    ).transcribe(
        signal,
        language=None if settings.language == AUTO else settings.language,
        beam_size=settings.beam_size,
        temperature=0.0,
        condition_on_previous_text=False,
        vad_filter=settings.vad,
        word_timestamps=True,
    )
    words = [
        (
            Word(word.word, round(float(word.start), 3), round(float(word.end), 3)),
            float(word.probability),
        )
        for segment in segments
        for word in segment.words or ()
    ]
    return words, heard.language


def _folder(settings: Asr) -> dict[str, str]:
    """Return the files of the model's folder by their names in the registry."""
    names = {f"whisper-{settings.model_name}{part}": file for part, file in _FILES.items()}
    return {name: file for name, file in names.items() if name in registry.REGISTRY}


@cache
def _model(files: tuple[tuple[Path, str], ...], processor: str) -> WhisperModel:
    from faster_whisper import WhisperModel

    parts: dict[str, list[Path]] = {}
    for path, file in files:
        parts.setdefault(file if "." in file else f"{file}{path.suffix}", []).append(path)
    # Link the files into a new folder: a user's own file can be in any folder, and unverified
    # files next to it must not be read.
    with TemporaryDirectory(prefix="stemsilver-") as folder:
        for name, paths in parts.items():
            place = Path(folder) / name
            if len(paths) > 1 or not _linked(place, paths[0]):
                _join(paths, place)
        return WhisperModel(
            folder,
            device=processor,
            compute_type="float16" if processor == "cuda" else "int8",
            cpu_threads=threads(),
            num_workers=1,
            local_files_only=True,
        )


def _linked(place: Path, file: Path) -> bool:
    """Link to a file if this system allows it: Windows allows links to some users only."""
    try:
        place.symlink_to(file.absolute())
    except OSError:
        return False
    return True


def _join(parts: Sequence[Path], place: Path) -> None:
    with fsio.writing(place), place.open("wb") as whole:
        for part in parts:
            with part.open("rb") as file:
                shutil.copyfileobj(file, whole)
