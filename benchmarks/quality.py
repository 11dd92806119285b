"""Compare the speech quality of candidate chains on mixtures with known speech.

    python benchmarks/quality.py FOLDER

FOLDER holds NAME.mix.flac, NAME.speech.flac and index.json (a list of {name, snr_db, script}).

Every chain is a variant of the default profile. Each is scored twice: the speech before the
equaliser, the limiter and the loudness target ("speech", at the loudness of the true speech,
because DNSMOS depends on level), and the final output ("finished").
"""

from __future__ import annotations

import argparse
import json
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from rich.progress import track

from stemsilver.audio import decode
from stemsilver.cache import Cache
from stemsilver.cleaning import chain
from stemsilver.config import Profile
from stemsilver.device import cores
from stemsilver.dsp import loudness, meter
from stemsilver.evaluation import asr, dnsmos, music
from stemsilver.evaluation.downmix import Downmix, one_channel
from stemsilver.evaluation.si_sdr import si_sdr_db
from stemsilver.evaluation.stoi import stoi
from stemsilver.evaluation.undefined import Undefined
from stemsilver.evaluation.words.wer import align, wer
from stemsilver.pipeline.executors import LocalPool
from stemsilver.profiles import load_profile
from stemsilver.records import Audio
from stemsilver.step_cache import Steps

LIMIT_MINUTES = 60
BOTH = ("deepfilternet3", "spleeter-2stems")
DEFAULT = "default profile"


@dataclass(frozen=True)
class Mixture:
    """A mixture, its speech, and the spoken text (None if unknown)."""

    name: str
    mix: Audio
    speech: Audio
    script: str | None


def chains(profile: Profile) -> Iterator[tuple[str, Profile]]:
    """Yield the candidates by name; all other values are those of the default profile."""
    variant = partial(_variant, profile)
    yield "deepfilternet3 alone", variant(models=BOTH[:1])
    yield "spleeter alone", variant(models=BOTH[1:])
    for fusion in ("max", "mean", "geometric", "min"):
        yield f"{fusion}", variant(fusion=fusion)
    for fusion in ("max", "geometric"):
        yield f"{fusion} + wiener", variant(fusion=fusion, wiener=True)
    for share in (0.0, 0.3, 0.6, 0.9):
        yield f"max, share {share:g} + denoiser", variant(denoiser=True, share=share)
    yield "geometric, share 0.6 + denoiser", variant("geometric", denoiser=True, share=0.6)
    yield "spleeter, share 0.6 + denoiser", variant(models=BOTH[1:], denoiser=True, share=0.6)
    yield "max, share 0.6 + denoiser + wiener", variant(denoiser=True, share=0.6, wiener=True)
    yield DEFAULT, profile


def _variant(
    profile: Profile,
    fusion: str = "max",
    models: tuple[str, ...] = BOTH,
    *,
    denoiser: bool = False,
    share: float = 0.0,
    wiener: bool = False,
) -> Profile:
    values = profile.model_dump()
    values["separation"] |= {
        "models": [{"model_name": name} for name in models],
        "fusion": fusion,
    }
    values["enhancement"] |= {
        "model_name": "deepfilternet3" if denoiser else "none",
        "mixture_share": share,
        "dry_wet": 1.0,
        "residual_blend": 0.0,
    }
    values["beta_wiener"] |= {"enabled": wiener}
    return Profile.model_validate(values)


def read(folder: Path) -> list[Mixture]:
    """Read the mixtures of a folder."""
    return [
        Mixture(
            entry["name"],
            decode(folder / f"{entry['name']}.mix.flac", LIMIT_MINUTES),
            decode(folder / f"{entry['name']}.speech.flac", LIMIT_MINUTES),
            entry.get("script"),
        )
        for entry in json.loads((folder / "index.json").read_text())
    ]


def rows(mixture: Mixture, profile: Profile, cache: Path) -> list[dict[str, Any]]:
    """Return the scores of one mixture: raw, true speech, then every chain."""
    truth, rate = one_channel(mixture.speech.array)[:, :], mixture.speech.rate
    level = meter.integrated_lufs(truth, rate) or 0.0
    settings = profile.evaluation

    def scores(audio: Audio, matched: bool) -> dict[str, float | None]:
        signal = one_channel(audio.array)[:, :]
        if matched:
            signal = loudness.gain(signal, level - (meter.integrated_lufs(signal, rate) or 0.0))
        downmix = Downmix(Audio(signal, rate))
        heard = downmix.at(dnsmos.RATE)
        opinion = dnsmos.dnsmos(heard, hop_seconds=1.0)
        script = mixture.script
        return {
            "SI-SDR": _or_none(partial(si_sdr_db, signal, truth)),
            "ESTOI": _or_none(partial(stoi, signal, truth, rate, extended=True)),
            "OVRL": opinion["dnsmos_ovrl"],
            "BAK": opinion["dnsmos_bak"],
            "music": float(
                np.mean(music.timeline(Downmix(Audio(signal, rate)), settings.music).values)
            ),
            "WER": None
            if script is None
            else wer(align("script", script, asr.transcribe(heard, settings.asr))),
        }

    found = [
        {"chain": name, "item": mixture.name, "signal": "speech", **scores(audio, matched=True)}
        for name, audio in (("raw", mixture.mix), ("truth", mixture.speech))
    ]
    source = mixture.mix.digest
    for name, candidate in chains(profile):
        cleaned = chain.clean(mixture.mix, source, candidate.chain, Steps(Cache(cache)))
        speech = Audio(mixture.mix.array - cleaned.removed.array, rate)
        for signal, audio in (("speech", speech), ("finished", cleaned.speech)):
            found.append(
                {
                    "chain": name,
                    "item": mixture.name,
                    "signal": signal,
                    **scores(audio, matched=signal == "speech"),
                }
            )
    return found


def _or_none(metric: Any) -> float | None:
    try:
        return float(metric())
    except Undefined:
        return None


def main() -> None:
    """Print the tables."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("folder", type=Path)
    arguments = parser.parse_args()
    profile = load_profile()
    with tempfile.TemporaryDirectory() as cache, LocalPool(cores()) as pool:
        tasks = [
            pool.submit(rows, mixture, profile, Path(cache)) for mixture in read(arguments.folder)
        ]
        found = [row for task in track(tasks, "mixtures") for row in task.result()]
    table = pd.DataFrame(found)
    order = list(dict.fromkeys(table["chain"]))
    with pd.option_context("display.width", 200, "display.max_rows", None):
        for name, items in table.groupby("chain", sort=False):
            print(f"\n{name}")
            print(items.drop(columns="chain").round(3).to_string(index=False))
        for signal in ("speech", "finished"):
            means = table[table["signal"] == signal].drop(columns=["item", "signal"])
            print(f"\nmeans, {signal}")
            print(means.groupby("chain").mean().reindex(order).dropna(how="all").round(3))


if __name__ == "__main__":
    main()
