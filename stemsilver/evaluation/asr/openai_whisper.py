"""Whisper in PyTorch, as OpenAI published it, through openai-whisper."""

from __future__ import annotations

import warnings
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from stemsilver import optional
from stemsilver import weights as registry
from stemsilver.config import Asr
from stemsilver.config.languages import AUTO
from stemsilver.device import device, threads
from stemsilver.evaluation.asr import vad_filter
from stemsilver.records import Word
from stemsilver.weights import checkpoint

if TYPE_CHECKING:
    from whisper import Whisper


def weights(settings: Asr) -> tuple[str, ...]:
    """Names of its weight files: the model, and the filter before it."""
    return (_name(settings), *vad_filter.WEIGHTS)


def transcribe(signal: NDArray[np.float32], settings: Asr) -> tuple[tuple[Word, ...], str | None]:
    """The words heard in `signal`, (frames,) at 16 kHz, and the language they are in."""
    optional.check(["openai-whisper"])
    shown, in_signal = vad_filter.speech_alone(signal) if settings.vad else (signal, _as_shown)
    if shown.size == 0:
        return (), None
    # Its word times need 64-bit numbers, which mps has not.
    processor = "cuda" if device() == "cuda" else "cpu"
    model = _model(registry.verified(_name(settings)), settings.model_name, processor)
    with warnings.catch_warnings():
        # Who chose the CPU of a machine that has a GPU knows it. Where nothing can be compiled
        # for the GPU, the times come by a slower way and are the same.
        warnings.filterwarnings("ignore", "Performing inference on CPU when CUDA is available")
        warnings.filterwarnings("ignore", "Failed to launch Triton kernels")
        heard = model.transcribe(
            shown,
            language=None if settings.language == AUTO else settings.language,
            beam_size=settings.beam_size,
            temperature=0.0,
            condition_on_previous_text=False,
            word_timestamps=True,
            fp16=processor == "cuda",
        )
    words = tuple(
        Word(word["word"].strip(), *_rounded(*in_signal(word["start"], word["end"])))
        for segment in heard["segments"]
        for word in segment["words"]
    )
    return words, str(heard["language"])


def _name(settings: Asr) -> str:
    return f"openai-whisper-{settings.model_name}"


def _as_shown(start: float, end: float) -> tuple[float, float]:
    return start, end


def _rounded(start: float, end: float) -> tuple[float, float]:
    return round(float(start), 3), round(float(end), 3)


@cache
def _model(path: Path, size: str, processor: str) -> Whisper:
    """The model of a verified file: what `whisper.load_model` makes of one that it downloads."""
    import whisper
    from whisper.tokenizer import get_tokenizer

    found = checkpoint.read(path)
    with checkpoint.fitting(path, f"Whisper {size}"):
        model = whisper.Whisper(whisper.ModelDimensions(**found["dims"]))
        model.load_state_dict(found["model_state_dict"])
    # Which attention follows the words in time is no part of the file.
    model.set_alignment_heads(whisper._ALIGNMENT_HEADS[size])
    with warnings.catch_warnings():
        # The package leaves it to chance when the file of its vocabulary is closed.
        warnings.simplefilter("ignore", ResourceWarning)
        get_tokenizer(model.is_multilingual, num_languages=model.num_languages)
    _start_threads()
    return model.to(processor).eval()


def _start_threads() -> None:
    """Start the threads that find the times of words, as many as this process may have.

    They would start with the first signal, one for each processor, and torch would go on with as
    many: on a machine with several workers each of them would then wait for the others.
    """
    import numba
    import torch
    from whisper.timing import dtw_cpu

    dtw_cpu(np.zeros((1, 1)))
    torch.set_num_threads(threads())
    numba.set_num_threads(min(threads(), numba.get_num_threads()))
