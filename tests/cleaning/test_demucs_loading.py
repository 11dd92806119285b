"""Demucs' two file formats: what they may hold, and what is refused before it can act."""

from __future__ import annotations

import io
import json
import os
import re
import subprocess
import sys
import zipfile
from fractions import Fraction
from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors.torch import save_file

from stemsilver.cleaning.separators.demucs import loading
from stemsilver.errors import WeightsError

from ..built import NEEDS_DIFFQ
from ..official import demucs as official
from ..official.listing import standing_in
from . import bags
from .measures import noise

QUANTISED = official.SIGNATURES["mdx_extra_q"][0]


def vocals_of(model: Any) -> torch.Tensor:
    with torch.inference_mode():
        estimates: torch.Tensor = model(torch.from_numpy(noise(2, 20_000))[None])
    return estimates[:, model.sources.index("vocals")]


def refused(path: Path, why: str) -> None:
    with pytest.raises(WeightsError, match=why) as caught:
        loading.load(path)
    assert str(path) in caught.value.message


@pytest.mark.parametrize("signature", [official.VOCALS, pytest.param(QUANTISED, marks=NEEDS_DIFFQ)])
def test_both_formats_give_the_model_that_demucs_loads(signature: str, tmp_path: Path) -> None:
    from demucs.states import load_model

    content = official.package(signature, bags.SEGMENT)
    state = content["state"]
    if signature == QUANTISED:
        assert state["__quantized"]
        assert len(state["quantized"]) > 50
    else:
        assert {value.dtype for value in state.values()} == {torch.float16}
    package = official.write_package(tmp_path, signature, content)
    official.write_safetensors(tmp_path / f"{signature}.safetensors", content)

    ours, other = loading.load(package), loading.load(tmp_path / f"{signature}.safetensors")
    expected = vocals_of(ours)
    theirs = vocals_of(load_model(content).eval())
    torch.testing.assert_close(expected, theirs, rtol=0, atol=0)
    assert not ours.training
    assert {value.dtype for value in ours.state_dict().values()} == {torch.float32}
    assert not any(parameter.requires_grad for parameter in ours.parameters())
    assert ours.state_dict().keys() == other.state_dict().keys()
    for name, value in ours.state_dict().items():
        torch.testing.assert_close(other.state_dict()[name], value, rtol=0, atol=0)

    loading.keep_vocals(ours)
    assert ours.sources == ["vocals"]
    torch.testing.assert_close(vocals_of(ours), expected, rtol=0, atol=1e-6)


def test_numbers_of_numpy_1_in_the_record_of_the_training_pass(tmp_path: Path) -> None:
    path = tmp_path / "older.th"
    whole = io.BytesIO(official.saved(official.package(official.VOCALS, bags.SEGMENT)))
    with zipfile.ZipFile(whole) as new, zipfile.ZipFile(path, "w") as old:
        for entry in new.namelist():
            data = new.read(entry)
            if entry.endswith("data.pkl"):
                assert b"numpy._core.multiarray" in data
                data = data.replace(b"numpy._core.multiarray", b"numpy.core.multiarray")
            old.writestr(entry, data)
    assert loading.load(path).sources == official.SOURCES


# --- what is refused


class Act:
    """Makes a folder when it is unpickled."""

    def __init__(self, mark: Path) -> None:
        self.mark = mark

    def __reduce__(self) -> tuple[Any, ...]:
        return os.mkdir, (str(self.mark),)


@pytest.mark.parametrize("place", ["klass", "state", "training_args"])
def test_a_package_that_would_act_is_refused_and_does_not_act(place: str, tmp_path: Path) -> None:
    content = official.package(official.VOCALS, bags.SEGMENT)
    mark = tmp_path / "mark"
    content[place] = Act(mark) if place == "klass" else {**content[place], "act": Act(mark)}
    path = official.write_package(tmp_path, "04573f0d", content)
    refused(path, "holds more than a Demucs model")
    assert not mark.exists()
    # The very file acts where everything may.
    torch.load(path, weights_only=False)
    assert mark.is_dir()


# Of these, torch itself lets the fraction pass: official packages hold some.
@pytest.mark.parametrize("klass", [subprocess.Popen, torch.nn.Linear, Fraction])
def test_a_package_of_another_class_is_refused(klass: Any, tmp_path: Path) -> None:
    content = {**official.package(official.VOCALS, bags.SEGMENT), "klass": klass}
    path = official.write_package(tmp_path, "04573f0d", content)
    refused(path, "holds more than a Demucs model")


@NEEDS_DIFFQ
def test_a_package_quantised_by_another_class_is_refused(tmp_path: Path) -> None:
    content = official.package(QUANTISED)
    content["state"]["meta"]["klass"] = Fraction
    path = official.write_package(tmp_path, QUANTISED, content)
    refused(path, "holds more than a Demucs model")


_QUANTISER = {"_dict": [["meta", {"_list": [{"_class": "planted_module.Model"}]}]]}


@pytest.mark.parametrize(
    "metadata",
    [
        {"klass": "planted_module.Model"},
        {"klass": "demucs.hdemucs.HDemucs", "structure": json.dumps(_QUANTISER)},
    ],
)
def test_safetensors_that_name_another_class_are_refused_unimported(
    metadata: dict[str, str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "planted_module.py").write_text("def Model(*args, **kwargs): return 1\n")
    monkeypatch.syspath_prepend(tmp_path)
    path = tmp_path / "04573f0d.safetensors"
    save_file({"weight": torch.zeros(1)}, path, {"args": "[]", "kwargs": "{}", **metadata})
    refused(path, "holds more than a Demucs model")
    assert "planted_module" not in sys.modules


def test_a_file_that_is_no_model_is_refused_by_name(tmp_path: Path) -> None:
    content = official.package(official.VOCALS, bags.SEGMENT)
    page = b"<html>Not found</html>"
    stateless = {key: value for key, value in content.items() if key != "state"}
    another = {**content, "state": {"x": torch.zeros(1)}}
    damaged = [official.saved(one) for one in (stateless, another, [1, 2])]
    for suffix, data in (
        *((".th", one) for one in (official.saved(content)[:100_000], page, *damaged)),
        (".safetensors", page),
    ):
        path = tmp_path / f"04573f0d{suffix}"
        path.write_bytes(data)
        refused(path, "Demucs model")


def test_a_file_with_the_official_name_and_another_content_is_refused_by_name(
    tmp_path: Path,
) -> None:
    path = official.write_package(
        tmp_path / "demucs", official.VOCALS, official.package(official.VOCALS)
    )
    named = path.rename(path.with_name("04573f0d-f3cf25b2.th"))
    with standing_in(tmp_path, {}), pytest.raises(WeightsError, match=re.escape(str(named))):
        bags.separate_by(bags.settings("htdemucs_ft"), noise(2, 100), 44_100)
