"""The separator around the models: layouts, lengths, batches, and what a bag may say."""

from __future__ import annotations

import importlib.util
import shutil
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import numpy as np
import pytest
import torch

from stemsilver.audio import resample
from stemsilver.cleaning.separators import demucs
from stemsilver.cleaning.separators.demucs import DemucsSeparator, bag
from stemsilver.config import DemucsSettings
from stemsilver.errors import ConfigError, EnvironmentFault, WeightsError
from stemsilver.records import Samples
from stemsilver.signals import joined

from ..built import NEEDS_DIFFQ
from ..official import demucs as official
from ..official.listing import standing_in
from . import bags
from .measures import assert_comes_back, noise


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("weights")
    bags.write(folder)
    return folder


@pytest.fixture(autouse=True)
def placed(whole: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setenv("STEMSILVER_DEVICE", "cpu")
    with standing_in(whole, bags.registered(whole)):
        yield


@cache
def loaded(chosen: DemucsSettings) -> DemucsSeparator:
    """A separator with the models of the module's own folder, loaded once."""
    return DemucsSeparator(chosen)


def separate_by(chosen: DemucsSettings, mixture: Samples, rate: int = 44_100) -> Samples:
    return joined(loaded(chosen).separate(mixture, rate, lambda share: None))


@official.EACH_BAG
def test_every_rate_and_length_comes_back(name: str) -> None:
    for rate, channels, frames in (
        (96_000, 1, 1),
        (44_100, 2, 1),
        (8_000, 2, 3),
        (44_101, 1, 4_410),
    ):
        mixture = noise(channels, frames)
        assert_comes_back(separate_by(bags.settings(name), mixture, rate), mixture)
    constant = np.full((1, 5_000), 0.25, np.float32)
    assert_comes_back(separate_by(bags.settings(name), constant, 24_000), constant)


def test_a_rate_that_would_need_a_filter_of_gigabytes_goes_through_soxr() -> None:
    mixture = noise(1, 4_410)
    ours = demucs._at_model_rate(mixture, 44_101)
    np.testing.assert_array_equal(ours.numpy(), resample(mixture, 44_101, 44_100))


def test_more_than_two_channels_go_one_by_one() -> None:
    one, other = noise(1, 30_000, seed=1), noise(1, 30_000, seed=2)
    chosen = bags.settings("htdemucs_ft", shifts=1)
    three = separate_by(chosen, np.concatenate([one, np.zeros_like(one), other]))
    np.testing.assert_array_equal(three[:1], separate_by(chosen, one))
    np.testing.assert_array_equal(three[2:], separate_by(chosen, other))
    assert not three[1].any()


@official.EACH_BAG
def test_batches_change_nothing(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    mixture = noise(2, 70_000)
    chosen = bags.settings(name, shifts=1)
    single = separate_by(chosen, mixture)
    shapes = []
    whole = torch.nn.Module.__call__

    def seen(module: torch.nn.Module, *args: torch.Tensor) -> torch.Tensor:
        if type(module) in (official.HTDemucs, official.HDemucs):
            shapes.append(len(args[0]))
        called: torch.Tensor = whole(module, *args)
        return called

    monkeypatch.setitem(demucs.SECONDS_AT_ONCE, "cpu", 4 * float(bags.SEGMENT))
    for model in (official.HTDemucs, official.HDemucs):
        monkeypatch.setattr(model, "__call__", seen, raising=False)
    together = separate_by(chosen, mixture)
    assert max(shapes) == 4
    np.testing.assert_allclose(together, single, rtol=0, atol=1e-6)


@official.EACH_BAG
def test_the_same_signal_gives_the_same_bytes_whatever_came_before(name: str) -> None:
    chosen = bags.settings(name, shifts=1)
    mixture = noise(2, 10_000)
    kept = mixture.copy()
    mixture.flags.writeable = False
    once = separate_by(chosen, mixture)
    separate_by(chosen, noise(1, 8_000, seed=3), 24_000)
    torch.manual_seed(5)
    assert separate_by(chosen, mixture).tobytes() == once.tobytes()
    np.testing.assert_array_equal(mixture, kept)


@pytest.mark.parametrize("channels", [1, 3])
def test_progress_rises_to_one(channels: int) -> None:
    told: list[float] = []
    mixture = noise(channels, 60_000)
    mixture[-1] = 0
    mixture[0] += 0.1
    joined(loaded(bags.settings("htdemucs_ft")).separate(mixture, 44_100, told.append))
    assert told == sorted(set(told))
    assert len(told) > 3
    assert told[0] > 0
    assert told[-1] == 1


# --- bags


def place(folder: Path, whole: Path, name: str, described: str) -> dict[str, Path]:
    """The models that vocals need and nothing else, with another description of a bag."""
    (folder / "demucs").mkdir(parents=True)
    for path in bags.registered(whole).values():
        shutil.copyfile(path, folder / "demucs" / path.name)
    (folder / "demucs" / f"{name}.yaml").write_text(described)
    return bags.registered(folder)


def test_the_official_bags_are_read_from_the_package(tmp_path: Path) -> None:
    with standing_in(tmp_path, {}):
        assert bag.read("htdemucs_ft") == bag.Bag((0, 0, 0, 1), None)
        assert bag.read("mdx_extra_q") == bag.Bag((0.25, 0.25, 0.25, 0.25), 44)
    # The vocals specialist is all that its bag needs.
    assert DemucsSeparator.weights(bags.settings("htdemucs_ft")) == ("htdemucs_ft-vocals",)


@NEEDS_DIFFQ
def test_a_placed_description_weighs_the_models(tmp_path: Path, whole: Path) -> None:
    described = """
        models: [83fc094f, 464b36d7, 14fc6a69, 7fd6ef75]
        weights: [[1., 1., 1., 3.], [1., 1., 1., 0.], [1., 1., 1., 1.], [1., 1., 1., 0.]]
        segment: 0.5
    """
    files = place(tmp_path, whole, "mdx_extra_q", described)
    mixture, chosen = noise(2, 20_000), bags.settings("mdx_extra_q", shifts=1)
    with standing_in(tmp_path, files):
        theirs = bags.by_command(tmp_path / "demucs", chosen, mixture, 44_100, tmp_path)
        files["mdx_extra_q-2"].unlink()  # it has no weight
        ours = bags.separate_by(chosen, mixture, 44_100)
    np.testing.assert_allclose(ours, theirs, rtol=0, atol=1e-6)


@pytest.mark.parametrize(
    ("described", "why"),
    [
        ("models: []", "does not describe a bag"),
        ("models: [a", "does not describe a bag"),
        ("models: !!python/object/apply:os.getcwd []", "does not describe a bag"),
        ("models: [a, b]\nweights: [[1.0, 1.0, 1.0, 1.0]]", "a weight for each"),
        ("models: [a]\nweights: [[1.0, 1.0]]", "a weight for each"),
        ("models: [a]\nweights: [[1.0, 1.0, 1.0, 0.0]]", "no weight"),
        ("models: [a]\nweights: [[1.0, 1.0, 1.0, .nan]]", "no weight"),
        ("models: [a, b, c, d]", "not in the registry"),
    ],
)
def test_a_description_that_cannot_be_followed_is_refused(
    described: str, why: str, tmp_path: Path, whole: Path
) -> None:
    files = place(tmp_path, whole, "htdemucs_ft", described)
    with standing_in(tmp_path, files), pytest.raises(WeightsError, match=why):
        DemucsSeparator(bags.settings("htdemucs_ft"))


def test_models_of_other_sources_are_refused(tmp_path: Path) -> None:
    content = official.package(official.VOCALS, bags.SEGMENT)
    content["args"] = (["vocals", "drums", "bass", "other"],)
    path = official.write_package(tmp_path, official.VOCALS, content)
    with (
        standing_in(tmp_path, {"htdemucs_ft-vocals": path}),
        pytest.raises(WeightsError, match="does not tell"),
    ):
        DemucsSeparator(bags.settings("htdemucs_ft"))


def test_a_transformer_takes_no_longer_segments_than_its_own(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"trained on 0\.5 s and cannot take 0\.75"):
        DemucsSeparator(bags.settings("htdemucs_ft", segment=0.75))
    # The official ones are trained on 39/5 s: 7.8 is not more than that.
    [path] = official.write_models(tmp_path, [official.VOCALS])
    with standing_in(tmp_path, {"htdemucs_ft-vocals": path}):
        separator = DemucsSeparator(bags.settings("htdemucs_ft", segment=7.8))
    assert separator._models[3].segment == official.TRAINED


def test_without_demucs_the_extra_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    found = importlib.util.find_spec
    monkeypatch.setattr(
        importlib.util, "find_spec", lambda name, *rest: None if name == "demucs" else found(name)
    )
    with pytest.raises(EnvironmentFault, match="demucs") as caught:
        DemucsSeparator(bags.settings("htdemucs_ft"))
    assert "stemsilver[studio]" in caught.value.next_step
