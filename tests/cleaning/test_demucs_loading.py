"""Demucs' two file formats: what they may hold, and what is refused before it can act."""

from __future__ import annotations

import io
import json
import os
import subprocess
import sys
import zipfile
from collections.abc import Callable
from dataclasses import replace
from fractions import Fraction
from pathlib import Path
from typing import Any

import huggingface_hub.constants
import numpy as np
import pytest
import torch
from safetensors.torch import save_file

from stemsilver import weights
from stemsilver.cleaning.separators.demucs import loading
from stemsilver.errors import WeightsError
from stemsilver.fsio import sha256_file
from stemsilver.weights.kinds import Remote

from ..built import NEEDS_DIFFQ
from ..official import demucs as official
from ..official.listing import standing_in
from . import bags

QUANTISED = official.SIGNATURES["mdx_extra_q"][0]
EACH = pytest.mark.parametrize(
    "signature", [official.VOCALS, pytest.param(QUANTISED, marks=NEEDS_DIFFQ)]
)


def vocals_of(model: Any) -> torch.Tensor:
    with torch.inference_mode():
        estimates: torch.Tensor = model(torch.from_numpy(bags.noise(2, 20_000))[None])
    return estimates[:, model.sources.index("vocals")]


@EACH
def test_a_package_gives_the_model_that_demucs_loads_from_it(
    signature: str, tmp_path: Path
) -> None:
    from demucs.states import load_model

    content = official.package(signature, bags.SEGMENT)
    path = official.write_package(tmp_path, signature, content)
    ours = loading.load(path)
    torch.testing.assert_close(
        vocals_of(ours), vocals_of(load_model(content).eval()), rtol=0, atol=0
    )
    assert not ours.training
    assert {value.dtype for value in ours.state_dict().values()} == {torch.float32}
    assert not any(parameter.requires_grad for parameter in ours.parameters())


def test_the_packages_are_stored_as_the_official_ones_are() -> None:
    halved = official.package(official.VOCALS)["state"]
    assert {value.dtype for value in halved.values()} == {torch.float16}


@NEEDS_DIFFQ
def test_the_quantised_packages_are_stored_as_the_official_ones_are() -> None:
    quantised = official.package(QUANTISED)["state"]
    assert quantised["__quantized"]
    assert len(quantised["quantized"]) > 50


@EACH
def test_safetensors_and_package_give_the_same_model(signature: str, tmp_path: Path) -> None:
    content = official.package(signature, bags.SEGMENT)
    package = official.write_package(tmp_path, signature, content)
    official.write_safetensors(tmp_path / f"{signature}.safetensors", content)
    one = loading.load(package).state_dict()
    other = loading.load(tmp_path / f"{signature}.safetensors").state_dict()
    assert one.keys() == other.keys()
    for name, value in one.items():
        torch.testing.assert_close(other[name], value, rtol=0, atol=0)


@EACH
def test_a_model_of_vocals_alone_gives_the_same_vocals(signature: str, tmp_path: Path) -> None:
    path = official.write_package(tmp_path, signature, official.package(signature, bags.SEGMENT))
    whole, alone = loading.load(path), loading.load(path)
    loading.keep_vocals(alone)
    assert alone.sources == ["vocals"]
    torch.testing.assert_close(vocals_of(alone), vocals_of(whole), rtol=0, atol=1e-6)


def test_numbers_of_numpy_1_in_the_record_of_the_training_pass(tmp_path: Path) -> None:
    content = official.package(official.VOCALS, bags.SEGMENT)
    buffer = io.BytesIO()
    torch.save(content, buffer)
    path = tmp_path / "older.th"
    with zipfile.ZipFile(buffer) as new, zipfile.ZipFile(path, "w") as old:
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


@pytest.mark.parametrize("place", ["klass", "kwargs", "state", "training_args"])
def test_a_package_that_would_act_is_refused_and_does_not_act(place: str, tmp_path: Path) -> None:
    content = official.package(official.VOCALS, bags.SEGMENT)
    mark = tmp_path / "mark"
    content[place] = Act(mark) if place == "klass" else {**content[place], "act": Act(mark)}
    path = official.write_package(tmp_path, "04573f0d", content)
    with pytest.raises(WeightsError, match="holds more than a Demucs model") as caught:
        loading.load(path)
    assert str(path) in caught.value.message
    assert not mark.exists()
    # The very file acts where everything may.
    torch.load(path, weights_only=False)
    assert mark.is_dir()


@pytest.mark.parametrize("klass", [subprocess.Popen, torch.nn.Linear, Fraction, print])
def test_a_package_of_another_class_is_refused(klass: Any, tmp_path: Path) -> None:
    content = official.package(official.VOCALS, bags.SEGMENT)
    path = official.write_package(tmp_path, "04573f0d", {**content, "klass": klass})
    with pytest.raises(WeightsError, match="holds more than a Demucs model"):
        loading.load(path)


@NEEDS_DIFFQ
def test_a_package_quantised_by_another_class_is_refused(tmp_path: Path) -> None:
    content = official.package(QUANTISED)
    content["state"]["meta"]["klass"] = Fraction
    path = official.write_package(tmp_path, QUANTISED, content)
    with pytest.raises(WeightsError, match="holds more than a Demucs model"):
        loading.load(path)


