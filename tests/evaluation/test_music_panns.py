"""PANNs' tagger on a checkpoint of the official size and format, with random weights."""

from __future__ import annotations

import math
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import matplotlib
import numpy as np
import pytest
import torch

from stemsilver.audio import resample
from stemsilver.config import PannsMusic
from stemsilver.errors import EnvironmentFault, WeightsError
from stemsilver.evaluation import music, suite
from stemsilver.evaluation.downmix import Downmix
from stemsilver.evaluation.music import panns
from stemsilver.evaluation.undefined import Undefined
from stemsilver.profiles import load_profile
from stemsilver.records import Audio

from ..official import panns as official
from ..official.listing import standing_in
from .conftest import Render, Signal, alone

RATE = panns.RATE
ALL = ("Music", "Musical instrument", "Singing")


def settings(**changed: Any) -> PannsMusic:
    values = {"backend": "panns", "model_name": "Cnn14", "chunk_seconds": 5.0, "labels": ALL}
    return PannsMusic.model_validate({**values, **changed})


@pytest.fixture(scope="module")
def checkpoint(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return official.write(tmp_path_factory.mktemp("weights"))[official.NAME]


@pytest.fixture(scope="module", autouse=True)
def folder(checkpoint: Path) -> Iterator[Path]:
    folder = checkpoint.parents[1]
    with standing_in(folder, {official.NAME: checkpoint}):
        yield folder


@pytest.fixture(scope="module")
def audio(render: Render) -> Audio:
    """11 s of a render at the network's own rate: two chunks of 5 s, and 1 s."""
    whole = render("safety_briefing.wav")
    return Audio(resample(whole.samples, whole.rate, RATE)[:, : 11 * RATE], RATE)


@pytest.fixture(scope="module")
def theirs(checkpoint: Path, audio: Audio, tmp_path_factory: pytest.TempPathFactory) -> Signal:
    """What panns_inference makes of the chunks by itself; shape (3, 527).

    Its labels lie where it looks for them, so that it does not download any.
    """
    home = tmp_path_factory.mktemp("home")
    (home / "panns_data").mkdir()
    labels = "".join(f"{index},/m/{index},label {index}\n" for index in range(panns.CLASSES))
    (home / "panns_data" / "class_labels_indices.csv").write_text(f"index,mid,name\n{labels}")
    samples = np.pad(audio.samples[0], (0, 4 * RATE)).reshape(3, -1)
    made = tmp_path_factory.mktemp("made")
    np.save(made / "chunks.npy", samples)
    code = (
        "import sys, numpy as np, torch\n"
        "torch.set_num_threads(1)\n"
        "from panns_inference import AudioTagging\n"
        "made, weights = sys.argv[1:]\n"
        "tagger = AudioTagging(checkpoint_path=weights, device='cpu')\n"
        "chunks = np.load(f'{made}/chunks.npy')\n"
        "np.save(f'{made}/found.npy', tagger.inference(chunks)[0])\n"
    )
    alone(home, code, str(made), str(checkpoint), MPLCONFIGDIR=matplotlib.get_cachedir())
    found: Signal = np.load(made / "found.npy")
    return found


# --- the network


def test_the_values_are_those_of_the_package_that_has_the_network(
    theirs: Signal, audio: Audio
) -> None:
    found = music.timeline(Downmix(audio), settings())
    assert found.hop == 5.0
    expected = theirs[:, [27, 137, 138]].max(axis=1)
    assert np.ptp(expected) > 1e-3, "the planted network tells no sound from another"
    np.testing.assert_allclose(found.values, expected, atol=1e-5)
    for label, column in (("Singing", 27), ("Music", 137)):
        single = music.timeline(Downmix(audio), settings(labels=(label,)))
        np.testing.assert_allclose(single.values, theirs[:, column], atol=1e-5)
        chance = 1 / (1 + math.exp(-official.BIASES[label]))
        np.testing.assert_allclose(single.values, chance, atol=0.2)


def test_nothing_is_downloaded_printed_or_left_behind(
    folder: Path, audio: Audio, tmp_path: Path
) -> None:
    home = tmp_path / "home"
    home.mkdir()
    bit = audio.samples[:, : 2 * RATE]
    np.save(tmp_path / "audio.npy", bit)
    code = (
        "import sys, numpy as np, torch\n"
        "torch.set_num_threads(1)\n"
        "from stemsilver.config import PannsMusic\n"
        "from stemsilver.evaluation import music\n"
        "from stemsilver.evaluation.downmix import Downmix\n"
        "from stemsilver.records import Audio\n"
        "settings = PannsMusic(backend='panns', model_name='Cnn14', chunk_seconds=2.0,\n"
        "                      labels=('Music',))\n"
        "print(music.timeline(Downmix(Audio(np.load(sys.argv[1]), 32_000)), settings).values)\n"
    )
    places = {"STEMSILVER_WEIGHTS": str(folder), "MPLCONFIGDIR": matplotlib.get_cachedir()}
    said = alone(home, code, str(tmp_path / "audio.npy"), **places)
    chosen = settings(labels=("Music",), chunk_seconds=2.0)
    assert said == f"{music.timeline(Downmix(Audio(bit, RATE)), chosen).values}\n"


# --- chunks


@pytest.mark.parametrize(("seconds", "chunk", "batches"), [(100, 5, 3), (100, 60, 2), (0.2, 5, 1)])
def test_a_long_signal_is_heard_in_batches_and_a_rest_is_followed_by_silence(
    seconds: float, chunk: int, batches: int
) -> None:
    signal = np.arange(1, round(seconds * RATE) + 1, dtype=np.float32)
    found = list(panns._batches(signal, chunk * RATE))
    assert len(found) == batches
    heard = np.concatenate(found)
    assert heard.shape == (math.ceil(seconds / chunk), chunk * RATE)
    np.testing.assert_array_equal(heard.ravel()[: signal.size], signal)
    assert not heard.ravel()[signal.size :].any()


@pytest.mark.parametrize(("rate", "channels", "frames"), [(8_000, 1, 800), (48_000, 6, 96_000)])
def test_any_layout_is_heard_even_if_shorter_than_a_chunk(
    rate: int, channels: int, frames: int
) -> None:
    noise = np.random.default_rng(5).normal(0, 0.1, (channels, frames)).astype(np.float32)
    found = music.timeline(Downmix(Audio(noise, rate)), settings(chunk_seconds=2.0))
    assert len(found.values) == 1
    assert 0 < found.values[0] < 1


def test_less_than_0_1_seconds_is_too_short() -> None:
    for frames in (0, 3_199):
        with pytest.raises(Undefined, match="too_short"):
            music.timeline(Downmix(Audio(np.full((1, frames), 0.1, np.float32), RATE)), settings())


def test_the_mean_counts_each_chunk_by_the_time_it_covers(audio: Audio) -> None:
    judges = load_profile("embedded").evaluation.model_copy(update={"music": settings()})
    found = suite._music_and_pauses(Downmix(audio), judges)
    first, second, third = found["found"]["timeline"]["values"]
    expected = (5 * first + 5 * second + 1 * third) / 11
    assert found["music_presence"]["value"] == pytest.approx(expected, abs=1e-9)
    assert abs(expected - np.mean([first, second, third])) > 1e-5


# --- files


def test_the_state_of_a_data_loader_beside_the_weights_is_let_pass(tmp_path: Path) -> None:
    content = {"model": {"a": torch.ones(2)}, "sampler": {"indexes": np.arange(3)}}
    file = tmp_path / "old.pth"
    torch.save(content, file, _use_new_zipfile_serialization=False)
    # As numpy 1 named it, when the official file was written.
    file.write_bytes(file.read_bytes().replace(b"numpy._core.", b"numpy.core."))
    found = panns.checkpoint.read(file)
    torch.testing.assert_close(found["model"]["a"], torch.ones(2))
    np.testing.assert_array_equal(found["sampler"]["indexes"], np.arange(3))


class Trap:
    """Something that would run while it is read."""

    def __reduce__(self) -> Any:
        return exec, ("raise SystemExit('it ran')",)


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ({}, "does not fit Cnn14: 'model'"),
        ({"model": Trap()}, "more than tensors"),
    ],
)
def test_a_file_that_is_no_cnn14_is_refused(content: Any, said: str, tmp_path: Path) -> None:
    file = tmp_path / "Cnn14.pth"
    torch.save(content, file)
    noise = np.ones((1, RATE), np.float32)
    with (
        standing_in(tmp_path, {official.NAME: file}),
        pytest.raises(WeightsError, match=said),
    ):
        music.timeline(Downmix(Audio(noise, RATE)), settings())


def test_a_missing_package_is_told_with_its_extra(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    with pytest.raises(EnvironmentFault, match="panns-inference") as caught:
        panns.cnn14()
    assert "stemsilver[uvr]" in str(caught.value.next_step)
