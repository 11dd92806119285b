"""Meta's denoisers: Demucs as a speech enhancer, an encoder and decoder around a causal LSTM.

Source: Défossez, Synnaeve and Adi, *Real Time Speech Enhancement in the Waveform Domain*,
Interspeech 2020.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from stemsilver import optional, weights
from stemsilver.audio import resample
from stemsilver.device import device
from stemsilver.records import Samples
from stemsilver.weights import checkpoint

if TYPE_CHECKING:
    import torch

RATE = 16_000
HIDDEN = {"dns48": 48, "dns64": 64, "master64": 64}
"""Channels of the outermost layer of each model."""

CHUNK = 625
"""Frames of the LSTM computed at a time: 10 s, in about 0.4 GB a channel."""

CONTEXT = 2
"""Frames before a chunk that the decoder needs again: each frame reaches into the next two."""


class DemucsDenoiser:
    """16 kHz, any number of channels, each by itself; the band above 8 kHz passes untouched."""

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
        """The name of its weight file."""
        return (name,)

    def denoise(self, speech: Samples, rate: int) -> Samples:
        """The enhanced signal, aligned with its input.

        What the model changes at 16 kHz is brought to the input's rate and added to the input, so
        what it does not hear stays as it was, to the bit.
        """
        heard = resample(speech, rate, RATE)
        return speech + resample(self._enhance(heard) - heard, RATE, rate, speech.shape[-1])

    def _enhance(self, signal: Samples) -> Samples:
        """The model's output for a 16 kHz signal of any length.

        It is what the model gives of the whole signal: the LSTM's state goes from chunk to chunk.

        Shape: (channels, frames) in and out.
        """
        import torch
        from denoiser.resample import downsample2, upsample2
        from torch.nn import functional

        model = self._model
        frames = signal.shape[-1]
        # As the model does: the deviation of a sample (n − 1), of which one frame alone has none.
        level = signal.std(axis=-1, ddof=min(1, frames - 1), keepdims=True)
        normalised = torch.from_numpy(signal / (model.floor + level)).to(self._device)
        padded = functional.pad(normalised, (0, model.valid_length(frames) - frames))
        with torch.inference_mode():
            enhanced = downsample2(downsample2(self._pass(upsample2(upsample2(padded[:, None])))))
        result: Samples = level * enhanced[:, 0, :frames].cpu().numpy()
        return result

    def _pass(self, signal: torch.Tensor) -> torch.Tensor:
        """The network between its resamplers, chunk by chunk.

        Shape: (channels, 1, n) at 64 kHz in and out, n being a valid length of the model's.
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
            # Its last frames lack what the next chunk adds to them, which writes them again.
            output[..., start * hop : (stop - 1) * hop + reach] = x[..., before * hop :]
        return output
