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
    """Return the names of the weight files: the model and the voice-activity filter."""
    return (_name(settings), *vad_filter.WEIGHTS)


def transcribe(
    signal: NDArray[np.float32], settings: Asr
) -> tuple[list[tuple[Word, float]], str | None]:
    """Return the words heard in `signal`, (frames,) at 16 kHz, and their language."""
    optional.check(["openai-whisper"])
    shown, in_signal = vad_filter.speech_alone(signal) if settings.vad else (signal, _as_shown)
    if shown.size == 0:
        return [], None
    # The word times need 64-bit numbers, which mps does not support.
    processor = "cuda" if device() == "cuda" else "cpu"
    model = _model(registry.verified(_name(settings)), settings.model_name, processor)
    with warnings.catch_warnings():
        # A user who chose the CPU on a machine with a GPU needs no warning. If the Triton kernels
        # cannot be compiled for the GPU, a slower method gives the same word times.
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
    words = [
        (
            Word(word["word"], *_rounded(*in_signal(word["start"], word["end"]))),
            float(word["probability"]),
        )
        for segment in heard["segments"]
        for word in segment["words"]
    ]
    return words, str(heard["language"])


def _name(settings: Asr) -> str:
    return f"openai-whisper-{settings.model_name}"


def _as_shown(start: float, end: float) -> tuple[float, float]:
    return start, end


def _rounded(start: float, end: float) -> tuple[float, float]:
    return round(float(start), 3), round(float(end), 3)


@cache
def _model(path: Path, size: str, processor: str) -> Whisper:
    """Load the model from a verified file, as `whisper.load_model` does from a downloaded one."""
    import whisper
    from whisper.tokenizer import get_tokenizer

    found = checkpoint.read(path)
    with checkpoint.fitting(path, f"Whisper {size}"):
        model = whisper.Whisper(whisper.ModelDimensions(**found["dims"]))
        model.load_state_dict(found["model_state_dict"])
    # The file does not say which attention heads align the words with time.
    model.set_alignment_heads(whisper._ALIGNMENT_HEADS[size])
    with warnings.catch_warnings():
        # The package leaves its vocabulary file open, for the garbage collector to close.
        warnings.simplefilter("ignore", ResourceWarning)
        get_tokenizer(model.is_multilingual, num_languages=model.num_languages)
    _start_threads()
    return model.to(processor).eval()


def _start_threads() -> None:
    """Start the threads that compute word times, as many as this process may use.

    Otherwise they would start with the first signal, one per processor, and torch would then use
    as many: several workers on one machine would wait for each other.
    """
    import numba
    import torch
    from whisper.timing import dtw_cpu

    dtw_cpu(np.zeros((1, 1)))
    torch.set_num_threads(threads())
    numba.set_num_threads(min(threads(), numba.get_num_threads()))
