"""The script and the true speech as people save them, and as nobody can read them."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from stemsilver.audio import encode_wav
from stemsilver.audio.sound_file import FETCH_AGAIN
from stemsilver.discover import discover
from stemsilver.evaluation.catalogue.voice import VOICE
from stemsilver.pipeline.sidecars import MAX_SCRIPT_BYTES, read_sidecars
from stemsilver.pipeline.tasks import Job, finish, item_key
from stemsilver.records import Audio, Sidecars

from .batches import cut, embedded

TEXT = "“Führung” – it’s ten.\nDon’t wait."
TONE = Audio((np.sin(np.arange(800) / 10)[None] / 2).astype(np.float32), 8000)


ENCODED = {
    "UTF-8": (TEXT.encode(), ()),
    "UTF-8, marked": (TEXT.encode("utf-8-sig"), ()),
    "UTF-8 of Windows": (TEXT.replace("\n", "\r\n").encode(), ()),
    "Windows-1252": (TEXT.encode("cp1252"), ("Windows-1252, because it is not UTF-8",)),
    "UTF-16": (TEXT.encode("utf-16"), ("UTF-16",)),
    "UTF-16, big endian": (b"\xfe\xff" + TEXT.encode("utf-16-be"), ("UTF-16",)),
    "UTF-16, unmarked": (TEXT.encode("utf-16-le"), ("UTF-16",)),
    "UTF-16, big endian, unmarked": (TEXT.encode("utf-16-be"), ("UTF-16",)),
    "UTF-32": (TEXT.encode("utf-32"), ("UTF-32",)),
}


@pytest.mark.parametrize("encoding", ENCODED)
def test_a_script_of_any_usual_encoding_is_read(encoding: str, tmp_path: Path) -> None:
    content, told = ENCODED[encoding]
    file = tmp_path / "a.txt"
    file.write_bytes(content)
    notes = tuple(f"a.txt: read as {one}." for one in told)
    assert read_sidecars(file, None, 1) == Sidecars(TEXT, notes=notes)


@pytest.mark.parametrize(
    ("content", "fault"),
    [
        (encode_wav(TONE), "not text"),
        (b"\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR\x00\x00\x02", "not text"),
        (b"caf\x81", "not text"),
        (b"\xff\xfeo\xd8", "not text"),
        (b"a" * (MAX_SCRIPT_BYTES + 1), "larger than 1 MB"),
    ],
)
def test_a_script_that_is_not_text_costs_only_what_needs_it(
    content: bytes, fault: str, tmp_path: Path
) -> None:
    file = tmp_path / "a.txt"
    file.write_bytes(content)
    (tmp_path / "a.wav").write_bytes(encode_wav(TONE))
    found = read_sidecars(file, tmp_path / "a.wav", 1)
    assert found.script is None
    assert found.script_fault == f"a.txt: the script cannot be read (it is {fault})"
    assert found.reference is not None
    [note] = found.notes
    assert note.startswith(found.script_fault)
    assert note.endswith("in UTF-8.")


@pytest.mark.parametrize(
    ("content", "fault", "step"),
    [
        (b"Not audio.", "a text file", "Put the sound file in its place."),
        (b"", "0 bytes", FETCH_AGAIN),
        (encode_wav(TONE)[:500], "cut off", FETCH_AGAIN),
    ],
)
def test_a_true_speech_that_cannot_be_decoded_costs_only_what_needs_it(
    content: bytes, fault: str, step: str, tmp_path: Path
) -> None:
    (tmp_path / "a.wav").write_bytes(content)
    (tmp_path / "a.txt").write_text("Some words.")
    found = read_sidecars(tmp_path / "a.txt", tmp_path / "a.wav", 1)
    assert (found.script, found.reference) == ("Some words.", None)
    assert found.reference_fault is not None
    assert fault in found.reference_fault
    [note] = found.notes
    assert note.startswith(found.reference_fault)
    assert note.endswith(step)


def test_what_is_taken_off_a_script_is_told_briefly(tmp_path: Path) -> None:
    file = tmp_path / "a.txt"
    file.write_text(f"Host: [{'x' * 99}] Hi.\nGuest: [b]\u200e Yes. [c]\nHost: No.")
    found = read_sidecars(file, None, 1)
    assert found.script == "Hi.\n\u200e Yes.\nNo."
    [note] = found.notes
    assert note.startswith("a.txt: not counted as spoken: “[xxx")
    assert note.endswith(" and others.")
    assert len(note) < 120


def test_without_sidecars_nothing_is_told(tmp_path: Path) -> None:
    assert read_sidecars(None, None, 1) == Sidecars()
    gone = read_sidecars(tmp_path / "a.txt", None, 1)
    assert gone.script_fault is not None


def test_a_render_is_cleaned_though_nothing_beside_it_can_be_read(tmp_path: Path) -> None:
    raw = tmp_path / "raw"
    raw.mkdir()
    cut("museum_guide.wav", 0.6, 3, raw / "a.wav")
    (raw / "a.txt").write_bytes(encode_wav(TONE))
    (raw / "a.reference.wav").write_bytes(b"<html>")
    [render] = discover(raw).renders
    job = Job(render, embedded(), tmp_path / "cache", key=item_key(render, embedded()))
    result, folder, _ = finish(job)
    assert (result.failure, (folder / "speech_only.wav").is_file()) == (None, True)
    assert [note.split(":")[0] for note in result.notes] == ["a.txt", "a.reference.wav"]
    assert result.evidence is not None
    missing = {name: score.reason for name, score in result.evidence.scores.items() if score.reason}
    # The voice needs more sound than this, whatever lies beside it.
    of_the_voice = {metric.name for metric in VOICE} - {"voice_similarity_to_truth"}
    assert {name: reason for name, reason in missing.items() if name not in of_the_voice} == {
        **dict.fromkeys(
            ("raw_script_wer", "clean_script_wer", "words_lost", "words_recovered"),
            missing["raw_script_wer"],
        ),
        **dict.fromkeys(
            ("raw_si_sdr_db", "clean_si_sdr_db", "si_sdr_improvement_db",
             "raw_estoi", "clean_estoi", "estoi_improvement", "voice_similarity_to_truth"),
            missing["raw_estoi"],
        ),
    }  # fmt: skip


def test_a_sidecar_that_vanished_does_not_stop_the_key(tmp_path: Path) -> None:
    (tmp_path / "a.wav").write_bytes(encode_wav(TONE))
    (tmp_path / "a.txt").write_text("Some words.")
    [render] = discover(tmp_path).renders
    before = item_key(render, embedded())
    (tmp_path / "a.txt").unlink()
    assert item_key(render, embedded()) != before
