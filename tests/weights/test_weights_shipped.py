"""The networks that the package carries, derived again from those who published them."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import convert_weights
import numpy as np
import onnx
import pytest
from onnx import numpy_helper

from stemsilver import weights

from ..built import NEEDS_RESEMBLYZER

LIMIT_BYTES = 40_000_000


@pytest.mark.parametrize(
    ("name", "make"),
    [
        ("spleeter-2stems", convert_weights.spleeter),
        ("deepfilternet3", convert_weights.deepfilternet3),
        pytest.param("ge2e-voice", convert_weights.ge2e_voice, marks=NEEDS_RESEMBLYZER),
    ],
)
def test_a_shipped_network_is_what_its_script_makes(
    name: str, make: Callable[[], onnx.ModelProto]
) -> None:
    shipped = onnx.load(weights.verified(name))
    made = make()
    assert [(node.op_type, node.input, node.output) for node in shipped.graph.node] == [
        (node.op_type, node.input, node.output) for node in made.graph.node
    ]
    arrays = {one.name: numpy_helper.to_array(one) for one in made.graph.initializer}
    assert arrays.keys() == {one.name for one in shipped.graph.initializer}
    for one in shipped.graph.initializer:
        # Two joined convolutions are a sum, whose last bits are the processor's.
        np.testing.assert_allclose(numpy_helper.to_array(one), arrays[one.name], rtol=1e-5)


def test_shipped_networks_are_small_and_have_their_notice() -> None:
    folder = Path(weights.verified("spleeter-2stems")).parent
    for network in folder.glob("*.onnx"):
        assert network.stat().st_size <= LIMIT_BYTES
        assert network.stem in (folder / "NOTICE.md").read_text()
