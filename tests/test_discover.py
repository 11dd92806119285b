"""What is a render, what it is called, where its output goes, and what is skipped."""

from __future__ import annotations

import os
import re
import unicodedata
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from stemsilver.discover import Discovery, discover, discover_files, render_id
from stemsilver.errors import NameClash, NothingToDo, UsageError
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


# --- what is a render


def test_finds_wav_and_flac_in_any_case_sorted_and_nothing_else(tmp_path: Path) -> None:
    fill(tmp_path, "z.wav", "a/b.FLAC", "B.Wav", "c.mp3", "notes.md", "wav", "a/.wav")
    found = discover(tmp_path)
    assert [render.path for render in found.renders] == ["B.Wav", "a/b.FLAC", "z.wav"]
    assert found.warnings == ()
    assert by_path(found)["a/b.FLAC"].source == tmp_path / "a" / "b.FLAC"


def test_hidden_files_and_folders_are_silently_ignored(tmp_path: Path) -> None:
    fill(tmp_path, ".hidden.wav", ".git/x.wav", "._mac.wav", "x.wav")
    (tmp_path / ".link.wav").symlink_to(tmp_path / "nowhere")
    found = discover(tmp_path)
    assert [render.path for render in found.renders] == ["x.wav"]
    assert found.warnings == ()


def test_a_folder_named_like_a_render_is_a_folder(tmp_path: Path) -> None:
    assert outputs(discover(fill(tmp_path, "x.wav/y.wav"))) == {
        "x.wav/y.wav": "x.wav/y__speech_only.wav"
    }


def test_a_link_as_the_root_is_followed(tmp_path: Path) -> None:
    fill(tmp_path / "real", "x.wav")
    (tmp_path / "raw").symlink_to(tmp_path / "real")
    assert list(outputs(discover(tmp_path / "raw"))) == ["x.wav"]


@pytest.mark.parametrize("made", [True, False])
def test_nothing_to_do_names_the_folder_and_the_way_on(tmp_path: Path, made: bool) -> None:
    raw = tmp_path / "raw"
    if made:
        fill(raw, "notes.txt")
    with pytest.raises(NothingToDo, match=re.escape(str(raw))) as caught:
        discover(raw)
    assert "--raw" in caught.value.next_step


def test_nothing_to_do_says_what_was_skipped(tmp_path: Path) -> None:
    fill(tmp_path, "x.reference.wav")
    with pytest.raises(NothingToDo, match=r"skipped: x\.reference\.wav"):
        discover(tmp_path)


