"""Whisper's weight files, as OpenAI publishes them and as converted for CTranslate2."""

from __future__ import annotations

from stemsilver.weights.kinds import Remote

_SOURCE = "Radford et al., Whisper, 2022 (OpenAI)"
_AT_OPENAI = "https://openaipublic.azureedge.net/main/whisper/models"
_HUBS = ("https://huggingface.co", "https://hf-mirror.com")
"""The second is a mirror with the same paths, for networks that cannot reach the first."""

# Bytes and SHA-256. The address of each file contains its hash; the whisper package has it too.
_OPENAI = {
    "tiny.en": (75_571_315, "d3dd57d32accea0b295c96e26691aa14d8822fac7d9d27d5dc00b4ca2826dd03"),
    "tiny": (75_572_083, "65147644a518d12f04e32d6f3b26facc3f8dd46e5390956a9424a650c0ce22b9"),
    "base.en": (145_261_783, "25a8566e1d0c1e2231d1c762132cd20e0f96a85d16145c3a00adf5d1ac670ead"),
    "base": (145_262_807, "ed3a0b6b1c0edf879ad9b11b1af5a0e6ab5db9205f891f668f8b0e6c6326e34e"),
    "small.en": (483_615_683, "f953ad0fd29cacd07d5a9eda5624af0f6bcf2258be67c92b79389873d91e0872"),
    "small": (483_617_219, "9ecf779972d90ba49c06d968637d720dd632c55bbf19d441fb42bf17a411e794"),
    "medium.en": (
        1_528_006_491,
        "d7440d1dc186f76616474e0ff0b3b6b879abc9d1a4926b7adfa41db2d497ab4f",
    ),
    "medium": (1_528_008_539, "345ae4da62f9b3d59415adc60127b97c714f32e89e936602e85993674d08dcb1"),
    "large-v1": (
        3_086_999_982,
        "e4b87e7e0bf463eb8e6956e646f1e277e901512310def2c24bf0e11bd3c28e9a",
    ),
    "large-v2": (
        3_086_999_982,
        "81f7c96c852ee8fc832187b0132e569d6c3065a3252ed18e56effd0b6a73e524",
    ),
    "large-v3": (
        3_087_371_615,
        "e5b1a55b89c1367dacf97e3e19bfd829a01529dbfdeefa8caeb59b3f1b81dadb",
    ),
    "large-v3-turbo": (
        1_617_941_637,
        "aff26ae408abcba5fbf8813c21e62b0941638c5f6eebfb145be0c9839262a19a",
    ),
}

_ENGLISH = {
    "tokenizer.json": (
        2_128_466,
        "929c5252409436dce1b38a75d1abbcb5e132d170d8e324e4e04ed915fa2d22df",
    ),
    "vocabulary.txt": (
        422_309,
        "ff77588746d3a2595d32ab5b69ffd7b95ce2441ac57533cb66fc3eb575a115cf",
    ),
}
_MULTILINGUAL = {
    "tokenizer.json": (
        2_203_239,
        "fb7b63191e9bb045082c79fd742a3106a12c99513ab30df4a0d47fa6cb6fd0ab",
    ),
    "vocabulary.txt": (
        459_861,
        "34ce3fe1c5041027b3f8d42912270993f986dbc4bb34cf27f951e34a1e453913",
    ),
}
_THIRD = {
    "preprocessor_config.json": (
        340,
        "7ccc62c6f2765af1f3b46c00c9b5894426835a05021c8b9c01eecb6dfb542711",
    ),
    "vocabulary.json": (
        1_068_114,
        "c69260f2ab26d659b7c398f9a2b2b48ed0df16c3b47d7326782fd9cba71690c1",
    ),
}


def _converted(
    size: str,
    revision: str,
    weights: tuple[int, str],
    settings: tuple[int, str],
    beside: dict[str, tuple[int, str]],
    repository: str | None = None,
) -> tuple[Remote, ...]:
    """Return the files of one model size: weights, settings, and the other files (`beside`)."""
    files = {"model.bin": weights, "config.json": settings, **beside}
    below = f"{repository or f'Systran/faster-whisper-{size}'}/resolve/{revision}"
    return tuple(
        Remote(
            f"whisper-{size}{_PARTS[file]}",
            f"faster-whisper/{size}/{file}",
            length,
            sha256,
            "MIT",
            f"{_SOURCE}, converted for CTranslate2",
            tuple(f"{hub}/{below}/{file}" for hub in _HUBS),
        )
        for file, (length, sha256) in files.items()
    )


_PARTS = {
    "model.bin": "",
    "config.json": "-config",
    "tokenizer.json": "-tokenizer",
    "vocabulary.txt": "-vocabulary",
    "vocabulary.json": "-vocabulary",
    "preprocessor_config.json": "-preprocessor",
}

