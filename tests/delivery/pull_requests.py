"""A pull request as its run hands it over: two reports, packed; and GitHub's words on it."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np

from stemsilver import config
from stemsilver.config import AbTests, Profile
from stemsilver.delivery.pull_request import Claim, Packed, pack
from stemsilver.evaluation.catalogue import METRICS
from stemsilver.media import snippets
from stemsilver.media.snippets import LISTING, Signal
from stemsilver.records import Audio, Evidence, Failure, ItemResult, Score
from stemsilver.report import judge, scorecard_json
from stemsilver.resources import resource

NUMBER = 7
COMMIT = "5ca1ab1e" * 5
OTHER_COMMIT = "0ddba115" * 5
RATE = 8000

GOOD = {
    "raw_music_presence": 0.85,
    "clean_music_presence": 0.01,
    "clean_pause_floor_db": -41.5,
    "clean_dnsmos_ovrl": 3.1,
    "clean_lufs": -16.0,
    "clean_true_peak_dbtp": -1.2,
    "music_to_speech_db": -31.0,
    "stoi_vs_stage_a": 0.97,
    "wer_raw_to_clean": 0.05,
}
WORSE = GOOD | {"wer_raw_to_clean": 0.15, "stoi_vs_stage_a": 0.85}
SLIGHTLY_WORSE = GOOD | {"clean_dnsmos_ovrl": 3.0}
BETTER = GOOD | {"clean_dnsmos_ovrl": 3.6}


def embedded() -> Profile:
    """The default profile as shipped, which is the main branch's here."""
    return config.load(resource("config") / "embedded.yaml")


def render(id_: str, values: Mapping[str, float], path: str | None = None) -> ItemResult:
    """A render that was cleaned and measures `values`."""
    scores = {
        name: Score(values[name]) if name in values else Score.missing("too_short")
        for name in METRICS
    }
    path = path or f"{id_}.wav"
    return ItemResult(id_, path, f"{id_}__speech_only.wav", evidence=Evidence(scores))


def failed(id_: str, message: str = "not audio") -> ItemResult:
    """A render that could not be cleaned."""
    failure = Failure("unreadable", message, "Export it again.")
    return ItemResult(id_, f"{id_}.wav", f"{id_}__speech_only.wav", failure=failure)


def write_report(folder: Path, items: Sequence[ItemResult], *, base: bool = False) -> Path:
    """A report folder with a scorecard and, for every cleaned render, two snippets."""
    profile = embedded()
    build = judge(
        items, profile, created="2026-11-22T13:50:00Z", tool_version="0.1.0", commit=OTHER_COMMIT
    )
    folder.mkdir(parents=True)
    (folder / "scorecard.json").write_text(json.dumps(scorecard_json(build)))
    for item in items:
        if item.failure is None:
            write_snippets(folder / "ab" / item.id, base=base)
    return folder


def write_snippets(folder: Path, *, base: bool) -> None:
    """Two snippets of a second, of raw and clean and perhaps base."""
    time = np.arange(2 * RATE) / RATE
    voice = 0.3 * np.sin(2 * np.pi * 220 * time)
    music = 0.1 * np.sin(2 * np.pi * 1760 * time)
    signals: dict[Signal, Audio] = {
        name: Audio(samples[np.newaxis].astype(np.float32), RATE)
        for name, samples in (("raw", voice + music), ("clean", voice), ("base", voice + music / 9))
    }
    settings = AbTests(snippet_seconds=1, snippet_count=2, fade_ms=10, voiced_gate_db=-45)
    gains: dict[Signal, float] = {"raw": 0.0, "clean": -1.0}
    found = snippets.choose(signals["clean"], signals["raw"], gains, settings)
    assert len(found) == 2
    if base:
        found = tuple(snippets.with_base(one, signals["base"], -1.0) for one in found)
    folder.mkdir(parents=True)
    (folder / LISTING).write_bytes(snippets.to_json(found))
    for one in found:
        for signal, name in one.files.items():
            (folder / name).write_bytes(snippets.cut(signals[signal], one, signal, 10))


@dataclass(frozen=True)
class Opened:
    """A pull request's reports and what was packed of them."""

    base: Path
    head: Path
    folder: Path
    packed: Packed

    def change(self, name: str, change: Any) -> None:
        """Change the JSON of a packed file, as its author might."""
        path = self.folder / name
        values = json.loads(path.read_text())
        change(values)
        path.write_text(json.dumps(values))


def opened(
    folder: Path,
    base: Sequence[ItemResult],
    head: Sequence[ItemResult],
    *,
    no_base: bool = False,
    megabytes: float = 50,
) -> Opened:
    """Build both reports in `folder`, and pack them."""
    before = write_report(folder / "base-report", base)
    after = write_report(folder / "head-report", head, base=True)
    target = folder / "artifact"
    claim = Claim(schema_version=1, number=NUMBER, commit=COMMIT)
    packed = pack(None if no_base else before, after, claim, target, megabytes)
    return Opened(before, after, target, packed)


