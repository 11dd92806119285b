"""Whisper on CTranslate2, through faster-whisper."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from stemsilver import weights as registry
from stemsilver.config import Asr
from stemsilver.config.languages import AUTO
from stemsilver.device import device, threads
from stemsilver.evaluation.asr import vad_filter
from stemsilver.records import Word
from stemsilver.weights.kinds import Bundled

if TYPE_CHECKING:
    from faster_whisper import WhisperModel

_FILES = {
    "": "model.bin",
    "-config": "config.json",
    "-tokenizer": "tokenizer.json",
    "-vocabulary": "vocabulary",  # .txt, or .json of later models
    "-preprocessor": "preprocessor_config.json",  # of later models alone
}
"""What CTranslate2 looks for in a model's folder, by what follows its name in the registry."""


def weights(settings: Asr) -> tuple[str, ...]:
    """Names of its weight files: the folder of the model, and the filter before it."""
    return (*_folder(settings), *vad_filter.WEIGHTS)


def transcribe(signal: NDArray[np.float32], settings: Asr) -> tuple[tuple[Word, ...], str | None]:
    """The words heard in `signal`, (frames,) at 16 kHz, and the language they are in."""
    for name in vad_filter.WEIGHTS:
        registry.verified(name)
    files = {registry.verified(name): file for name, file in _folder(settings).items()}
    # The model that comes inside a package is a small one, and gives the same everywhere.
    embedded = isinstance(registry.entry(f"whisper-{settings.model_name}"), Bundled)
    segments, heard = _model(
        tuple(files.items()),
        "cuda" if not embedded and device() == "cuda" else "cpu",  # CTranslate2 knows no other
    ).transcribe(
        signal,
        language=None if settings.language == AUTO else settings.language,
        beam_size=settings.beam_size,
        temperature=0.0,
        condition_on_previous_text=False,
        vad_filter=settings.vad,
        word_timestamps=True,
    )
    words = tuple(
        Word(word.word.strip(), round(float(word.start), 3), round(float(word.end), 3))
        for segment in segments
        for word in segment.words or ()
    )
    return words, heard.language


def _folder(settings: Asr) -> dict[str, str]:
    """The files of the model's folder by their names in the registry."""
    names = {f"whisper-{settings.model_name}{part}": file for part, file in _FILES.items()}
    return {name: file for name, file in names.items() if name in registry.REGISTRY}


@cache
def _model(files: tuple[tuple[Path, str], ...], processor: str) -> WhisperModel:
    from faster_whisper import WhisperModel

    # In a folder of their own: a user's own file may lie anywhere, and one beside it that nobody
    # verified must not be read.
    with TemporaryDirectory(prefix="stemsilver-") as folder:
        for path, file in files:
            name = file if "." in file else f"{file}{path.suffix}"
            (Path(folder) / name).symlink_to(path.absolute())
        return WhisperModel(
            folder,
            device=processor,
            compute_type="float16" if processor == "cuda" else "int8",
            cpu_threads=threads(),
            num_workers=1,
            local_files_only=True,
        )
