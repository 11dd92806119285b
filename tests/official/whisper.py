"""Whisper's weights in both official formats, made of the ones that the package carries.

tiny.en becomes OpenAI's `.pt`. A model for all languages is made of it too: it hears what tiny.en
hears, with the tokens of the model for all languages, and takes whatever it hears for German.
"""

from __future__ import annotations

import json
import shutil
import struct
import warnings
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray

from stemsilver import weights
from stemsilver.config.languages import LANGUAGES

HEARD = "de"
"""The language that the model for all languages hears."""

FRONT = "<|startoftranscript|>"
UNSAID = " SolidGoldMagikarp"
"""A token that never comes."""

ENGLISH, ALL = 51_864, 51_865
"""How many tokens the models know."""

WIDTH = 384
DIMENSIONS = {
    "n_mels": 80,
    "n_audio_ctx": 1500,
    "n_audio_state": WIDTH,
    "n_audio_head": 6,
    "n_audio_layer": 4,
    "n_text_ctx": 448,
    "n_text_state": WIDTH,
    "n_text_head": 6,
    "n_text_layer": 4,
}

EMBEDDING = "decoder/embeddings/weight"


def write(folder: Path) -> dict[str, Path]:
    """`tiny.en` and `tiny` for openai-whisper, `tiny` and `large-v3` for faster-whisper."""
    carried = weights.verified("whisper-tiny.en").parent
    tensors = dict(_variables((carried / "model.bin").read_bytes()))
    openai = folder / "openai-whisper"
    openai.mkdir(parents=True)
    state = _openai(tensors)
    files = {"tiny.en": openai / "tiny.en.pt", "tiny": openai / "tiny.pt"}
    _save(files["tiny.en"], state, ENGLISH)
    rows = torch.tensor(_rows())
    embedding = state["decoder.token_embedding.weight"]
    _save(files["tiny"], {**state, "decoder.token_embedding.weight": embedding[rows]}, ALL)
    return {
        **{f"openai-whisper-{size}": file for size, file in files.items()},
        **_tiny(carried, folder / "faster-whisper" / "tiny"),
        **_large(carried, folder / "faster-whisper" / "large-v3"),
    }


def _save(file: Path, state: dict[str, torch.Tensor], vocabulary: int) -> None:
    torch.save({"dims": {**DIMENSIONS, "n_vocab": vocabulary}, "model_state_dict": state}, file)


# --- what CTranslate2 holds, by OpenAI's names


def _variables(model: bytes) -> Iterator[tuple[str, NDArray[np.float16]]]:
    """The tensors of a CTranslate2 model, as `ctranslate2.specs.model_spec` writes them."""
    place = 0

    def number(kind: str) -> int:
        nonlocal place
        [found] = struct.unpack_from(f"<{kind}", model, place)
        place += struct.calcsize(kind)
        return int(found)

    def text() -> str:
        nonlocal place
        length = number("H")
        place += length
        return model[place - length : place - 1].decode()

    assert (number("I"), text(), number("I")) == (6, "WhisperSpec", 3)
    for _ in range(number("I")):
        name = text()
        shape = [number("I") for _ in range(number("B"))]
        kind, size = number("B"), number("I")
        if kind == 4:  # float16; the rest are settings
            yield name, np.frombuffer(model, np.float16, size // 2, place).reshape(shape)
        place += size


def _openai(tensors: dict[str, NDArray[np.float16]]) -> dict[str, torch.Tensor]:
    state: dict[str, torch.Tensor] = {}

    def put(name: str, origin: str, part: int | None = None) -> None:
        rows = slice(None) if part is None else slice(part * WIDTH, (part + 1) * WIDTH)
        state[name] = torch.from_numpy(tensors[origin][rows].copy())

    def norm(name: str, origin: str) -> None:
        put(f"{name}.weight", f"{origin}/gamma")
        put(f"{name}.bias", f"{origin}/beta")

    def linear(name: str, origin: str, part: int | None = None, bias: bool = True) -> None:
        put(f"{name}.weight", f"{origin}/weight", part)
        if bias:
            put(f"{name}.bias", f"{origin}/bias", part)

    def attention(name: str, origin: str, fused: tuple[tuple[int, int | None], ...]) -> None:
        for what, (layer, part) in zip(("query", "key", "value", "out"), fused, strict=True):
            linear(f"{name}.{what}", f"{origin}/linear_{layer}", part, bias=what != "key")
        norm(f"{name}_ln", f"{origin}/layer_norm")

    for side, end in (("encoder", "ln_post"), ("decoder", "ln")):
        put(f"{side}.positional_embedding", f"{side}/position_encodings/encodings")
        norm(f"{side}.{end}", f"{side}/layer_norm")
        for number in range(4):
            block, layer = f"{side}.blocks.{number}", f"{side}/layer_{number}"
            own = ((0, 0), (0, 1), (0, 2), (1, None))
            attention(f"{block}.attn", f"{layer}/self_attention", own)
            if side == "decoder":
                across = ((0, None), (1, 0), (1, 1), (2, None))
                attention(f"{block}.cross_attn", f"{layer}/attention", across)
            norm(f"{block}.mlp_ln", f"{layer}/ffn/layer_norm")
            linear(f"{block}.mlp.0", f"{layer}/ffn/linear_0")
            linear(f"{block}.mlp.2", f"{layer}/ffn/linear_1")
    linear("encoder.conv1", "encoder/conv1")
    linear("encoder.conv2", "encoder/conv2")
    put("decoder.token_embedding.weight", EMBEDDING)
    return state


# --- the model for all languages


def _rows() -> list[int]:
    """Which of tiny.en's tokens stands for each token of the other model.

    tiny.en learned nothing of languages and tasks: their tokens repeat the first one, which it
    knows to look past.
    """
    from whisper.tokenizer import get_encoding

    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ResourceWarning)  # leaves its files open
        english, others = get_encoding("gpt2"), get_encoding("multilingual")
    unsaid = english.encode_single_token(UNSAID)
    rows = [unsaid] * ALL
    for token in others.token_byte_values():
        try:
            rows[others.encode_single_token(token)] = english.encode_single_token(token)
        except KeyError:
            continue
    for name in others.special_tokens_set:
        rows[others.encode_single_token(name)] = english.encode_single_token(_known(name))
    return rows