@pytest.fixture
def planted(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """A module that must not be imported."""
    (tmp_path / "planted_module.py").write_text("def Model(*args, **kwargs): return 1\n")
    monkeypatch.syspath_prepend(tmp_path)
    return "planted_module"


@pytest.mark.parametrize(
    "metadata",
    [
        {"klass": "planted_module.Model", "args": "[]", "kwargs": "{}"},
        {
            "klass": "demucs.hdemucs.HDemucs",
            "args": "[]",
            "kwargs": "{}",
            "structure": json.dumps(
                {"_dict": [["meta", {"_list": [{"_class": "planted_module.Model"}]}]]}
            ),
        },
    ],
)
def test_safetensors_that_name_another_class_are_refused_unimported(
    metadata: dict[str, str], planted: str, tmp_path: Path
) -> None:
    path = tmp_path / "04573f0d.safetensors"
    save_file({"weight": torch.zeros(1)}, path, metadata)
    with pytest.raises(WeightsError, match="holds more than a Demucs model"):
        loading.load(path)
    assert planted not in sys.modules


def _truncated(path: Path) -> None:
    path.write_bytes(path.read_bytes()[:100_000])


def _text(path: Path) -> None:
    path.write_text("<html>Not found</html>")


def _without_state(path: Path) -> None:
    torch.save({"klass": official.HTDemucs, "args": (), "kwargs": {}}, path)


def _another_state(path: Path) -> None:
    torch.save({**official.package(official.VOCALS), "state": {"x": torch.zeros(1)}}, path)


def _a_list(path: Path) -> None:
    torch.save([1, 2], path)


@pytest.mark.parametrize("suffix", [".th", ".safetensors"])
@pytest.mark.parametrize("damage", [_truncated, _text, _without_state, _another_state, _a_list])
def test_a_file_that_is_no_model_is_refused_by_name(
    damage: Callable[[Path], None], suffix: str, tmp_path: Path
) -> None:
    path = official.write_package(
        tmp_path, "04573f0d", official.package(official.VOCALS, bags.SEGMENT)
    ).rename(tmp_path / f"04573f0d{suffix}")
    damage(path)
    with pytest.raises(WeightsError) as caught:
        loading.load(path)
    assert str(path) in caught.value.message


# --- where the files lie


def test_the_hub_s_local_cache_serves_where_no_file_was_placed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    repository = tmp_path / "hub" / "models--adefossez--HTDemucs-ft"
    written = tmp_path / "written.safetensors"
    content = official.package(official.VOCALS, bags.SEGMENT)
    official.write_safetensors(written, content)
    revision = 40 * "a"
    snapshot = repository / "snapshots" / revision / "04573f0d.safetensors"
    blob = repository / "blobs" / sha256_file(written)
    for folder in (snapshot.parent, blob.parent, repository / "refs"):
        folder.mkdir(parents=True)
    written.rename(blob)
    snapshot.symlink_to(Path("../../blobs") / blob.name)
    (repository / "refs" / "main").write_text(revision)
    monkeypatch.setattr(huggingface_hub.constants, "HF_HUB_CACHE", str(tmp_path / "hub"))

    (tmp_path / "empty").mkdir()
    package = official.write_package(tmp_path / "placed", official.VOCALS, content)
    mixture = bags.noise(2, 30_000)
    with (
        standing_in(tmp_path / "empty", {}),
        pytest.raises(WeightsError, match="expected SHA-256 68854b0d"),
    ):
        weights.verified("htdemucs_ft-vocals")  # a name of its own making proves nothing

    known = weights.REGISTRY["htdemucs_ft-vocals"]
    assert isinstance(known, Remote)
    assert known.hub is not None
    pinned = replace(known, hub=replace(known.hub, sha256=blob.name))
    monkeypatch.setitem(weights.REGISTRY, "htdemucs_ft-vocals", pinned)
    with standing_in(tmp_path / "empty", {}):
        assert weights.verified("htdemucs_ft-vocals") == snapshot
        cached = bags.separate_by(bags.settings("htdemucs_ft"), mixture, 44_100)
    with standing_in(tmp_path / "placed", {"htdemucs_ft-vocals": package}):
        placed = bags.separate_by(bags.settings("htdemucs_ft"), mixture, 44_100)
    np.testing.assert_array_equal(cached, placed)

    blob.write_bytes(blob.read_bytes()[:-1] + b"\1")
    with (
        standing_in(tmp_path / "empty", {}),
        pytest.raises(WeightsError, match=r"04573f0d\.safetensors is not the expected file"),
    ):
        bags.separate_by(bags.settings("htdemucs_ft"), mixture, 44_100)


def test_a_file_with_the_official_name_and_another_content_is_refused_by_name(
    tmp_path: Path,
) -> None:
    path = official.write_package(
        tmp_path / "demucs", official.VOCALS, official.package(official.VOCALS)
    )
    named = path.rename(path.with_name("04573f0d-f3cf25b2.th"))
    with (
        standing_in(tmp_path, {}),
        pytest.raises(WeightsError, match="f3cf25b2") as caught,
    ):
        bags.separate_by(bags.settings("htdemucs_ft"), bags.noise(2, 100), 44_100)
    assert str(named) in caught.value.message
