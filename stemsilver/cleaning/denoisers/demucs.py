"""Meta's denoisers: Demucs as a speech enhancer, with an encoder, a causal LSTM and a decoder.

Source: Défossez, Synnaeve and Adi, *Real Time Speech Enhancement in the Waveform Domain*,
Interspeech 2020.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any

from stemsilver import optional, weights
from stemsilver.audio import resample
from stemsilver.cleaning.stretches import in_long_stretches
from stemsilver.device import device
from stemsilver.records import Samples, Signal
from stemsilver.weights import checkpoint

if TYPE_CHECKING:
    import torch

RATE = 16_000
HIDDEN = {"dns48": 48, "dns64": 64, "master64": 64}
"""Number of channels of the outermost layer of each model."""

CHUNK = 625
"""LSTM frames computed at a time: 10 s, with about 0.4 GB per channel."""

CONTEXT = 2
"""LSTM frames before a chunk that the decoder needs, because each frame affects the next two."""


class DemucsDenoiser:
    """Speech enhancement at 16 kHz, per channel; the band above 8 kHz is not changed."""

    def __init__(self, name: str) -> None:
        optional.check([name])
        from denoiser.demucs import Demucs

        path = weights.verified(name)
        state = checkpoint.read(path)
        self._model: Any = Demucs(hidden=HIDDEN[name], sample_rate=RATE)
        with checkpoint.fitting(path, f"the network of {name}"):
            self._model.load_state_dict(state)
        self._device = device()
        self._model.to(self._device).eval()

    @staticmethod
    def weights(name: str) -> tuple[str, ...]:
        """Return the name of its weight file."""
        return (name,)

    def denoise(self, speech: Signal, rate: int) -> Iterator[Samples]:
        """Yield the enhanced signal, aligned with its input."""
        return in_long_stretches(self._stretch, speech, rate)

    def _stretch(self, speech: Samples, rate: int, _: Callable[[float], None]) -> Samples:
        """Return the enhanced stretch.

        Only the difference that the model makes at 16 kHz is resampled and added to the input, so
        everything that the model does not change is bit-exact.
        """
        heard = resample(speech, rate, RATE)
        return speech + resample(self._enhance(heard) - heard, RATE, rate, speech.shape[-1])

    def _enhance(self, signal: Samples) -> Samples:
        """Return the model's output for a 16 kHz signal of any length.

        Chunks give the same result as the whole signal: the LSTM state continues between chunks.

        Shape: (channels, frames) in and out.
        """
        import torch
        from denoiser.resample import downsample2, upsample2
        from torch.nn import functional

        model = self._model
        frames = signal.shape[-1]
        # As in the model: the sample standard deviation (n − 1), undefined for a single frame.
        level = signal.std(axis=-1, ddof=min(1, frames - 1), keepdims=True)
        normalised = torch.from_numpy(signal / (model.floor + level)).to(self._device)
        padded = functional.pad(normalised, (0, model.valid_length(frames) - frames))
        with torch.inference_mode():
            enhanced = downsample2(downsample2(self._pass(upsample2(upsample2(padded[:, None])))))
        result: Samples = level * enhanced[:, 0, :frames].cpu().numpy()
        return result

    def _pass(self, signal: torch.Tensor) -> torch.Tensor:
        """Run the network, without its resamplers, chunk by chunk.

        Shape: (channels, 1, n) at 64 kHz in and out; n is a valid length of the model.
        """
        import torch

        model = self._model
        hop = model.stride**model.depth
        reach = model.resample * model.valid_length(1)
        total = (signal.shape[-1] - reach) // hop + 1
        output = torch.empty_like(signal)
        memory, state = signal.new_empty(0), None
        for start in range(0, total, CHUNK):
            stop = min(start + CHUNK, total)
            before = min(start, CONTEXT)
            x = signal[..., (start - before) * hop : (stop - 1) * hop + reach]
            skips = []
            for encode in model.encoder:
                x = encode(x)
                skips.append(x)
            heard, state = model.lstm(x[..., before:].permute(2, 0, 1), state)
            remembered = heard.permute(1, 2, 0)
            x = torch.cat([memory, remembered], dim=-1) if before else remembered
            memory = x[..., -CONTEXT:]
            for decode in model.decoder:
                x = decode(x + skips.pop())
            # The last frames are incomplete; the next chunk overwrites them.
            output[..., start * hop : (stop - 1) * hop + reach] = x[..., before * hop :]
        return output