def test_what_cannot_be_examined_is_skipped_with_a_warning(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    fill(tmp_path, "good.wav", "bad.wav", "shut/x.wav")
    lstat, iterdir = Path.lstat, Path.iterdir

    def failing_lstat(self: Path) -> os.stat_result:
        if self.name == "bad.wav":
            raise OSError(5, "Input/output error")
        return lstat(self)

    def failing_iterdir(self: Path) -> Iterator[Path]:
        if self.name == "shut":
            raise PermissionError(13, "Permission denied")
        return iterdir(self)

    monkeypatch.setattr(Path, "lstat", failing_lstat)
    monkeypatch.setattr(Path, "iterdir", failing_iterdir)
    found = discover(tmp_path)
    assert [render.path for render in found.renders] == ["good.wav"]
    assert found.warnings == (
        "bad.wav: cannot be examined (Input/output error); skipped",
        "shut: cannot be listed (Permission denied); skipped",
    )


# --- sidecars


def test_sidecars_are_found_and_are_never_renders(tmp_path: Path) -> None:
    fill(tmp_path, "a/x.wav", "a/x.txt", "a/x.reference.FLAC", "x.wav", "y.flac", "y.TXT", "z.txt")
    found = by_path(discover(tmp_path))
    assert set(found) == {"a/x.wav", "x.wav", "y.flac"}
    assert found["a/x.wav"].script == tmp_path / "a" / "x.txt"
    assert found["a/x.wav"].reference == tmp_path / "a" / "x.reference.FLAC"
    assert found["x.wav"].script is None
    assert found["x.wav"].reference is None
    assert found["y.flac"].script == tmp_path / "y.TXT"


def test_twins_share_their_sidecars(tmp_path: Path) -> None:
    fill(tmp_path, "x.wav", "x.flac", "x.txt", "x.reference.wav")
    found = discover(tmp_path).renders
    assert [render.script for render in found] == [tmp_path / "x.txt"] * 2
    assert [render.reference for render in found] == [tmp_path / "x.reference.wav"] * 2


def test_sidecars_differ_by_case_but_not_by_the_spelling_of_accents(tmp_path: Path) -> None:
    composed, decomposed = "\u00e9", "e\u0301"
    fill(tmp_path, f"{composed}.wav", f"{decomposed}.txt", "X.wav", "x.txt")
    found = by_path(discover(tmp_path))
    assert found[f"{composed}.wav"].script == tmp_path / f"{decomposed}.txt"
    assert found["X.wav"].script is None


def test_a_sidecar_without_its_render_is_reported(tmp_path: Path) -> None:
    found = discover(fill(tmp_path, "a/x.reference.wav", "a/y.txt", "x.wav", "x.txt"))
    assert list(outputs(found)) == ["x.wav"]
    assert found.warnings == (
        "a/x.reference.wav: a reference without its render; skipped",
        "a/y.txt: a script without its render; skipped",
    )


# --- ids


@pytest.mark.parametrize(
    ("relative", "slug"),
    [
        ("intro.wav", "intro"),
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


@given(RELATIVE)
def test_ids_are_safe_everywhere_and_do_not_depend_on_unicode_form(relative: str) -> None:
    name = render_id(relative)
    assert re.fullmatch(r"[a-z0-9](?:[a-z0-9-]{0,46}[a-z0-9])?-[0-9a-f]{8}", name)
    for form in ("NFC", "NFD"):
        assert render_id(unicodedata.normalize(form, relative)) == name


@given(RELATIVE, RELATIVE)
def test_ids_differ_where_paths_do(one: str, other: str) -> None:
    assume(unicodedata.normalize("NFC", one) != unicodedata.normalize("NFC", other))
    assert render_id(one) != render_id(other)


def test_an_id_never_changes() -> None:
    # Links to pages and scorecards of earlier releases rest on it.
    assert render_id("a/b.wav") == "a-b-3549c512"


def test_ids_do_not_depend_on_where_the_batch_lies(tmp_path: Path) -> None:
    one = discover(fill(tmp_path / "one", "a/b.wav")).renders[0]
    two = discover(fill(tmp_path / "two", "a/b.wav", "c.wav")).renders[0]
    assert (one.id, one.output) == (two.id, two.output)


# --- outputs


def test_outputs_follow_the_folders(tmp_path: Path) -> None:
    found = discover(fill(tmp_path, "a/x.wav", "b/x.wav", "x.y.flac"))
    assert outputs(found) == {
        "a/x.wav": "a/x__speech_only.wav",
        "b/x.wav": "b/x__speech_only.wav",
        "x.y.flac": "x.y__speech_only.wav",
    }


@pytest.mark.parametrize(
    "twins",
    [
        ("x.flac", "x.wav"),
        ("X.wav", "x.wav"),
        ("A/x.wav", "a/x.wav"),
        ("stra\u00dfe.wav", "strasse.wav"),
    ],
)
def test_outputs_that_would_coincide_carry_their_digests(
    tmp_path: Path, twins: tuple[str, str]
) -> None:
    found = discover(fill(tmp_path, *twins, "other.wav"))
    for render in found.renders:
        stem = render.path.rpartition(".")[0]
        mark = "" if render.path == "other.wav" else f"-{render.id[-8:]}"
        assert render.output == f"{stem}{mark}__speech_only.wav"
    assert len({render.id for render in found.renders}) == 3
    assert len({render.output.casefold() for render in found.renders}) == 3


def test_names_that_cannot_be_told_apart_are_refused(tmp_path: Path) -> None:
    fill(tmp_path, "\u00e9.wav", "e\u0301.wav")
    with pytest.raises(NameClash, match="cannot be told apart"):
        discover(tmp_path)


def test_a_name_that_mimics_a_digest_is_refused(tmp_path: Path) -> None:
    fill(tmp_path, "x.wav", "x.flac", f"x-{render_id('x.wav')[-8:]}.wav")
    with pytest.raises(NameClash):
        discover(tmp_path)


@pytest.mark.parametrize("letter", ["n", "\u00e9", "\u65e5"])
def test_outputs_with_too_long_names_are_shortened_and_stay_apart(
    tmp_path: Path, letter: str
) -> None:
    stem = letter * (248 // len(letter.encode()))
    found = discover(fill(tmp_path, f"{stem}1.wav", f"{stem}2.wav", f"a/{stem}1.wav"))
    written = [tmp_path / "out" / render.output for render in found.renders]
    for path in written:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(b"")
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
    fill(tmp_path, "deep/x.wav", "deep/x.txt", "deep/y.wav", "more/a/z.wav")
    found = discover_files([tmp_path / "deep" / "x.wav", tmp_path / "more"])
    assert outputs(found) == {
        "a/z.wav": "a/z__speech_only.wav",
        "x.wav": "x__speech_only.wav",
    }
    assert by_path(found)["x.wav"].script == tmp_path / "deep" / "x.txt"
    assert by_path(found)["x.wav"].source == tmp_path / "deep" / "x.wav"


def test_a_shell_pattern_may_bring_references_along(tmp_path: Path) -> None:
    fill(tmp_path, "x.wav", "x.reference.wav")
    found = discover_files([tmp_path / "x.reference.wav", tmp_path / "x.wav"])
    assert by_path(found)["x.wav"].reference == tmp_path / "x.reference.wav"
    assert found.warnings == ("x.reference.wav: a reference, not a render; skipped",)


def test_a_file_named_twice_is_one_render(tmp_path: Path) -> None:
    fill(tmp_path, "a/x.wav")
    paths = [tmp_path, tmp_path / "a" / "x.wav", tmp_path / "a" / ".." / "a" / "x.wav"]
    assert list(outputs(discover_files(paths))) == ["a/x.wav"]


def test_one_name_from_two_folders_is_refused(tmp_path: Path) -> None:
    fill(tmp_path, "a/x.wav", "b/x.wav")
    with pytest.raises(NameClash, match=r"a/x\.wav .*b/x\.wav"):
        discover_files([tmp_path / "a" / "x.wav", tmp_path / "b" / "x.wav"])


def test_twins_named_one_by_one_stay_apart(tmp_path: Path) -> None:
    fill(tmp_path, "a/x.wav", "b/X.flac")
    found = discover_files([tmp_path / "a" / "x.wav", tmp_path / "b" / "X.flac"])
    assert len({render.output.casefold() for render in found.renders}) == 2


def test_a_link_named_by_hand_is_taken(tmp_path: Path) -> None:
    fill(tmp_path, "real.wav")
    (tmp_path / "link.wav").symlink_to(tmp_path / "real.wav")
    assert list(outputs(discover_files([tmp_path / "link.wav"]))) == ["link.wav"]


@pytest.mark.parametrize("name", ["missing.wav", "dangling.wav", "notes.txt", "pipe.wav"])
def test_paths_that_are_no_renders_are_usage_errors(tmp_path: Path, name: str) -> None:
    fill(tmp_path, "notes.txt", "x.wav")
    (tmp_path / "dangling.wav").symlink_to(tmp_path / "nowhere")
    os.mkfifo(tmp_path / "pipe.wav")
    with pytest.raises(UsageError, match=re.escape(name)):
        discover_files([tmp_path / "x.wav", tmp_path / name])


def test_no_paths_is_nothing_to_do() -> None:
    with pytest.raises(NothingToDo, match="no paths"):
        discover_files([])


def test_relative_paths_are_accepted(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    fill(tmp_path, "raw/-x.wav")
    monkeypatch.chdir(tmp_path / "raw")
    assert discover_files([Path("-x.wav")]).renders[0].source == tmp_path / "raw" / "-x.wav"
    assert discover(Path("../raw")).renders[0].source == tmp_path / "raw" / "-x.wav"
