"""DNSMOS P.835: a neural network's estimate of how listeners would rate a signal.

Source: Reddy, Gopal and Cutler, *DNSMOS P.835: a non-intrusive perceptual objective speech
quality metric to evaluate noise suppressors*, ICASSP 2022. The network's file is run directly: the
loop in the package that ships it takes twice the time, because it also runs a second network whose
score is not used here.
"""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from stemsilver import weights
from stemsilver.evaluation.undefined import SILENT, TOO_SHORT, Undefined
from stemsilver.weights import onnx_network

if TYPE_CHECKING:
    from onnxruntime import InferenceSession

RATE = 16_000
WINDOW = 144_160
"""Input length of the network in frames: 9.01 s."""

MIN_SECONDS = 0.4
"""A shorter signal becomes a buzz when it is repeated until it fills the window."""

WEIGHTS = ("dnsmos-p835",)

CALIBRATION = {
    "dnsmos_sig": np.poly1d([-0.08397278, 1.22083953, 0.0052439]),
    "dnsmos_bak": np.poly1d([-0.13166888, 1.60915514, -0.39604546]),
    "dnsmos_ovrl": np.poly1d([-0.06766283, 1.11546468, 0.04602535]),
}
"""The published polynomials from raw outputs to opinion scores, in the order of the outputs."""


def dnsmos(signal: NDArray[np.float32], hop_seconds: float) -> dict[str, float]:
    """Return SIG, BAK and OVRL, each the mean over windows of 9.01 s, `hop_seconds` apart or less.

    The windows are evenly spread from the first frame to the last. A signal shorter than a window
    is repeated until it fills one, as the reference does.

    Shape: `signal` is (frames,) at 16 kHz, within ±1 (anything beyond is clipped).

    Raises:
        Undefined: the signal is silent or shorter than 0.4 s.
    """
    if signal.size < MIN_SECONDS * RATE:
        raise Undefined(TOO_SHORT)
    if not signal.any():
        raise Undefined(SILENT)
    if signal.size < WINDOW:
        signal = np.resize(signal, WINDOW)
    last = signal.size - WINDOW
    count = 1 + -(-last // round(hop_seconds * RATE))
    starts = np.linspace(0, last, count).round().astype(int)
    # One window at a time is as fast as a batch, and takes less memory.
    windows = ({"input_1": np.clip(signal[None, at : at + WINDOW], -1, 1)} for at in starts)
    outputs = np.concatenate([found for [found] in onnx_network.run(_session(), windows)])
    return {
        name: float(np.mean(polynomial(outputs[:, column])))
        for column, (name, polynomial) in enumerate(CALIBRATION.items())
    }


@cache
def _session() -> InferenceSession:
    return onnx_network.load(weights.verified("dnsmos-p835"))
