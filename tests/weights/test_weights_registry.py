"""What the table of pulled weights says, against what the publishers' own packages say."""

from __future__ import annotations

import hashlib
import re
from pathlib import Path

import pytest

from stemsilver.config.models import WhisperSize
from stemsilver.pipeline.tasks import used_weights
from stemsilver.profiles import known_profiles, load_profile
from stemsilver.weights import BUNDLED, REGISTRY, REMOTE, package_folder, verified

OF_THE_HUB = ("https://huggingface.co/", "https://hf-mirror.com/")


def source(module: str, file: str) -> str:
    """The text of a file of an installed package, which is not imported."""
    return (package_folder(module, module) / file).read_text(encoding="utf-8")


@pytest.mark.parametrize("name", REMOTE)
def test_every_file_has_a_place_a_hash_a_licence_and_an_address(name: str) -> None:
    weight = REMOTE[name]
    assert re.fullmatch("[0-9a-f]{64}|[0-9a-f]{16}", weight.sha256)
    assert weight.licence
    assert weight.source
    assert weight.urls
    for url in weight.urls:
        assert url.startswith("https://")
        # The hub is asked for one version where the hash is of one.
        if url.startswith(OF_THE_HUB) and "Systran" in url:
            assert re.search(r"/resolve/[0-9a-f]{40}/", url)
    assert weight.size is None or weight.size > 0
    assert not Path(weight.file).is_absolute()
    assert ".." not in Path(weight.file).parts


def test_no_two_have_one_place_or_name() -> None:
    assert len({weight.file for weight in REMOTE.values()}) == len(REMOTE)
    assert not BUNDLED.keys() & REMOTE.keys()


@pytest.mark.parametrize("profile", known_profiles())
def test_every_profile_uses_weights_that_are_known(profile: str) -> None:
    assert set(used_weights(load_profile(profile))) <= set(REGISTRY)


def test_demucs_has_the_same_files_addresses_and_beginnings_of_hashes() -> None:
    signatures = [
        re.findall(r"'([0-9a-f]{8})'", source("demucs", f"remote/{name}.yaml"))
        for name in ("htdemucs_ft", "mdx_extra_q")
    ]
    ours = [weight for weight in REMOTE.values() if weight.file.startswith("demucs/")]
    # Of the first, the last model is the one of the vocals.
    expected = [signatures[0][-1], *signatures[1]]
    assert [Path(weight.file).name.split("-")[0] for weight in ours] == expected

    [root] = re.findall('ROOT_URL = "(.*)"', source("demucs", "pretrained.py"))
    addresses, folder = [], ""
    for line in source("demucs", "remote/files.txt").splitlines():
        if line.startswith("root: "):
            folder = line.removeprefix("root: ")
        addresses.append(f"{root}{folder}{line}")
    for weight in ours:
        assert weight.urls[0] in addresses
        file = weight.urls[0].rpartition("/")[2]
        assert weight.file == f"demucs/{file}"
        assert weight.sha256.startswith(file.removesuffix(".th").split("-")[1])


@pytest.mark.parametrize("name", ["dns48", "dns64", "master64"])
def test_denoiser_has_the_same_addresses_and_digits_and_may_not_be_sold(name: str) -> None:
    text = source("denoiser", "pretrained.py")
    [root] = re.findall('ROOT = "(.*)"', text)
    assert REMOTE[name].urls[0].removeprefix(root) in re.findall(r'ROOT \+ "(.*)"', text)
    assert REMOTE[name].urls[0].endswith(f"/{name}-{REMOTE[name].sha256}.th")
    assert REMOTE[name].licence == "CC-BY-NC-4.0"


@pytest.mark.parametrize("size", WhisperSize.__args__)
def test_whisper_has_the_same_address_with_the_whole_hash_in_it(size: str) -> None:
    weight = REMOTE[f"openai-whisper-{size}"]
    assert f'"{size}": "{weight.urls[0]}"' in source("whisper", "__init__.py")
    assert f"/{weight.sha256}/" in weight.urls[0]


# tiny.en and base are carried, and of large-v1 no hash is known.
@pytest.mark.parametrize(
    "size", [size for size in WhisperSize.__args__ if size not in ("tiny.en", "base", "large-v1")]
)
def test_faster_whisper_has_the_same_repository(size: str) -> None:
    text = source("faster_whisper", "utils.py")
    [repository] = re.findall(rf'"{re.escape(size)}": "(.*)"', text)
    files = {
        Path(weight.file).name: weight
        for weight in REMOTE.values()
        if weight.file.startswith(f"faster-whisper/{size}/")
    }
    assert {"model.bin", "config.json", "tokenizer.json"} < set(files)
    assert len({"vocabulary.txt", "vocabulary.json"} & set(files)) == 1
    for file, weight in files.items():
        assert weight.urls[0].startswith(f"https://huggingface.co/{repository}/resolve/")
        assert weight.urls[0].endswith(f"/{file}")


def test_the_english_sizes_share_the_files_that_a_package_carries() -> None:
    for size in ("base.en", "small.en", "medium.en"):
        for part in ("tokenizer", "vocabulary"):
            carried, pulled = REGISTRY[f"whisper-tiny.en-{part}"], REMOTE[f"whisper-{size}-{part}"]
            assert (pulled.sha256, pulled.size) == (carried.sha256, carried.size)


def test_the_parts_that_packages_carry_are_the_published_model() -> None:
    hashed = hashlib.sha256()
    for part in (1, 2):
        hashed.update(verified(f"whisper-base-part{part}").read_bytes())
    # Of model.bin in Systran/faster-whisper-base on the hub.
    assert hashed.hexdigest() == "d01c3014881c9c6f3133c182f3d2887eb6ca1c789a7538c5c007196857a0a6a9"
    for part in ("tokenizer", "vocabulary"):
        assert REGISTRY[f"whisper-base-{part}"].sha256 == REMOTE[f"whisper-tiny-{part}"].sha256


def test_panns_inference_has_the_same_record() -> None:
    [old] = re.findall(r"'(https://zenodo.org/\S+)'", source("panns_inference", "inference.py"))
    assert REMOTE["panns-cnn14"].urls[0] == old.replace("/record/", "/records/")
