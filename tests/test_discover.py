"""What is a render, what it is called, where its output goes, and what is skipped."""

from __future__ import annotations

import os
import re
import unicodedata
from pathlib import Path

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from stemsilver.discover import Discovery, discover, discover_files, render_id
from stemsilver.errors import NothingToDo, UsageError
from stemsilver.records import Render


def fill(root: Path, *relatives: str) -> Path:
    for relative in relatives:
        path = root / relative
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(b"not even audio: discovery never decodes")
    return root


def by_path(found: Discovery) -> dict[str, Render]:
    return {render.path: render for render in found.renders}


def outputs(found: Discovery) -> dict[str, str]:
    return {render.path: render.output for render in found.renders}


def reasons(found: Discovery) -> dict[str, str]:
    return {one.path: one.reason for one in found.skipped}


# --- what is a render


def test_finds_renders_in_any_case_sorted_and_nothing_else(tmp_path: Path) -> None:
    raw = fill(tmp_path / "real", "x.y.flac", "a/b.FLAC", "B.Wav", "x.wav/b.wav", "c.md", "wav")
    fill(raw, "a/.wav", ".DS_Store", ".git/annex/x.wav", "a/._b.FLAC", "Thumbs.db")
    (raw / ".link.wav").symlink_to(raw / "nowhere")
    (tmp_path / "raw").symlink_to(raw)
    found = discover(tmp_path / "raw")
    assert list(outputs(found).items()) == [
        ("B.Wav", "B__speech_only.wav"),
        ("a/b.FLAC", "a/b__speech_only.wav"),
        ("x.wav/b.wav", "x.wav/b__speech_only.wav"),
        ("x.y.flac", "x.y__speech_only.wav"),
    ]
    assert (found.skipped, found.folders) == ((), (raw,))
    assert by_path(found)["a/b.FLAC"].source == raw / "a" / "b.FLAC"


READ = ("wave", "MP3", "ogg", "oga", "Opus", "aif", "aiff", "aifc", "caf", "w64", "au", "rf64")


def test_every_format_that_is_read_is_a_render_and_its_output_a_wav(tmp_path: Path) -> None:
    found = discover(fill(tmp_path, *(f"{ending}.{ending}" for ending in READ)))
    assert outputs(found) == {f"{one}.{one}": f"{one}__speech_only.wav" for one in READ}
    assert found.skipped == ()


@pytest.mark.parametrize(
    ("name", "reason"),
    [
        ("a/x.m4a", ".m4a files cannot be read (convert it to WAV or FLAC)"),
        ("x.AAC", ".aac files cannot be read (convert it to WAV or FLAC)"),
        ("x.reference.wma", ".wma files cannot be read (convert it to WAV or FLAC)"),
        ("film.mp4", ".mp4 files cannot be read (convert it to WAV or FLAC)"),
        ("a/.x.wav", "hidden, because its name begins with a dot"),
        (".x.webm", "hidden, because its name begins with a dot"),
        ("._gone.mp3", "hidden, because its name begins with a dot"),
    ],
)
def test_audio_that_is_not_taken_is_told_with_the_reason(
    tmp_path: Path, name: str, reason: str
) -> None:
    found = discover(fill(tmp_path, "good.wav", name))
    assert list(outputs(found)) == ["good.wav"]
    assert reasons(found) == {name: reason}


def test_a_hidden_folder_with_audio_is_told_once(tmp_path: Path) -> None:
    found = discover(fill(tmp_path, "good.wav", "a/.old/x.wav", "a/.old/y.mp3", ".git/HEAD"))
    assert list(outputs(found)) == ["good.wav"]
    assert reasons(found) == {"a/.old": "hidden, because its name begins with a dot"}


@pytest.mark.parametrize(
    ("files", "said"),
    [
        ((), "there is no folder"),
        (("notes.txt",), "no render"),
        (("song.m4a",), "skipped: song.m4a: .m4a files cannot be read"),
        (("x.reference.wav",), "skipped: x."),
    ],
)
def test_nothing_to_do_names_the_folder_and_the_way_on(
    tmp_path: Path, files: tuple[str, ...], said: str
) -> None:
    raw = fill(tmp_path / "raw", *files)
    with pytest.raises(NothingToDo, match=re.escape(str(raw))) as caught:
        discover(raw)
    assert said in caught.value.message
    assert "--raw" in caught.value.next_step
    with pytest.raises(NothingToDo, match="no paths"):
        discover_files([])


