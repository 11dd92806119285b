"""Weight files that are pulled once, or placed by hand: those of the studio and uvr profiles."""

from __future__ import annotations

from stemsilver.weights.kinds import HubFile, Pulled

_DEMUCS = "Rouard, Massa and Défossez, Hybrid Transformers for Music Source Separation, 2023 (Meta)"
_HYBRID = "Défossez, Hybrid Spectrogram and Waveform Source Separation, 2021 (Meta)"
_DENOISER = (
    "Défossez, Synnaeve and Adi, Real Time Speech Enhancement in the Waveform Domain, 2020 (Meta)"
)
_AT_META = "https://dl.fbaipublicfiles.com"


def _demucs(name: str, folder: str, file: str, source: str, repository: str) -> Pulled:
    """A Demucs model: the first part of its file's name is its signature, the second its hash."""
    signature, sha256 = file.removesuffix(".th").split("-")
    return Pulled(
        name,
        f"demucs/{file}",
        None,
        sha256,
        "MIT",
        source,
        (f"{_AT_META}/demucs/{folder}/{file}",),
        HubFile(repository, f"{signature}.safetensors"),
    )


def _denoiser(name: str, sha256: str) -> Pulled:
    file = f"{name}-{sha256}.th"
    return Pulled(
        name,
        f"denoiser/{file}",
        None,
        sha256,
        "CC-BY-NC-4.0",
        _DENOISER,
        (f"{_AT_META}/adiyoss/denoiser/{file}",),
    )


PULLED: dict[str, Pulled] = {
    weight.name: weight
    for weight in (
        _demucs(
            "htdemucs_ft-vocals",
            "hybrid_transformer",
            "04573f0d-f3cf25b2.th",
            _DEMUCS,
            "adefossez/HTDemucs-ft",
        ),
        *(
            _demucs(
                f"mdx_extra_q-{number}", "mdx_final", file, _HYBRID, "adefossez/Demucs-mdx_extra_q"
            )
            for number, file in enumerate(
                (
                    "83fc094f-4a16d450.th",
                    "464b36d7-e5a9386e.th",
                    "14fc6a69-a89dd0ee.th",
                    "7fd6ef75-a905dd85.th",
                ),
                start=1,
            )
        ),
        _denoiser("dns48", "11decc9d8e3f0998"),
        _denoiser("dns64", "a7761ff99a7d5bb6"),
        _denoiser("master64", "8a5dfb4bb92753dd"),
    )
}