def _known(special: str) -> str:
    """The token that tiny.en knows for a special one."""
    if special in (f"<|{HEARD}|>", "<|transcribe|>"):
        return FRONT
    return UNSAID if _language(special) else special


def _language(word: str) -> bool:
    return word.startswith("<|") and word[2:-2] in LANGUAGES


def _tiny(carried: Path, folder: Path) -> dict[str, Path]:
    """The model for all languages: an empty token more, by which CTranslate2 knows it."""
    folder.mkdir(parents=True)
    words = (carried / "vocabulary.txt").read_text(encoding="utf-8").splitlines()
    first = words.index("<|endoftext|>")
    words.insert(first, "")
    (folder / "vocabulary.txt").write_text("\n".join(words) + "\n", encoding="utf-8")

    tokenizer = json.loads((carried / "tokenizer.json").read_text(encoding="utf-8"))
    vocabulary = tokenizer["model"]["vocab"]
    for token in tokenizer["added_tokens"]:
        token["id"] += 1
        if token["content"] in vocabulary:
            vocabulary[token["content"]] = token["id"]
    vocabulary[""] = first
    (folder / "tokenizer.json").write_text(json.dumps(tokenizer), encoding="utf-8")

    settings = json.loads((carried / "config.json").read_text(encoding="utf-8"))
    settings["lang_ids"] = [at for at, word in enumerate(words) if _language(word)]
    for key in ("suppress_ids", "suppress_ids_begin"):
        settings[key] = [one + (one >= first) for one in settings[key]]
    (folder / "config.json").write_text(json.dumps(settings), encoding="utf-8")

    model = (carried / "model.bin").read_bytes()
    embedding = dict(_variables(model))[EMBEDDING]
    unsaid = words.index(UNSAID.replace(" ", "Ġ"))
    rows = [index - (index > first) for index in range(ALL)]
    for index in range(first, ALL):
        known = _known(words[index])
        if known != words[index]:
            rows[index] = unsaid if known == UNSAID else words.index(known) - 1
    header = "<BIIBI"
    before = struct.pack(header, 2, ENGLISH, WIDTH, 4, ENGLISH * WIDTH * 2)
    after = struct.pack(header, 2, ALL, WIDTH, 4, ALL * WIDTH * 2)
    assert model.count(before + embedding.tobytes()[:99]) == 1
    (folder / "model.bin").write_bytes(
        model.replace(before + embedding.tobytes(), after + embedding[rows].tobytes())
    )
    return _folder("tiny", folder)


# --- the largest


def _large(carried: Path, folder: Path) -> dict[str, Path]:
    """tiny.en under another name, with the files that the folder of the largest model has."""
    folder.mkdir(parents=True)
    for name in ("model.bin", "config.json", "tokenizer.json"):
        shutil.copy(carried / name, folder / name)
    words = (carried / "vocabulary.txt").read_text(encoding="utf-8").splitlines()
    (folder / "vocabulary.json").write_text(json.dumps(words), encoding="utf-8")
    features = {"feature_size": 80, "hop_length": 160, "n_fft": 400, "sampling_rate": 16_000}
    (folder / "preprocessor_config.json").write_text(json.dumps(features), encoding="utf-8")
    return _folder("large-v3", folder)


def _folder(size: str, folder: Path) -> dict[str, Path]:
    parts = {"model": "", "preprocessor_config": "-preprocessor"}
    return {
        f"whisper-{size}{parts.get(file.stem, f'-{file.stem}')}": file
        for file in sorted(folder.iterdir())
    }
