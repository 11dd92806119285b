"""The chain: loudness → separators → fused mask → denoiser → β-Wiener → equaliser → loudness.

All steps work at the rate, length and channel count of the render; a model that needs another rate
resamples to it and back. After every step the signal must have the same shape and be finite.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from stemsilver import config, weights
from stemsilver.cleaning import denoisers, separators
from stemsilver.dsp import loudness
from stemsilver.dsp.eq import equalise
from stemsilver.dsp.masks import extend_above, fuse, ratio_mask
from stemsilver.dsp.stft import Stft
from stemsilver.dsp.wiener import beta_wiener
from stemsilver.errors import StageError
from stemsilver.records import Audio, Cleaned, Samples, StageA
from stemsilver.step_cache import CodeFingerprint, Memo

CODE = CodeFingerprint(
    modules=("audio", "records.py", "dsp", "cleaning", "weights/onnx_network.py"),
    libraries=(
        "numpy",
        "scipy",
        "soxr",
        "pyloudnorm",
        "onnxruntime",
        "onnxruntime-gpu",
        "torch",
        "demucs",
        "julius",
        "diffq",
        "denoiser",
    ),
)
"""The code that determines the signals of the chain."""


@dataclass(frozen=True)
class Extracted:
    """The speech before the finishing (`masked`), and the intermediate signals."""

    prepared: Samples
    level_db: float
    level_note: str | None
    vocals: Samples
    residual: Samples
    denoised: Samples
    masked: Samples


def extract(mixture: Audio, source: str, chain: config.Chain, memo: Memo) -> Extracted:
    """Run the models without the finishing. A later `clean` finds their results in the cache.

    Args:
        mixture: The render.
        source: A digest of the mixture's samples and rate.
        chain: The settings of the chain.
        memo: Runs, measures and may cache the steps.

    Returns:
        The speech before the finishing, and the intermediate signals.

    Raises:
        StageError: a step returned a signal of another shape, or one that is not finite.
        WeightsError: a model's weights are missing or altered.
    """
    rate = mixture.rate
    level, level_note = _level(mixture, chain.preprocess)
    prepared = loudness.gain(mixture.samples, level)

    key = config.digest(source, chain.preprocess)
    stems = {
        model: _separate(model, prepared, rate, key, memo) for model in chain.separation.models
    }
    vocals = memo.run("fuse", lambda: _fuse(prepared, rate, stems, chain.separation))
    residual = prepared - vocals
    files = map(separators.digest, chain.separation.models)
    stage_a = config.digest(key, chain.separation, *files)
    denoised = _denoise(vocals, prepared, rate, stage_a, chain.enhancement, memo)
    masked = memo.run("wiener", lambda: _mask(denoised, residual, rate, chain.beta_wiener))
    _check("wiener", masked, prepared)
    return Extracted(prepared, level, level_note, vocals, residual, denoised, masked)


def clean(mixture: Audio, source: str, chain: config.Chain, memo: Memo) -> Cleaned:
    """Remove the music from `mixture`. Arguments and errors are those of `extract`."""
    rate = mixture.rate
    found = extract(mixture, source, chain, memo)
    notes: list[str] = [] if found.level_note is None else [found.level_note]

    def finish() -> Samples:
        speech, note = polish(found.masked, rate, chain.postprocess)
        if note is not None and note not in notes:
            notes.append(note)
        return speech

    speech = memo.run("polish", finish)
    _check("polish", speech, found.prepared)
    stages = {"vocals": found.vocals}
    if chain.enhancement.model_name != "none":
        stages["denoised"] = found.denoised
    if chain.beta_wiener.enabled:
        stages["masked"] = found.masked
    return Cleaned(
        speech=Audio(speech, rate),
        removed=Audio(mixture.samples - loudness.gain(found.masked, -found.level_db), rate),
        stage_a=StageA(found.vocals, found.residual),
        stages=stages,
        level_db=found.level_db,
        notes=tuple(notes),
    )


def used_weights(chain: config.Chain) -> tuple[str, ...]:
    """Return the names of the weight files that the models of the chain load."""
    names = [name for model in chain.separation.models for name in separators.used_weights(model)]
    return (*names, *denoisers.used_weights(chain.enhancement.model_name))


def files_digest(chain: config.Chain) -> str:
    """Return a digest of every file that determines the output of the models.

    Raises:
        WeightsError: a file is missing or altered.
    """
    denoiser = weights.digest(denoisers.used_weights(chain.enhancement.model_name))
    return " ".join([*map(separators.digest, chain.separation.models), denoiser])


def polish(speech: Samples, rate: int, settings: config.Postprocess) -> tuple[Samples, str | None]:
    """Equalise, then bring to the target loudness under the true-peak ceiling.

    Returns the signal, and a sentence if the loudness target was not applied or was missed.
    """
    shaped = equalise(
        speech,
        rate,
        highpass_hz=settings.highpass_hz,
        high_shelf_hz=settings.high_shelf_hz,
        high_shelf_db=settings.high_shelf_db,
        high_shelf_q=settings.high_shelf_q,
    )
    return loudness.normalise(
        shaped,
        rate,
        lufs=settings.final_lufs,
        true_peak_db=settings.final_true_peak_db,
        max_gain_db=settings.max_gain_db,
    )


def _level(mixture: Audio, settings: config.Preprocess) -> tuple[float, str | None]:
    """Return the gain in dB to the loudness that the models expect, below the peak limit.

    The second value is a sentence if no gain is possible.
    """
    peak = loudness.true_peak_dbtp(mixture.samples)
    if peak is None:
        return 0.0, loudness.SILENT
    if mixture.duration < loudness.BLOCK_SECONDS:
        return 0.0, loudness.TOO_SHORT
    lufs = loudness.integrated_lufs(mixture.samples, mixture.rate)
    if lufs is None:
        return 0.0, loudness.SILENT
    return min(settings.loudnorm_target_lufs - lufs, settings.true_peak_db - peak), None


def _separate(
    model: config.SeparatorModel, prepared: Samples, rate: int, key: str, memo: Memo
) -> Samples:
    """Return the vocals of one separator."""
    step = f"separate: {model.model_name}"

    def compute() -> Samples:
        separator = separators.load(model)
        vocals = separator.separate(prepared, rate, lambda share: memo.progress(step, share))
        return _check(step, vocals, prepared)

    return memo.signal(step, CODE, config.digest(key, model, separators.digest(model)), compute)


def _fuse(
    prepared: Samples,
    rate: int,
    stems: Mapping[config.SeparatorModel, Samples],
    settings: config.Separation,
) -> Samples:
    """Fuse the ratio masks of the separators, and apply the result to the mixture."""
    transform = Stft.at_rate(settings.fusion_fft, settings.fusion_hop, rate)
    frequencies = transform.frequencies(rate)
    mixture = transform.forward(prepared)
    masks = []
    for model, vocals in stems.items():
        spectrum = transform.forward(vocals)
        mask = ratio_mask(spectrum, mixture - spectrum)
        masks.append(extend_above(mask, frequencies, separators.band_hz(model)))
    mixture *= fuse(masks, settings.fusion)
    return _check("fuse", transform.inverse(mixture, prepared.shape[-1]), prepared)


def _denoise(
    vocals: Samples,
    prepared: Samples,
    rate: int,
    stage_a: str,
    settings: config.Enhancement,
    memo: Memo,
) -> Samples:
    """Return a blend of the denoised and the undenoised vocals."""
    name = settings.model_name
    if name == "none":
        return vocals

    def compute() -> Samples:
        heard = vocals + np.float32(settings.mixture_share) * (prepared - vocals)
        return _check("denoise", denoisers.load(name).denoise(heard, rate), vocals)

    hashes = weights.digest(denoisers.used_weights(name))
    key = config.digest(stage_a, name, settings.mixture_share, hashes)
    denoised = memo.signal("denoise", CODE, key, compute)
    share = settings.dry_wet * (1 - settings.residual_blend)
    return (share * denoised + (1 - share) * vocals).astype(np.float32)


def _mask(vocals: Samples, residual: Samples, rate: int, settings: config.BetaWiener) -> Samples:
    """Apply the β-Wiener mask to the vocals."""
    if not settings.enabled:
        return vocals
    transform = Stft.at_rate(settings.fft_size, settings.hop_length, rate)
    spectrum = transform.forward(vocals)
    mask = beta_wiener(spectrum, transform.forward(residual), settings.beta, settings.floor)
    return transform.inverse(mask * spectrum, vocals.shape[-1])


def _check(step: str, signal: Samples, like: Samples) -> Samples:
    """Check that `signal` is finite and has the shape of `like`, and return it."""
    if signal.shape != like.shape:
        raise StageError(f"{step} gave a signal of shape {signal.shape}, not {like.shape}.")
    if not np.isfinite(signal).all():
        raise StageError(f"{step} gave NaN or infinite samples.")
    return signal