def test_what_cannot_be_examined_is_skipped_with_the_reason(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    fill(tmp_path / "raw", "good.wav", "bad.wav", "shut/x.wav")
    (tmp_path / "raw" / "out.wav").symlink_to(fill(tmp_path, "secret.wav") / "secret.wav")

    def failing(name: str, method: str, error: OSError) -> None:
        original = getattr(Path, method)

        def fail(self: Path) -> object:
            if self.name == name:
                raise error
            return original(self)

        monkeypatch.setattr(Path, method, fail)

    failing("bad.wav", "lstat", OSError(5, "Input/output error"))
    failing("shut", "iterdir", PermissionError(13, "Permission denied"))
    found = discover(tmp_path / "raw")
    assert list(outputs(found)) == ["good.wav"]
    assert reasons(found) == {
        "bad.wav": "cannot be examined (Input/output error)",
        "out.wav": "a link that leads out of the folder",
        "shut": "cannot be listed (Permission denied)",
    }


# --- sidecars


def test_sidecars_are_found_and_are_never_renders(tmp_path: Path) -> None:
    composed, decomposed = "\u00e9", "e\u0301"
    fill(tmp_path, "a/x.wav", "a/x.flac", "a/x.txt", "a/x.reference.FLAC", "x.wav", "X.txt")
    fill(tmp_path, f"{composed}.wav", f"{decomposed}.TXT", "a/z.reference.wav")
    fill(tmp_path, "b/y.mp3", "b/y.reference.ogg", "b/w.reference.aiff")
    found = discover(tmp_path)
    both = (tmp_path / "a" / "x.txt", tmp_path / "a" / "x.reference.FLAC")
    assert {path: (one.script, one.reference) for path, one in by_path(found).items()} == {
        "a/x.flac": both,
        "a/x.wav": both,
        "b/y.mp3": (None, tmp_path / "b" / "y.reference.ogg"),
        "x.wav": (None, None),
        f"{composed}.wav": (tmp_path / f"{decomposed}.TXT", None),
    }
    assert reasons(found) == {
        "X.txt": "a script without its render",
        "a/z.reference.wav": "a reference without its render",
        "b/w.reference.aiff": "a reference without its render",
    }


# --- ids


@pytest.mark.parametrize(
    ("relative", "slug"),
    [
        ("a/b.wav", "a-b"),
        ("Été — Ｎº 1.flac", "ete-no-1"),
        ("日本語.wav", "render"),
        ("--x--.wav", "x"),
        ("<script>alert(1)</script>.wav", "script-alert-1-script"),
        ("%2e%2e.wav", "2e-2e"),
        ("n" * 200 + ".wav", "n" * 48),
        ("n" * 47 + " tail.wav", "n" * 47),
    ],
)
def test_the_slug_reads_like_the_path(relative: str, slug: str) -> None:
    assert re.fullmatch(re.escape(slug) + "-[0-9a-f]{8}", render_id(relative))


RELATIVE = st.lists(
    st.text(st.characters(codec="utf-8", exclude_characters="/\0"), min_size=1, max_size=60),
    min_size=1,
    max_size=4,
).map(lambda parts: "/".join(parts) + ".wav")


@given(RELATIVE, RELATIVE)
def test_ids_are_safe_everywhere_and_differ_where_paths_do(one: str, other: str) -> None:
    name = render_id(one)
    assert re.fullmatch(r"[a-z0-9](?:[a-z0-9-]{0,46}[a-z0-9])?-[0-9a-f]{8}", name)
    for form in ("NFC", "NFD"):
        assert render_id(unicodedata.normalize(form, one)) == name
    assume(unicodedata.normalize("NFC", one) != unicodedata.normalize("NFC", other))
    assert name != render_id(other)


def test_an_id_never_changes(tmp_path: Path) -> None:
    # Links to pages and scorecards of earlier releases rest on it, wherever the batch lies.
    for folder in ("one", "two"):
        [found] = discover(fill(tmp_path / folder, "a/b.wav")).renders
        assert (found.id, found.output) == ("a-b-3549c512", "a/b__speech_only.wav")


# --- outputs


@pytest.mark.parametrize(
    "twins",
    [
        ("x.flac", "x.mp3", "x.wav", "x.wave"),
        ("A/x.wav", "a/x.wav"),
        ("stra\u00dfe.wav", "strasse.wav"),
    ],
)
def test_outputs_that_would_coincide_carry_their_digests(
    tmp_path: Path, twins: tuple[str, ...]
) -> None:
    found = discover(fill(tmp_path, *twins, "other.wav"))
    for render in found.renders:
        stem = render.path.rpartition(".")[0]
        mark = "" if render.path == "other.wav" else f"-{render.id[-8:]}"
        assert render.output == f"{stem}{mark}__speech_only.wav"
        assert render.failure is None
    assert len({render.id for render in found.renders}) == len(twins) + 1
    assert len({render.output.casefold() for render in found.renders}) == len(twins) + 1


MIMIC = f"x-{render_id('x.wav')[-8:]}.wav"


@pytest.mark.parametrize(
    ("twins", "others"),
    [
        (("e\u0301.wav", "\u00e9.wav"), ("e.wav",)),
        (("a/\u00e9 \u0439.mp3", "a/e\u0301 \u0438\u0306.mp3"), ("a/\u00e9 \u0439.ogg",)),
        ((MIMIC, "x.wav"), ("x.flac",)),  # it mimics the digest in the output of x.wav
    ],
)
def test_names_that_cannot_be_told_apart_fail_and_no_other(
    tmp_path: Path, twins: tuple[str, str], others: tuple[str, ...]
) -> None:
    found = discover(fill(tmp_path, *twins, *others))
    failures = {render.path: render.failure for render in found.renders}
    assert set(failures) == {*twins, *others}
    assert len({render.id for render in found.renders}) == len(failures)
    assert [failures[name] for name in others] == [None] * len(others)
    for name, twin in (twins, twins[::-1]):
        failure = failures[name]
        assert failure is not None
        assert failure.code == "name_clash"
        assert failure.message.startswith(f"{name}: ")
        assert ascii(twin) in failure.message, "two that look alike are shown as they differ"
        assert failure.next_step == "Rename one of the two files."


@pytest.mark.parametrize("letter", ["n", "\u00e9", "\u65e5"])
def test_outputs_with_too_long_names_are_shortened_and_stay_apart(
    tmp_path: Path, letter: str
) -> None:
    stem = letter * (248 // len(letter.encode()))
    found = discover(fill(tmp_path, f"{stem}1.wav", f"{stem}2.wav", f"a/{stem}1.wav"))
    written = [fill(tmp_path / "out", render.output) / render.output for render in found.renders]
    for path in written:
        assert path.name.startswith(letter * 20)
        assert path.name.endswith("__speech_only.wav")
    assert len(set(written)) == 3


def test_the_longest_name_that_fits_is_kept(tmp_path: Path) -> None:
    fits, over = "n" * (255 - len("__speech_only.wav")), "m" * (256 - len("__speech_only.wav"))
    found = outputs(discover(fill(tmp_path, f"{fits}.wav", f"{over}.wav")))
    assert found[f"{fits}.wav"] == f"{fits}__speech_only.wav"
    assert over not in found[f"{over}.wav"]
    assert len(found[f"{over}.wav"]) == 255


# --- paths named one by one


def test_files_are_renders_under_their_names_with_their_sidecars(tmp_path: Path) -> None:
    fill(tmp_path, "deep/x.wav", "deep/x.txt", "deep/x.reference.wav", "deep/y.wav")
    deep, more = tmp_path / "deep", fill(tmp_path / "more", "a/z.wav")
    # As a shell pattern names them, and one of them twice.
    named = [deep / "x.reference.wav", deep / "x.wav", more, deep / ".." / "more" / "a" / "z.wav"]
    found = discover_files(named)
    assert outputs(found) == {"a/z.wav": "a/z__speech_only.wav", "x.wav": "x__speech_only.wav"}
    render = by_path(found)["x.wav"]
    assert render.source == deep / "x.wav"
    assert (render.script, render.reference) == (deep / "x.txt", deep / "x.reference.wav")
    assert reasons(found) == {"x.reference.wav": "a reference, not a render"}
    assert found.folders == (more,)


def test_one_name_from_two_folders_is_refused_and_twins_stay_apart(tmp_path: Path) -> None:
    fill(tmp_path, "a/x.wav", "b/x.wav", "b/X.flac")
    with pytest.raises(UsageError, match=r"a/x\.wav .*b/x\.wav have the same name"):
        discover_files([tmp_path / "a" / "x.wav", tmp_path / "b" / "x.wav"])
    found = discover_files([tmp_path / "a" / "x.wav", tmp_path / "b" / "X.flac"])
    assert len({render.output.casefold() for render in found.renders}) == 2


@pytest.mark.parametrize(
    "name", ["missing.wav", "dangling.wav", "notes.txt", "song.m4a", "pipe.wav"]
)
def test_paths_that_are_no_renders_are_usage_errors(tmp_path: Path, name: str) -> None:
    fill(tmp_path, "notes.txt", "song.m4a", "x.wav")
    (tmp_path / "dangling.wav").symlink_to(tmp_path / "nowhere")
    if hasattr(os, "mkfifo"):  # on Windows it is a missing file
        os.mkfifo(tmp_path / "pipe.wav")
    with pytest.raises(UsageError, match=re.escape(name)):
        discover_files([tmp_path / "x.wav", tmp_path / name])


def test_relative_paths_and_links_named_by_hand_are_taken(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    raw = fill(tmp_path / "raw", "-x.wav")
    monkeypatch.chdir(raw)
    assert discover(Path("../raw")).renders[0].source == raw / "-x.wav"
    (raw / "link.wav").symlink_to(raw / "-x.wav")
    assert discover_files([Path("-x.wav")]).renders[0].source == raw / "-x.wav"
    assert list(outputs(discover_files([Path("link.wav")]))) == ["link.wav"]
