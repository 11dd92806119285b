"""Both backends on the official formats, written of the weights that come inside a package."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, get_args

import numpy as np
import pytest
import torch
from numpy.typing import NDArray
from pydantic import ValidationError

from stemsilver import weights
from stemsilver.config import Asr
from stemsilver.config.models import WhisperSize
from stemsilver.errors import EnvironmentFault, WeightsError
from stemsilver.evaluation.asr import RATE, openai_whisper, transcribe, used_weights
from stemsilver.records import Transcript

from ..official import whisper
from ..official.listing import standing_in

Heard = Callable[[str], NDArray[np.float32]]

FASTER, OPENAI = "faster-whisper", "openai-whisper"
NOTHING = Transcript("", ())
SPEECH = "sequential/sound_collector.reference.flac"


def settings(backend: str, size: str = "tiny.en", **changed: Any) -> Asr:
    values = {"language": "en", "beam_size": 5, "vad": True, **changed}
    return Asr.model_validate({"backend": backend, "model_name": size, **values})


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    return whisper.write(tmp_path_factory.mktemp("weights"))


@pytest.fixture(scope="module", autouse=True)
def folder(files: dict[str, Path]) -> Iterator[Path]:
    folder = files["openai-whisper-tiny"].parents[1]
    with standing_in(folder, files):
        yield folder


@pytest.fixture(scope="module")
def spaced(heard: Heard) -> NDArray[np.float32]:
    """Speech, 4 s of silence, and more speech: a filter must cut, and put the times back."""
    speech = heard(SPEECH)
    silence = np.zeros(4 * RATE, np.float32)
    return np.concatenate([speech[: 3 * RATE], silence, speech[int(3.2 * RATE) : 7 * RATE]])


@pytest.fixture(scope="module")
def transcripts(spaced: NDArray[np.float32]) -> tuple[Transcript, Transcript]:
    """What each backend hears, as carried and as rewritten."""
    return transcribe(spaced, settings(FASTER)), transcribe(spaced, settings(OPENAI))


def assert_alike(one: Transcript, other: Transcript, seconds: float) -> None:
    assert one.words
    assert one.text == other.text
    for a, b in zip(one.words, other.words, strict=True):
        assert (a.start, a.end) == pytest.approx((b.start, b.end), abs=seconds), a.text


# --- the same weights in the two formats


def test_both_backends_hear_the_same_words_at_the_same_times(
    transcripts: tuple[Transcript, Transcript],
) -> None:
    assert_alike(*transcripts, seconds=0.15)
    assert len(transcripts[1].words) > 20
    assert transcripts[1].language == "en"


def test_times_are_those_of_the_signal_and_not_of_what_the_filter_left(
    transcripts: tuple[Transcript, Transcript],
) -> None:
    for transcript in transcripts:
        assert next(word.text for word in transcript.words if word.start > 6.5) == "She"
        assert not [word.text for word in transcript.words if 3.5 < word.start < 6.5]
        starts = [word.start for word in transcript.words]
        assert starts == sorted(starts)


def test_a_second_hearing_is_the_same(heard: Heard) -> None:
    bit = heard(SPEECH)[: 3 * RATE]
    found = [transcribe(bit, settings(OPENAI, beam_size=1)) for _ in range(2)]
    assert found[0] == found[1] != NOTHING


def test_a_folder_of_another_size_is_read_from_the_weights_folder(heard: Heard) -> None:
    bit = heard(SPEECH)[: 3 * RATE]
    large = transcribe(bit, settings(FASTER, "large-v3"))
    assert large == transcribe(bit, settings(FASTER)) != NOTHING


def test_words_are_followed_by_the_attention_that_follows_words(files: dict[str, Path]) -> None:
    followed = json.loads(files["whisper-tiny-config"].read_text())["alignment_heads"]
    path = weights.verified("openai-whisper-tiny.en")
    heads = openai_whisper._model(path, "tiny.en", "cpu").alignment_heads
    assert heads.indices().T.tolist() == followed


# --- language


@pytest.mark.parametrize("backend", [FASTER, OPENAI])
def test_a_language_is_recognised(backend: str, heard: Heard) -> None:
    bit = heard(SPEECH)[: 3 * RATE]
    found = transcribe(bit, settings(backend, "tiny", language="auto", beam_size=1))
    assert found.language == whisper.HEARD
    assert found.text == "There was once a girl who collected sounds."


@pytest.mark.parametrize("backend", [FASTER, OPENAI])
def test_a_named_language_is_taken(backend: str, heard: Heard) -> None:
    bit = heard(SPEECH)[: 3 * RATE]
    found = transcribe(bit, settings(backend, "tiny", language="de", beam_size=1))
    assert (found.language, found.text) == ("de", "There was once a girl who collected sounds.")


@pytest.mark.parametrize("backend", [FASTER, OPENAI])
@pytest.mark.parametrize("frames", [0, 1, RATE])
def test_silence_is_in_no_language(backend: str, frames: int) -> None:
    silence = np.zeros(frames, np.float32)
    chosen = settings(backend, "tiny", language="auto")
    assert transcribe(silence, chosen) == Transcript("", (), None)


@pytest.mark.parametrize(
    ("size", "language", "said"),
    [
        ("tiny", "xx", "a code of Whisper's"),
        ("tiny", "english", "a code of Whisper's"),
        ("tiny", "", "a code of Whisper's"),
        ("tiny.en", "auto", "only English"),
        ("large-v2", "yue", "does not know `yue`"),
    ],
)
def test_a_language_that_the_model_does_not_know_is_refused(
    size: str, language: str, said: str
) -> None:
    with pytest.raises(ValidationError, match=said):
        settings(OPENAI, size, language=language)


def test_the_languages_are_those_of_both_packages() -> None:
    from faster_whisper.tokenizer import _LANGUAGE_CODES
    from whisper.tokenizer import LANGUAGES

    from stemsilver.config import languages

    assert set(languages.LANGUAGES) == set(LANGUAGES) == set(_LANGUAGE_CODES)
    for size in ("large-v3", "large-v3-turbo"):
        assert settings(FASTER, size, language="yue").language == "yue"


# --- nothing said


@pytest.mark.parametrize("frames", [0, 1, 1_600, RATE])
def test_nothing_is_heard_in_silence(frames: int) -> None:
    assert transcribe(np.zeros(frames, np.float32), settings(OPENAI)) == NOTHING


def test_nothing_is_heard_in_music_alone(heard: Heard) -> None:
    mixture, speech = (
        heard(f"sequential/sound_collector.{kind}") for kind in ("wav", "reference.flac")
    )
    assert transcribe((mixture - speech)[: 6 * RATE], settings(OPENAI)) == NOTHING


def test_without_the_filter_the_whole_signal_is_heard(heard: Heard) -> None:
    bit = heard(SPEECH)[: 3 * RATE]
    chosen = settings(OPENAI, vad=False, beam_size=1)
    assert_alike(transcribe(bit, chosen), transcribe(bit, settings(OPENAI)), 0.5)


# --- files


@pytest.mark.parametrize("size", get_args(WhisperSize))
def test_every_size_has_its_weights_in_the_registry(size: str) -> None:
    names = used_weights(settings(OPENAI, size))
    assert names[0] == f"openai-whisper-{size}"
    if size != "large-v1":
        folder = used_weights(settings(FASTER, size))
        assert len(folder) == (6 if size.startswith("large-v3") else 5)
        assert folder[0] == f"whisper-{size}"
        names += folder
    assert set(names) <= set(weights.REGISTRY)


def test_a_size_that_nobody_converted_is_refused() -> None:
    with pytest.raises(
        ValidationError, match="large-v1 is available only with the backend openai-whisper"
    ):
        settings(FASTER, "large-v1")


def test_a_file_that_nobody_verified_is_not_read(
    files: dict[str, Path], heard: Heard, tmp_path: Path
) -> None:
    moved = {
        name: Path(shutil.copy(file, tmp_path))
        for name, file in files.items()
        if name.startswith("whisper-tiny")
    }
    # faster-whisper would take this for the settings of its spectrogram, and fail.
    (tmp_path / "preprocessor_config.json").write_text('{"n_fft": "none"}')
    with standing_in(tmp_path, moved):
        found = transcribe(heard(SPEECH)[: 3 * RATE], settings(FASTER, "tiny", language="de"))
    assert found.text.startswith("There was once a girl")


@pytest.mark.parametrize("backend", [FASTER, OPENAI])
def test_missing_weights_are_told_by_name(backend: str, tmp_path: Path) -> None:
    with standing_in(tmp_path, {}), pytest.raises(WeightsError, match="whisper-base"):
        transcribe(np.ones(RATE, np.float32), settings(backend, "base", vad=False))


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ({"model_state_dict": {}}, "does not fit Whisper tiny: 'dims'"),
        ({"dims": {"n_mels": 80}, "model_state_dict": {}}, "does not fit Whisper tiny"),
        ([1, 2], "no checkpoint"),
        ({"dims": os.system}, "more than tensors"),
    ],
)
def test_a_file_that_is_no_whisper_is_refused(content: Any, said: str, tmp_path: Path) -> None:
    file = tmp_path / "tiny.pt"
    torch.save(content, file)
    with (
        standing_in(tmp_path, {"openai-whisper-tiny": file}),
        pytest.raises(WeightsError, match=said),
    ):
        transcribe(np.ones(RATE, np.float32), settings(OPENAI, "tiny", vad=False))


def test_a_missing_package_is_told_with_its_extra(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    with pytest.raises(EnvironmentFault, match="openai-whisper") as caught:
        transcribe(np.ones(RATE, np.float32), settings(OPENAI))
    assert "stemsilver[studio]" in str(caught.value.next_step)


def test_a_worker_keeps_to_its_threads(transcripts: tuple[Transcript, Transcript]) -> None:
    import numba

    assert transcripts[1].words
    assert torch.get_num_threads() == numba.get_num_threads() == 1


def test_nothing_is_printed_downloaded_or_left_behind(
    folder: Path, heard: Heard, tmp_path: Path
) -> None:
    code = (
        "import sys, numpy as np, torch\n"
        "torch.set_num_threads(1)\n"
        "from stemsilver.config import Asr\n"
        "from stemsilver.evaluation.asr import transcribe\n"
        "settings = Asr(backend='openai-whisper', model_name='tiny', language='auto',\n"
        "               beam_size=1, vad=False)\n"
        "print(transcribe(np.load(sys.argv[1]), settings).text)\n"
    )
    np.save(tmp_path / "speech.npy", heard(SPEECH)[: 3 * RATE])
    home = tmp_path / "home"
    home.mkdir()
    run = subprocess.run(
        [sys.executable, "-W", "error", "-c", code, str(tmp_path / "speech.npy")],
        env={"PATH": "", "HOME": str(home), "STEMSILVER_WEIGHTS": str(folder)},
        capture_output=True,
        text=True,
        check=False,
    )
    said = "There was once a girl who collected sounds.\n"
    assert (run.returncode, run.stdout, run.stderr) == (0, said, "")
    assert not list(home.iterdir())
