"""Both backends on the official formats, written of the weights that come inside a package."""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any, get_args

import numpy as np
import pytest
import torch
from pydantic import ValidationError

from stemsilver import weights
from stemsilver.config import Asr
from stemsilver.config.models import WhisperSize
from stemsilver.errors import EnvironmentFault, WeightsError
from stemsilver.evaluation import asr
from stemsilver.evaluation.asr import RATE, openai_whisper, transcribe, used_weights
from stemsilver.records import Transcript

from ..official import whisper
from ..official.listing import standing_in
from .conftest import Heard, Signal, alone

FASTER, OPENAI = "faster-whisper", "openai-whisper"
BOTH = pytest.mark.parametrize("backend", [FASTER, OPENAI])
NOTHING = Transcript("", ())
SAID = "There was once a girl who collected sounds."
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
def bit(heard: Heard) -> Signal:
    """3 s, in which one sentence is said."""
    return heard(SPEECH)[: 3 * RATE]


@pytest.fixture(scope="module")
def transcripts(heard: Heard, bit: Signal) -> tuple[Transcript, Transcript]:
    """What each backend hears, as carried and as rewritten.

    Speech, 4 s of silence, and more speech: a filter must cut, and put the times back.
    """
    spaced = with_a_pause(heard, bit)
    return transcribe(spaced, settings(FASTER)), transcribe(spaced, settings(OPENAI))


def with_a_pause(heard: Heard, bit: Signal) -> Signal:
    silence = np.zeros(4 * RATE, np.float32)
    return np.concatenate([bit, silence, heard(SPEECH)[int(3.2 * RATE) : 7 * RATE]])


def assert_alike(one: Transcript, other: Transcript, seconds: float) -> None:
    assert one.words
    assert one.text == other.text
    for a, b in zip(one.words, other.words, strict=True):
        assert (a.start, a.end) == pytest.approx((b.start, b.end), abs=seconds), a.text


# --- the same weights in the two formats


def test_both_backends_hear_the_same_words_at_the_times_of_the_signal(
    transcripts: tuple[Transcript, Transcript],
) -> None:
    assert_alike(*transcripts, seconds=0.15)
    assert len(transcripts[1].words) > 20
    assert transcripts[1].language == "en"
    for transcript in transcripts:  # and not of what the filter left of it
        assert next(word.text for word in transcript.words if word.start > 6.5) == "She"
        assert not [word.text for word in transcript.words if 3.5 < word.start < 6.5]
        starts = [word.start for word in transcript.words]
        assert starts == sorted(starts)