OPENAI_WHISPER: tuple[Remote, ...] = tuple(
    Remote(
        f"openai-whisper-{size}",
        f"openai-whisper/{size}.pt",
        length,
        sha256,
        "MIT",
        _SOURCE,
        (f"{_AT_OPENAI}/{sha256}/{size}.pt",),
    )
    for size, (length, sha256) in _OPENAI.items()
)
"""The weights of openai-whisper, all sizes."""

# Without tiny.en and base, which are in packages, and large-v1, for which we know no hash.
FASTER_WHISPER: tuple[Remote, ...] = (
    *_converted(
        "tiny",
        "d90ca5fe260221311c53c58e660288d3deb8d356",
        (75_538_270, "dcb76c6586fc06cbdac6dd21f14cfd129cc4cdd9dce19bf4ffa62e59cbe6e6d1"),
        (2_249, "a73a28cdfe1c43ccc7202fa333d1f89c202477271407ae9a7f19afa52039cac8"),
        _MULTILINGUAL,
    ),
    *_converted(
        "base.en",
        "3d3d5dee26484f91867d81cb899cfcf72b96be6c",
        (145_216_508, "2a166925539a16005f14ff328359f9b9adb9dc4fb631bb3b227526862e93e2ef"),
        (2_227, "f3bc3821e9fc76a27bae538e11ae5b677dcdd352b4600429ce7951d398569aeb"),
        _ENGLISH,
    ),
    *_converted(
        "small.en",
        "d1d751a5f8271d482d14ca55d9e2deeebbae577f",
        (483_545_366, "62b2a45b05ee59acb4a5341b33ee35e041395d378d418a18acfe4c9e768ee37a"),
        (2_657, "666a9605530ac1f61fa8177f3702b4dacec9966749e42610839fcc32661d5fae"),
        _ENGLISH,
    ),
    *_converted(
        "small",
        "536b0662742c02347bc0e980a01041f333bce120",
        (483_546_902, "3e305921506d8872816023e4c273e75d2419fb89b24da97b4fe7bce14170d671"),
        (2_370, "b55496ac7940a7ae47d2c01eab40edfd8701feec1229d9cce3b40014383fb828"),
        _MULTILINGUAL,
    ),
    *_converted(
        "medium.en",
        "a29b04bd15381511a9af671baec01072039215e3",
        (1_527_904_330, "11b220779aea4c6f3ce9d2549c8a95ea869ed84066864b999531ef53e594fe5b"),
        (2_643, "4a1848ebabe7938d9797c15a2e8e4ce1d36e6fd4a43d096ae5955257c67c7962"),
        _ENGLISH,
    ),
    *_converted(
        "medium",
        "08e178d48790749d25932bbc082711ddcfdfbc4f",
        (1_527_906_378, "9b45e1009dcc4ab601eff815b61d80e60ce3fd8c74c1a14f4a282258286b51ae"),
        (2_257, "3622a2ddc41ec0e0fd4e68c13c6830f03b90c38d89aaad184de02c8c642cf807"),
        _MULTILINGUAL,
    ),
    *_converted(
        "large-v2",
        "f0fe81560cb8b68660e564f55dd99207059c092e",
        (3_086_912_962, "bf2a9746382e1aa7ffff6b3a0d137ed9edbd9670c3b87e5d35f5e85e70d0333a"),
        (2_796, "d86b7a7664a12559d644aa210a32ce9a7e03913e794b7ea4fb7182de69e273a7"),
        _MULTILINGUAL,
    ),
    *_converted(
        "large-v3",
        "edaa852ec7e145841d8ffdb056a99866b5f0a478",
        (3_087_284_237, "69f74147e3334731bc3a76048724833325d2ec74642fb52620eda87352e3d4f1"),
        (2_394, "a9306624f5ec14270a014b647e5c316b6e03a662c369758d1b90697a7b0655b9"),
        {
            "tokenizer.json": (
                2_480_617,
                "6d8cbd7cd0d8d5815e478dac67b85a26bbe77c1f5e0c6d76d1ce2abc0e5f21ca",
            ),
            **_THIRD,
        },
    ),
    *_converted(
        "large-v3-turbo",
        "0a363e9161cbc7ed1431c9597a8ceaf0c4f78fcf",
        (1_617_884_929, "e76620f83d5f5b69efd3d87e3dc180c1bd21df9fbebacfd4335e5e1efcc018da"),
        (2_263, "b0253ea6c0d3bea6b1e19e91a02acfd3b53f4467362efcb5a3e6b16c9b3a9b7e"),
        {
            "tokenizer.json": (
                2_710_337,
                "297b13372ac43916285644fb9687add3cc62ee2a1adb60da3dc25cc94c1871fd",
            ),
            **_THIRD,
        },
        "mobiuslabsgmbh/faster-whisper-large-v3-turbo",
    ),
)
"""The weights of faster-whisper; each size is a folder."""
