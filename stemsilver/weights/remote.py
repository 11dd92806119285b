"""Weight files of the studio and uvr profiles, downloaded once or placed by hand.

A hash has all 64 digits if they are known, else only those in the file name of the publisher.
"""

from __future__ import annotations

from stemsilver.weights.kinds import HubFile, Remote
from stemsilver.weights.whisper import FASTER_WHISPER, OPENAI_WHISPER

_AT_META = "https://dl.fbaipublicfiles.com"

# Statements of the author: github.com/facebookresearch/demucs, issues 327 and 508, and the model
# card of huggingface.co/adefossez/HTDemucs-ft.
_RESEARCH = "for research, says their author; the code is MIT"
_RESEARCH_OR_MIT = "for research, said their author; his copy on the hub is MIT"

_HTDEMUCS = Remote(
    "htdemucs_ft-vocals",
    "demucs/04573f0d-f3cf25b2.th",
    84_141_271,
    "f3cf25b222c4eed7cd49dd8b2c9597d50c18bd154090f7b919cfa5f93cf22c49",
    _RESEARCH_OR_MIT,
    "Rouard, Massa and Défossez, Hybrid Transformers for Music Source Separation, 2023 (Meta)",
    (f"{_AT_META}/demucs/hybrid_transformer/04573f0d-f3cf25b2.th",),
    HubFile(
        "adefossez/HTDemucs-ft",
        "04573f0d.safetensors",
        "68854b0d7c2b3274723b5761f6fd9f5aec5f1bcd3f0de7c1669546fdb7871b7c",
    ),
)


def _mdx(number: int, signature: str, size: int, sha256: str) -> Remote:
    # The file names of Demucs contain the first eight digits of the hash.
    file = f"{signature}-{sha256[:8]}.th"
    return Remote(
        f"mdx_extra_q-{number}",
        f"demucs/{file}",
        size,
        sha256,
        _RESEARCH,
        "Défossez, Hybrid Spectrogram and Waveform Source Separation, 2021 (Meta)",
        # No HubFile: nobody states a hash of its safetensors on the hub.
        (f"{_AT_META}/demucs/mdx_final/{file}",),
    )


def _denoiser(name: str, size: int | None, sha256: str) -> Remote:
    file = f"{name}-{sha256}.th"
    return Remote(
        name,
        f"denoiser/{file}",
        size,
        sha256,
        "CC-BY-NC-4.0",
        "Défossez, Synnaeve and Adi, Real Time Speech Enhancement in the Waveform Domain, 2020 "
        "(Meta)",
        (f"{_AT_META}/adiyoss/denoiser/{file}",),
    )


_PANNS = Remote(
    "panns-cnn14",
    "panns/Cnn14_mAP=0.431.pth",
    327_428_481,
    "0dc499e40e9761ef5ea061ffc77697697f277f6a960894903df3ada000e34b31",
    "CC-BY-4.0",
    "Kong, Cao, Iqbal, Wang, Wang and Plumbley, PANNs, 2020, Zenodo 10.5281/zenodo.3987831",
    (
        "https://zenodo.org/records/3987831/files/Cnn14_mAP%3D0.431.pth?download=1",
        "https://huggingface.co/thelou1s/panns-inference/resolve/main/Cnn14_mAP%3D0.431.pth",
    ),
)

_UVR = Remote(
    "uvr-mdx-net-inst-hq-3",
    "uvr/UVR-MDX-NET-Inst_HQ_3.onnx",
    66_759_214,
    "317554b07fe1ea5279a77f2b1520a41ea4b93432560c4ffd08792c30fddf9adc",
    "MIT, with credit to UVR and its developers",
    "Ultimate Vocal Remover, by Anjok07 and aufr33; MDX-Net by Kuielab and Woosung Choi",
    (
        "https://github.com/TRvlvr/model_repo/releases/download/all_public_uvr_models/"
        "UVR-MDX-NET-Inst_HQ_3.onnx",
        "https://huggingface.co/Politrees/UVR_resources/resolve/"
        "536b5b651001fbf49b7c865cd1243b42b35e65a7/MDX_Net_Models/UVR-MDX-NET-Inst_HQ_3.onnx",
    ),
)

REMOTE: dict[str, Remote] = {
    weight.name: weight
    for weight in (
        _HTDEMUCS,
        _mdx(
            1,
            "83fc094f",
            50_756_993,
            "4a16d450fd8c9277494e23865cadaa4a3e64141c45411d84243b8c95ea4b7cae",
        ),
        _mdx(
            2,
            "464b36d7",
            38_893_153,
            "e5a9386ecbf6f30bb2bdc7ae162f471d87f3b5bffba1a8cb2cebe4403280967e",
        ),
        _mdx(
            3,
            "14fc6a69",
            38_491_885,
            "a89dd0eeb547221dcfd6c0a47baa768ce0bce548eaf86b9a404d6b1088b5d22f",
        ),
        _mdx(
            4,
            "7fd6ef75",
            39_436_529,
            "a905dd8548f7389f1a3686c24c09d7bee61b716e3372e778e2acec88333ecdf4",
        ),
        _denoiser("dns48", 75_478_395, "11decc9d8e3f0998"),
        _denoiser("dns64", None, "a7761ff99a7d5bb6"),
        _denoiser("master64", None, "8a5dfb4bb92753dd"),
        _PANNS,
        _UVR,
        *OPENAI_WHISPER,
        *FASTER_WHISPER,
    )
}