def test_a_long_signal_is_heard_in_pieces_cut_in_a_pause(
    transcripts: tuple[Transcript, Transcript],
    heard: Heard,
    bit: Signal,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(asr, "PIECE_SECONDS", 8)
    monkeypatch.setattr(asr, "SEARCHED_SECONDS", 5)
    signal = with_a_pause(heard, bit)
    assert [3.0 < start / RATE < 7.0 for start, _ in asr._pieces(signal)] == [False, True]
    assert_alike(transcribe(signal, settings(FASTER)), transcripts[0], 0.5)


@BOTH
def test_a_second_hearing_is_the_same_and_as_good_without_the_filter(
    backend: str, bit: Signal
) -> None:
    found = [transcribe(bit, settings(backend, beam_size=1)) for _ in range(2)]
    assert found[0] == found[1] != NOTHING
    assert_alike(transcribe(bit, settings(backend, vad=False, beam_size=1)), found[0], 0.5)


def test_a_folder_of_another_size_is_read_from_the_weights_folder(bit: Signal) -> None:
    large = transcribe(bit, settings(FASTER, "large-v3"))
    assert large == transcribe(bit, settings(FASTER)) != NOTHING


def test_words_are_followed_by_the_attention_that_follows_words(files: dict[str, Path]) -> None:
    followed = json.loads(files["whisper-tiny-config"].read_text())["alignment_heads"]
    path = weights.verified("openai-whisper-tiny.en")
    heads = openai_whisper._model(path, "tiny.en", "cpu").alignment_heads
    assert heads.indices().T.tolist() == followed


# --- language


@BOTH
def test_a_language_is_recognised_or_taken_as_named(backend: str, bit: Signal) -> None:
    for language, expected in (("auto", whisper.HEARD), ("de", "de")):
        found = transcribe(bit, settings(backend, "tiny", language=language, beam_size=1))
        assert (found.language, found.text) == (expected, SAID)


@BOTH
def test_nothing_is_heard_in_music_and_in_silence_which_is_in_no_language(
    backend: str, music_alone: Signal
) -> None:
    assert transcribe(music_alone, settings(backend)) == NOTHING
    for frames in (0, 1, RATE):
        silence = np.zeros(frames, np.float32)
        unknown = settings(backend, "tiny", language="auto")
        assert transcribe(silence, unknown) == Transcript("", (), None)
        assert transcribe(silence, settings(backend)) == NOTHING


@pytest.mark.parametrize(
    ("backend", "size", "language", "said"),
    [
        (OPENAI, "tiny", "xx", "a code of Whisper's"),
        (OPENAI, "tiny", "", "a code of Whisper's"),
        (OPENAI, "large-v2", "yue", "does not know `yue`"),
        (FASTER, "large-v1", "en", "is available only with the backend openai-whisper"),
    ],
)
def test_what_the_model_does_not_know_is_refused(
    backend: str, size: str, language: str, said: str
) -> None:
    with pytest.raises(ValidationError, match=said):
        settings(backend, size, language=language)


def test_the_languages_are_those_of_both_packages() -> None:
    from faster_whisper.tokenizer import _LANGUAGE_CODES
    from whisper.tokenizer import LANGUAGES

    from stemsilver.config import languages

    assert set(languages.LANGUAGES) == set(LANGUAGES) == set(_LANGUAGE_CODES)
    for size in ("large-v3", "large-v3-turbo"):
        assert settings(FASTER, size, language="yue").language == "yue"


# --- files


def test_every_size_has_its_weights_in_the_registry() -> None:
    for size in get_args(WhisperSize):
        names = used_weights(settings(OPENAI, size))
        assert names[0] == f"openai-whisper-{size}"
        if size != "large-v1":
            folder = used_weights(settings(FASTER, size))
            assert len(folder) == (6 if size == "base" or size.startswith("large-v3") else 5)
            assert folder[0] == f"whisper-{size}{'-part1' if size == 'base' else ''}"
            names += folder
        assert set(names) <= set(weights.REGISTRY)


def test_a_file_that_nobody_verified_is_not_read(
    files: dict[str, Path], bit: Signal, tmp_path: Path
) -> None:
    moved = {
        name: Path(shutil.copy(file, tmp_path))
        for name, file in files.items()
        if name.startswith("whisper-tiny")
    }
    # faster-whisper would take this for the settings of its spectrogram, and fail.
    (tmp_path / "preprocessor_config.json").write_text('{"n_fft": "none"}')
    with standing_in(tmp_path, moved):
        found = transcribe(bit, settings(FASTER, "tiny", language="de"))
    assert found.text.startswith("There was once a girl")


@BOTH
def test_missing_weights_are_told_by_name(backend: str, tmp_path: Path) -> None:
    with standing_in(tmp_path, {}), pytest.raises(WeightsError, match="whisper-small"):
        transcribe(np.ones(RATE, np.float32), settings(backend, "small", vad=False))


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ({"dims": {"n_mels": 80}, "model_state_dict": {}}, "does not fit Whisper tiny"),
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
    folder: Path, bit: Signal, tmp_path: Path
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
    np.save(tmp_path / "speech.npy", bit)
    home = tmp_path / "home"
    home.mkdir()
    file = str(tmp_path / "speech.npy")
    assert alone(home, code, file, STEMSILVER_WEIGHTS=str(folder)) == f"{SAID}\n"


def test_a_system_that_refuses_links_gets_copies(bit: Signal, tmp_path: Path) -> None:
    code = (
        "import sys, numpy as np\n"
        "from pathlib import Path\n"
        "from stemsilver.config import Asr\n"
        "from stemsilver.evaluation.asr import transcribe\n"
        "def refuse(*_):\n"
        "    raise OSError('a privilege is not held')\n"
        "Path.symlink_to = refuse\n"
        "print(transcribe(np.load(sys.argv[1]), Asr.model_validate_json(sys.argv[2])).text)\n"
    )
    np.save(tmp_path / "speech.npy", bit)
    home = tmp_path / "home"
    home.mkdir()
    chosen = settings(FASTER).model_dump_json()
    assert alone(home, code, str(tmp_path / "speech.npy"), chosen) == f"{SAID}\n"
