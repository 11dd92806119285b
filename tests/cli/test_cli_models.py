"""`models list` and `verify`, and what `models pull` is asked for; the pull itself is elsewhere."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from stemsilver import weights
from stemsilver.pipeline.tasks import used_weights
from stemsilver.profiles import load_profile
from stemsilver.resources import resource

from ..built import NEEDS_DIFFQ
from .terminal import Terminal, faulty

STUDIO = [name for name in used_weights(load_profile("studio")) if name in weights.REMOTE]
OWN_LIST = "dns64: {file: mine.th, sha256: %s, licence: ours, source: us}"


@pytest.fixture(autouse=True)
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, forgotten: None) -> Path:
    """The weights folder, empty, beside an empty working folder."""
    place, work = tmp_path / "weights", tmp_path / "work"
    for folder in (place, work):
        folder.mkdir()
    monkeypatch.setenv("STEMSILVER_WEIGHTS", str(place))
    monkeypatch.chdir(work)
    return place


def test_models_list_shows_every_weight_file(stemsilver: Terminal, place: Path) -> None:
    ended = stemsilver("models", "list")
    assert (ended.code, ended.err) == (0, "")
    lines = ended.out.splitlines()
    for weight in weights.REGISTRY.values():
        [first] = [i for i, line in enumerate(lines) if line.startswith(f"{weight.name}  ")]
        carried = weight.name in weights.BUNDLED
        status = f"in {weight.package}" if carried else "not pulled"
        assert f", {weight.licence}, {status}" in lines[first]
        assert lines[first + 1] == f"  {weight.source}"
        assert lines[first + 2].startswith("  sha256 ")
        assert lines[first + 2].endswith(weight.sha256)
        where = weights.locate(weight.name) if carried else place / weight.file
        assert lines[first + 3] == f"  {'at' if carried else 'belongs at'} {where}"
        if not carried:
            assert lines[first + 4] == f"  from {weight.urls[0]}"


def test_models_list_says_who_uses_a_file_and_what_a_profile_needs(stemsilver: Terminal) -> None:
    ended = stemsilver("models", "list", "dns64", "dnsmos-p835", "openai-whisper-base")
    used = [line[2:] for line in ended.out.splitlines() if "used by" in line]
    three = "used by heavy, studio, uvr"
    every = "used by embedded, heavy, multilingual, studio, uvr"
    assert used == [three, every, "not used by any known profile"]
    ended = stemsilver("models", "list", "studio")
    named = [line.partition("  ")[0] for line in ended.out.splitlines() if ", not pulled" in line]
    assert named == STUDIO


def test_models_list_goes_on_past_what_is_damaged_or_missing(stemsilver: Terminal) -> None:
    Path("config").mkdir()
    Path("config/mine.yaml").write_text("descripton: x")
    stemsilver.alter_weights("dnsmos-p835", file="gone.onnx")
    stemsilver.alter_weights("silero-vad-v6", module="no_such_module")
    ended = stemsilver("models", "list")
    assert ended.code == 0
    assert "! config/mine.yaml: unknown key `descripton`" in ended.out
    assert "used by heavy, studio, uvr" in ended.out
    for name in ("dnsmos-p835", "silero-vad-v6"):
        [line] = [line for line in ended.out.splitlines() if line.startswith(name)]
        assert "missing" in line


def test_models_verify_is_4_after_a_bad_file_and_0_before(stemsilver: Terminal) -> None:
    ended = stemsilver("models", "verify")
    assert ended.code == 0
    for name in weights.BUNDLED:
        assert f"✓ {name}  {weights.locate(name)}" in ended.out
    assert f"Not pulled: {', '.join(weights.REMOTE)}\n" in ended.out
    first, *others = weights.BUNDLED
    stemsilver.alter_weights(first, sha256="0" * 64)
    stemsilver.alter_weights(others[-1], module="no_such_module")
    ended = stemsilver("models", "verify")
    assert ended.code == 4
    assert f"✗ Weights of {first}: {weights.locate(first)} is not the expected file" in ended.out
    assert ended.out.count("✗") == ended.out.count("  next: ") == 2
    assert all(f"✓ {name} " in ended.out for name in others[:-1])


def test_models_verify_sees_what_is_missing_or_wrong(stemsilver: Terminal, place: Path) -> None:
    path = place / weights.REMOTE["dns64"].file
    ended = stemsilver("models", "verify", "dns64")
    assert ended.code == 4
    assert f"✗ Weights of dns64: {path} is missing" in ended.out
    assert "SHA-256 beginning with a7761ff99a7d5bb6" in ended.out
    assert "next: stemsilver models pull dns64" in ended.out
    ended = stemsilver("models", "verify", "studio")
    assert (ended.code, ended.out.count("✗")) == (4, len(STUDIO))
    path.parent.mkdir()
    path.write_bytes(b"<html>Sign in</html>")
    ended = stemsilver("models", "verify")
    assert ended.code == 4
    assert f"✗ Weights of dns64: {path} is not the expected file (20 bytes, SHA-256 " in ended.out


def test_an_unknown_name_is_2_and_offers_the_nearest(stemsilver: Terminal) -> None:
    for command in ("list", "verify", "pull"):
        ended = stemsilver("models", command, "dns6")
        faulty(ended, 2, "There are no weights `dns6`; did you mean `dns64`?")
        assert "Or name a profile: embedded, heavy, multilingual, studio, uvr." in ended.err


def test_there_must_be_something_to_pull(stemsilver: Terminal, place: Path) -> None:
    faulty(stemsilver("models", "pull"), 2, "Say what to pull")
    ended = stemsilver("models", "pull", "embedded")
    assert (ended.code, ended.err) == (0, "")
    assert ended.out == "Nothing to pull: these weights come inside packages, or are your own.\n"
    assert list(place.iterdir()) == []
    # Not even if a package lost its weights.
    stemsilver.alter_weights("silero-vad-v6", module="no_such_module")
    ended = stemsilver("models", "pull", "embedded")
    faulty(ended, 4, "faster-whisper")
    assert "pip install faster-whisper==" in ended.err


def test_a_profile_is_shown_by_file_before_it_is_pulled(stemsilver: Terminal, place: Path) -> None:
    Path("mine.yaml").write_bytes(resource("config/studio.yaml").read_bytes())
    by_name = stemsilver("models", "pull", "--dry-run", "studio")
    assert stemsilver("models", "pull", "--dry-run", "--config", "mine.yaml") == by_name
    assert (by_name.code, by_name.err) == (0, "")
    for name in STUDIO:
        known = weights.REMOTE[name]
        for words in (f"{name}  ", known.licence, known.source, known.sha256, *known.urls):
            assert words in by_name.out
        assert f"  to {place / known.file}\n" in by_name.out
    assert list(place.iterdir()) == []


def test_own_weights_are_not_pulled_and_shown_as_own(stemsilver: Terminal, place: Path) -> None:
    shutil.copyfile(weights.locate("dnsmos-p835"), place / "mine.th")
    known = weights.BUNDLED["dnsmos-p835"].sha256
    (place / "weights.yaml").write_text(OWN_LIST % known)
    assert "Nothing to pull" in stemsilver("models", "pull", "dns64").out
    ended = stemsilver("models", "list", "dns64")
    assert "dns64  1.2 MB, ours, your own\n  us\n" in ended.out
    assert f"  at {place / 'mine.th'}\n" in ended.out
    assert stemsilver("models", "verify", "dns64").code == 0
    assert "dns64" not in stemsilver("models", "verify").out.partition("Not pulled")[2]


@NEEDS_DIFFQ
@pytest.mark.parametrize("by", ["--profile studio", "--config mine.yaml"])
def test_a_build_without_its_weights_is_4_at_once(
    stemsilver: Terminal, place: Path, by: str
) -> None:
    for name in ("raw/museum_guide.wav", "config/studio.yaml"):
        Path(name).parent.mkdir()
        shutil.copyfile(resource(name), name)
    Path("config/studio.yaml").rename("mine.yaml")
    Path("config").rmdir()
    ended = stemsilver("build-site", *by.split())
    faulty(ended, 4, f"{len(STUDIO)} weight files are missing or wrong", *STUDIO)
    for name in STUDIO:
        assert str(place / weights.REMOTE[name].file) in ended.err
        assert weights.REMOTE[name].sha256 in ended.err
    assert ended.err.count("next:") == 1
    named = "studio" if by == "--profile studio" else " ".join(STUDIO)
    assert f"stemsilver models pull {named}, or place what is missing there by hand" in ended.err
    assert {path.name for path in Path().iterdir()} == {"raw", "mine.yaml"}
    assert list(place.iterdir()) == []
