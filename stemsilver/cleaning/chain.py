"""The chain: loudness → separators → fused mask → denoiser → β-Wiener → equaliser → loudness.

All steps work at the rate, length and channel count of the render; a model that needs another rate
resamples to it and back. After every step the signal must have the same shape and be finite. All
steps work block by block, so memory does not grow with the length.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import partial

import numpy as np

from stemsilver import config, weights
from stemsilver.cleaning import denoisers, separators
from stemsilver.dsp import loudness, meter
from stemsilver.dsp.eq import PADDING_SECONDS, equalise
from stemsilver.dsp.masks import extend_above, fuse, ratio_mask
from stemsilver.dsp.stft import Spectrum, Stft
from stemsilver.dsp.wiener import beta_wiener
from stemsilver.errors import StageError
from stemsilver.records import Audio, Cleaned, Samples, Signal, StageA
from stemsilver.signals import blocks, derive, in_stretches
from stemsilver.step_cache import CodeFingerprint, Memo

CODE = CodeFingerprint(
    modules=("audio", "records.py", "signals.py", "dsp", "cleaning", "weights/onnx_network.py"),
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

    prepared: Signal
    level_db: float
    level_note: str | None
    vocals: Signal
    residual: Signal
    denoised: Signal
    masked: Signal


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
    shape = mixture.samples.shape
    level, level_note = level_gain(mixture, chain.preprocess)
    prepared = derive(partial(loudness.gain, decibels=level), mixture.samples)

    key = config.digest(source, chain.preprocess)
    stems = {
        model: _separate(model, prepared, rate, key, memo) for model in chain.separation.models
    }

    def fused() -> Signal:
        speech = _fuse(prepared, rate, stems, chain.separation)
        return memo.keep(_check("fuse", speech, shape), shape)

    vocals = memo.run("fuse", fused)
    residual = derive(np.subtract, prepared, vocals)
    files = map(separators.digest, chain.separation.models)
    stage_a = config.digest(key, chain.separation, *files)
    denoised = _denoise(vocals, prepared, rate, stage_a, chain.enhancement, memo)

    def wiener() -> Signal:
        if not chain.beta_wiener.enabled:
            return denoised
        masked = _mask(denoised, residual, rate, chain.beta_wiener)
        return memo.keep(_check("wiener", masked, shape), shape)

    masked = memo.run("wiener", wiener)
    return Extracted(prepared, level, level_note, vocals, residual, denoised, masked)


def clean(mixture: Audio, source: str, chain: config.Chain, memo: Memo) -> Cleaned:
    """Remove the music from `mixture`. Arguments and errors are those of `extract`."""
    return finish(mixture, extract(mixture, source, chain, memo), chain, memo)


def finish(mixture: Audio, found: Extracted, chain: config.Chain, memo: Memo) -> Cleaned:
    """Finish the speech that `extract` found in `mixture`."""
    rate = mixture.rate
    notes: list[str] = [] if found.level_note is None else [found.level_note]

    def finish() -> Signal:
        speech, note = polish(found.masked, rate, chain.postprocess, memo)
        if note is not None and note not in notes:
            notes.append(note)
        if note == loudness.NOTHING_LEFT:
            return derive(partial(loudness.gain, decibels=min(0.0, -found.level_db)), speech)
        return speech

    speech = memo.run("polish", finish)
    stages = {"vocals": found.vocals}
    if chain.enhancement.model_name != "none":
        stages["denoised"] = found.denoised
    if chain.beta_wiener.enabled:
        stages["masked"] = found.masked
    return Cleaned(
        speech=Audio(speech, rate),
        removed=Audio(
            derive(partial(_removed, found.level_db), mixture.samples, found.masked), rate
        ),
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


def polish(
    speech: Signal, rate: int, settings: config.Postprocess, memo: Memo
) -> tuple[Signal, str | None]:
    """Equalise, then bring to the target loudness under the true-peak ceiling.

    Returns the signal, and a sentence if the loudness target was not applied or was missed.
    """
    shaping = partial(
        equalise,
        rate=rate,
        highpass_hz=settings.highpass_hz,
        high_shelf_hz=settings.high_shelf_hz,
        high_shelf_db=settings.high_shelf_db,
        high_shelf_q=settings.high_shelf_q,
    )

    def keep(blocks: Iterator[Samples]) -> Signal:
        return memo.keep(_check("polish", blocks, speech.shape), speech.shape)

    return loudness.normalise(
        keep(in_stretches(shaping, speech, round(PADDING_SECONDS * rate))),
        rate,
        lufs=settings.final_lufs,
        true_peak_db=settings.final_true_peak_db,
        max_gain_db=settings.max_gain_db,
        keep=keep,
    )


def _removed(level_db: float, mixture: Samples, masked: Samples) -> Samples:
    removed: Samples = mixture - loudness.gain(masked, -level_db)
    return removed


def level_gain(mixture: Audio, settings: config.Preprocess) -> tuple[float, str | None]:
    """Return the gain in dB to the target loudness, or as far as the peak limit allows.

    The second value is a sentence if no gain is possible.
    """
    peak = meter.true_peak_dbtp(mixture.samples)
    if peak is None:
        return 0.0, loudness.SILENT
    if mixture.duration < meter.SHORTEST_SECONDS:
        return 0.0, loudness.TOO_SHORT
    lufs = meter.any_lufs(mixture.samples, mixture.rate)
    if lufs is None:
        return 0.0, loudness.SILENT
    return min(settings.loudnorm_target_lufs - lufs, settings.true_peak_db - peak), None


def _separate(
    model: config.SeparatorModel, prepared: Signal, rate: int, key: str, memo: Memo
) -> Signal:
    """Return the vocals of one separator."""
    step = f"separate: {model.model_name}"

    def compute() -> Iterator[Samples]:
        vocals = separators.load(model).separate(
            prepared, rate, lambda share: memo.progress(step, share)
        )
        return _check(step, vocals, prepared.shape)

    inputs = config.digest(key, model, separators.digest(model))
    return memo.signal(step, CODE, inputs, compute, prepared.shape)


def _fuse(
    prepared: Signal,
    rate: int,
    stems: Mapping[config.SeparatorModel, Signal],
    settings: config.Separation,
) -> Iterator[Samples]:
    """Fuse the ratio masks of the separators, and apply the result to the mixture."""
    transform = Stft.at_rate(settings.fusion_fft, settings.fusion_hop, rate)
    frequencies = transform.frequencies(rate)
    channels, frames = prepared.shape
    signals = (prepared, *stems.values())

    def fused() -> Iterator[Spectrum]:
        spectra = [transform.analyse(blocks(one), channels, frames) for one in signals]
        for mixture, *vocals in zip(*spectra, strict=True):
            masks = [
                extend_above(ratio_mask(one, mixture - one), frequencies, separators.band_hz(model))
                for model, one in zip(stems, vocals, strict=True)
            ]
            yield mixture * fuse(masks, settings.fusion)

    return transform.synthesise(fused(), frames)


def _denoise(
    vocals: Signal,
    prepared: Signal,
    rate: int,
    stage_a: str,
    settings: config.Enhancement,
    memo: Memo,
) -> Signal:
    """Return a blend of the denoised and the undenoised vocals."""
    name = settings.model_name
    if name == "none":
        return vocals
    mixture_share = np.float32(settings.mixture_share)

    def heard(speech: Samples, mixture: Samples) -> Samples:
        return speech + mixture_share * (mixture - speech)

    def compute() -> Iterator[Samples]:
        speech = denoisers.load(name).denoise(derive(heard, vocals, prepared), rate)
        return _check("denoise", speech, vocals.shape)

    hashes = weights.digest(denoisers.used_weights(name))
    key = config.digest(stage_a, name, settings.mixture_share, hashes)
    denoised = memo.signal("denoise", CODE, key, compute, vocals.shape)
    share = settings.wet_at(rate) * (1 - settings.residual_blend)

    def blend(wet: Samples, dry: Samples) -> Samples:
        return (share * wet + (1 - share) * dry).astype(np.float32)

    return derive(blend, denoised, vocals)


def _mask(
    vocals: Signal, residual: Signal, rate: int, settings: config.BetaWiener
) -> Iterator[Samples]:
    """Apply the β-Wiener mask to the vocals."""
    transform = Stft.at_rate(settings.fft_size, settings.hop_length, rate)
    channels, frames = vocals.shape

    def masked() -> Iterator[Spectrum]:
        spectra = [transform.analyse(blocks(one), channels, frames) for one in (vocals, residual)]
        for speech, rest in zip(*spectra, strict=True):
            yield beta_wiener(speech, rest, settings.beta, settings.floor) * speech

    return transform.synthesise(masked(), frames)


def _check(step: str, signal: Iterable[Samples], shape: tuple[int, ...]) -> Iterator[Samples]:
    """Yield the blocks of a signal, and check that it is finite and has this shape."""
    channels, frames = shape
    done = 0
    for block in signal:
        done += block.shape[-1]
        if len(block) != channels or done > frames:
            raise StageError(f"{step} gave a signal of shape {(len(block), done)}, not {shape}.")
        if not np.isfinite(block).all():
            raise StageError(f"{step} gave NaN or infinite samples.")
        yield block
    if done < frames:
        raise StageError(f"{step} gave a signal of shape {(channels, done)}, not {shape}.")