def _copied(make: Callable[[Path], Opened]) -> Callable[[Path], Opened]:
    """Make it once, in a folder that lasts as long as the tests, and give out copies of it."""

    @cache
    def once() -> tuple[TemporaryDirectory[str], Opened]:
        kept = TemporaryDirectory()
        return kept, make(Path(kept.name))

    def copy(folder: Path) -> Opened:
        kept, made = once()
        shutil.copytree(kept.name, folder, dirs_exist_ok=True)
        places = (
            folder / one.relative_to(kept.name) for one in (made.base, made.head, made.folder)
        )
        return Opened(*places, made.packed)

    return copy


@_copied
def a_change(folder: Path) -> Opened:
    """Four renders: much worse, a little worse, better, and the same."""
    heads = {"much-worse": WORSE, "same": GOOD, "better": BETTER, "little-worse": SLIGHTLY_WORSE}
    base = [render(name, GOOD) for name in heads]
    return opened(folder, base, [render(name, values) for name, values in heads.items()])


def multiply(card: Any, paths: Sequence[str]) -> None:
    """Make a scorecard's first render one of many, with one score each."""
    first = card["items"][0]
    kept = {"wer_raw_to_clean": first["metrics"]["wer_raw_to_clean"]}
    card["items"] = [
        first | {"id": f"r{at}", "path": path, "metrics": kept, "verdicts": []}
        for at, path in enumerate(paths)
    ]


def event() -> dict[str, Any]:
    """What GitHub says of the run, as far as it matters, and a little more."""
    return {
        "action": "completed",
        "workflow_run": {
            "id": 1,
            "html_url": "https://github.com/team/batch/actions/runs/1",
            "event": "pull_request",
            "head_sha": COMMIT,
            "head_branch": "a; rm -rf /",
            "head_repository": {"full_name": "stranger/fork", "fork": True},
            "pull_requests": [],
        },
        "repository": {"full_name": "team/batch"},
    }


def pull() -> dict[str, Any]:
    """What GitHub says of the pull request."""
    return {
        "number": NUMBER,
        "state": "open",
        "title": "<script>",
        "head": {"sha": COMMIT, "repo": {"full_name": "stranger/fork"}},
        "base": {"sha": OTHER_COMMIT, "repo": {"full_name": "team/batch"}},
    }


def write_words(folder: Path, event: Any, pull: Any) -> tuple[Path, Path]:
    """GitHub's words as the files in which the workflow has them."""
    paths = folder / "event.json", folder / "pull.json"
    for path, words in zip(paths, (event, pull), strict=True):
        path.write_text(json.dumps(words))
    return paths


HOSTILE = (
    "a/</title></bdi></main><script>window.pwned=1</script><img src=x onerror=window.pwned=1>"
    "<audio src=https://evil.example/x autoplay>",
    '"q\' onfocus=window.pwned=1 autofocus x="',
    "_*em*_ **b** # h ~~s~~ $x$ [x](https://evil.example) ![i](//evil.example/i.png) <https://e.example>",
    "| `c` `` ``` | :-- | \n\n# heading\n\n<details open>",
    "@octocat @team/all #1 GH-1 octo/repo#2 https://evil.example www.evil.example a@evil.example "
    + OTHER_COMMIT,
    "{{ 7*7 }} {% raw %} ${{ github.token }} ${IFS} $(id) `id`",
    "\u202egpj.wav \u2066\u200f\u0000\x1b[31m\r\n::error::x",
    "--> <!-- stemsilver-scorecard --> ]]> &lt;b&gt; &#60;i&#62; %2e%2e/%2e%2e \\",
    "ж" * 3_000,
    "<a href=javascript:alert(1)>" * 100,
)
"""Texts that would like to act, wherever they are shown."""


@_copied
def hostile(folder: Path) -> Opened:
    """A pull request in which every text of its author's is hostile."""
    texts = {f"h{number}": text for number, text in enumerate(HOSTILE)}
    base = [render(id_, GOOD, text) for id_, text in texts.items()]
    head = [render(id_, WORSE, text) for id_, text in texts.items()]
    base += [render(f"{id_}-broken", GOOD, text) for id_, text in texts.items()]
    head += [failed(f"{id_}-broken", text) for id_, text in texts.items()]
    head += [render(f"{id_}-new", GOOD, text) for id_, text in texts.items()]
    made = opened(folder, base, head)

    def spoil(card: Any) -> None:
        card["profile"]["name"] = HOSTILE[0][:255]
        card["tool"]["version"] = HOSTILE[4][:255]
        card["profile"]["config"]["description"] = HOSTILE[2]
        for item in card["items"]:
            for metric in item["metrics"].values():
                if metric["value"] is None:
                    metric["reason"] = HOSTILE[3]
            if item["failure"]:
                item["path"] = item["failure"]["message"]
                item["failure"]["next_step"] = HOSTILE[1]

    made.change("base.json", spoil)
    made.change("head.json", spoil)
    return made
