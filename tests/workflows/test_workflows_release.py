"""`release.yml`: a tag becomes a ZIP and its checksum, on a release of its own."""

from __future__ import annotations

import hashlib
from io import BytesIO
from zipfile import ZipFile

from .github import GitHub
from .story import Released

ARCHIVE = "stemsilver-release-v1.2.0.zip"


def test_a_tag_is_released_as_a_zip_with_its_checksum(released: Released) -> None:
    first, files = released.runs[0], released.files[0]
    assert first.conclusion == "success", first.log
    assert set(files) == {ARCHIVE, f"{ARCHIVE}.sha256"}
    digest, name = files[f"{ARCHIVE}.sha256"].decode().split()
    assert (digest, name.lstrip("*")) == (hashlib.sha256(files[ARCHIVE]).hexdigest(), ARCHIVE)
    with ZipFile(BytesIO(files[ARCHIVE])) as archive:
        assert archive.testzip() is None
        names = archive.namelist()
    assert [name for name in names if name.endswith("one__speech_only.wav")]


def test_the_notes_are_the_scorecard(released: Released, github: GitHub) -> None:
    release = github.load("releases")["v1.2.0"]
    assert release["title"] == "v1.2.0"
    assert release["notes"].startswith("# Scorecard")


def test_a_tag_that_is_built_again_gives_the_same_bytes(released: Released) -> None:
    again = released.runs[1]
    assert again.conclusion == "success", again.log
    assert released.files[1] == released.files[0]


def test_a_release_takes_nothing_from_a_cache_and_leaves_nothing_there(
    released: Released, github: GitHub
) -> None:
    assert "0 of 2 renders reused whole" in released.runs[0].log
    kept = {entry["ref"] for entry in github.load("caches")}
    assert "refs/heads/main" in kept
    assert not any(ref.startswith("refs/tags/") for ref in kept)
