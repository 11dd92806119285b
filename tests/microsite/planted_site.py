"""A small batch with every kind of render, to build sites from."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

import numpy as np
import soundfile
from playwright.sync_api import BrowserContext, Route

from stemsilver import config
from stemsilver.evaluation.catalogue import METRICS
from stemsilver.media import snippets
from stemsilver.media.playback import LISTENING, TrackLevels, from_json, measure_tracks, to_json
from stemsilver.media.plots import CHANGE, change_webp, spectrogram_webp, strip_name
from stemsilver.microsite import SPEECH, PublishedSite, build, read_base
from stemsilver.records import (
    AlignedWord,
    Alignment,
    Artefact,
    Audio,
    Evidence,
    Failure,
    ItemResult,
    MusicRange,
    Score,
    Timeline,
    Transcript,
    WeightRecord,
)
from stemsilver.report import Record, Scorecard, judge, record, scorecard_json
from stemsilver.report.scorecard.reviewed import with_reviews
from stemsilver.resources import resource

from .planted_reviews import remark, review_of

INTRO, DUET, SILENT = "intro-one-00000001", "duet-00000002", "silent-00000004"
HOSTILE_ID, BROKEN = "hostile-00000003", "broken-00000005"
HOSTILE = (
    "a/</title></bdi><script>window.pwned=1</script><img src=x onerror=window.pwned=1> "
    "\"q' _*em*_ [x](y) | `c` {{ 7*7 }} {% raw %} &lt;b&gt; %2e%2e ünï\u202egpj.wav"
)
HOSTILE_WORD = "<script>window.pwned=1</script>{{7*7}}**x**"

COUNTED = " ".join(f"word{number}" for number in range(30))

_GOOD = {
    "raw_music_presence": 0.85,
    "clean_music_presence": 0.002,
    "raw_pause_floor_db": -12.0,
    "clean_pause_floor_db": -41.5,
    "raw_dnsmos_sig": 3.0,
    "clean_dnsmos_sig": 3.5,
    "raw_dnsmos_ovrl": 1.9,
    "clean_dnsmos_ovrl": 3.1,
    "clean_lufs": -16.0,
    "clean_true_peak_dbtp": -1.2,
    "music_to_speech_db": -31.0,
    "stoi_vs_stage_a": 0.97,
    "wer_raw_to_clean": 0.05,
    "artefact_db": 4.5,
}


@dataclass(frozen=True)
class Planted:
    """What `build` takes, all but the target and the budget."""

    results: tuple[ItemResult, ...]
    profile: config.Profile
    media: Mapping[str, Path]
    reports: tuple[Path, ...]
    created: str = "2026-11-22T13:50:00Z"

    @property
    def scorecard(self) -> Scorecard:
        """Its scorecard, with the reviews of a team."""
        judged = judge(
            self.results,
            self.profile,
            created=self.created,
            tool_version="0.1.0",
            commit="0123456789abcdef0123456789abcdef01234567",
            weights=[WeightRecord("a model", "a-package", "1.2.3", "MIT", "ab" * 32)],
        )
        return with_reviews(judged, TEAM)

    @property
    def evidence(self) -> dict[str, Evidence]:
        """What was measured on each cleaned render, by its id."""
        return {item.id: item.evidence for item in self.results if item.evidence is not None}

    @property
    def speech(self) -> dict[str, Path]:
        """The speech-only WAV of each cleaned render, by its id."""
        return {id_: folder / SPEECH for id_, folder in self.media.items()}

    def build(
        self,
        target: Path,
        max_megabytes: float = 50,
        base: Path | None = None,
        history: Sequence[Record] = (),
    ) -> PublishedSite:
        """Publish the planted batch at `target`, compared with the site at `base`.

        `history` are the builds before; its own record is the last of all.
        """
        return build(
            self.scorecard,
            self.profile,
            self.evidence,
            self.media,
            self.reports,
            target,
            max_megabytes,
            base=None if base is None else read_base(base),
            history=[*history, record(self.scorecard)],
            speech=self.speech,
        )


def answer_range(route: Route, content: bytes) -> None:
    """Answer with the bytes that were asked for, as a server does that has byte ranges."""
    first, last = route.request.headers["range"].removeprefix("bytes=").split("-")
    part = content[int(first) : int(last) + 1 if last else None]
    place = f"bytes {first}-{int(first) + len(part) - 1}/{len(content)}"
    route.fulfill(status=206, body=part, headers={"Content-Range": place})


@dataclass(frozen=True)
class Served:
    """A folder of pages, and the address under which `serve` shows it to a browser."""

    folder: Path
    url: str = field(default="http://stemsilver.test", kw_only=True)

    def serve(self, context: BrowserContext) -> BrowserContext:
        """Answer the browser's requests from the folder, without any network.

        No such host exists, and any other request fails as on a machine that is offline.
        """
        # Playwright writes on the handler it is given, and this record is frozen.
        context.route(f"{self.url}/**", lambda route: self._answer(route))
        return context

    def _answer(self, route: Route) -> None:
        asked = route.request.url.removeprefix(self.url)
        path = self.folder / unquote(urlsplit(asked).path).lstrip("/")
        if not path.is_file():
            route.fulfill(status=404)
        elif "range" in route.request.headers:
            answer_range(route, path.read_bytes())
        else:
            route.fulfill(path=path)


@dataclass(frozen=True)
class Published(Served):
    """A site built from a planted batch."""

    planted: Planted


def sound_sha256(id_: str) -> str:
    """The hash of a planted output, which does not exist."""
    return hashlib.sha256(id_.encode()).hexdigest()


TEAM = (
    review_of("Ben", "silent.wav", sound_sha256(SILENT)),
    review_of("Carla", "stereo/duet.wav", "0f" * 32, "approved", remark("c1", "a click")),
    review_of(
        HOSTILE_WORD,
        HOSTILE,
        sound_sha256(HOSTILE_ID),
        "needs_work",
        remark("h1", HOSTILE_WORD),
        remark("h2", "the second word", 1.0),
    ),
)
"""Nobody reviewed the first render, and Carla an earlier output of the second."""


def plant(folder: Path) -> Planted:
    """Five renders: fine, stereo with a failed gate, hostile names, silent, not readable.

    The first has places to listen to and music left; the second has neither, but a long text, and
    strips of its spectrograms, as a long render has. Their audio and pictures are made in `folder`.
    """
    profile = config.load(resource("config") / "embedded.yaml")
    against_script = (
        _alignment("script → raw", "the quick fox", "the quick box"),
        _alignment("script → clean", "the quick fox", "the quack fox"),
    )
    items = (
        _item(
            INTRO,
            "narration/intro one.wav",
            _GOOD,
            _words(),
            *against_script,
            artefacts=(Artefact(0.3, 0.5, 11.6), Artefact(0.9, 1.1, 19.4)),
            music_ranges={
                "raw": tuple(MusicRange(at / 20, at / 20 + 0.03, -9.5) for at in range(14)),
                "clean": (MusicRange(0.25, 1.25),),
            },
        ),
        _item(
            DUET,
            "stereo/duet.wav",
            _GOOD | {"music_to_speech_db": -9.0, "clean_pause_floor_db": -5.25},
            _alignment("raw → clean", f"{COUNTED} fox", f"{COUNTED} box"),
            channels=2,
            music_ranges={"raw": (MusicRange(0.0, 1.5, -9.5),), "clean": ()},
        ),
        _item(
            HOSTILE_ID,
            HOSTILE,
            _GOOD | {"clean_pause_floor_db": -100.0},
            _alignment("raw → clean", f"say {HOSTILE_WORD} now", f"say no{HOSTILE_WORD} now"),
            notes=(f"A note with {HOSTILE_WORD} in it.",),
            script=f"Say {HOSTILE_WORD}.\n\n# now\n</details></div>\n\n*and* <b>then</b>",
        ),
        _item(SILENT, "silent.wav", {"clean_true_peak_dbtp": -90.0}),
        ItemResult(
            BROKEN,
            "broken.wav",
            "broken__speech_only.wav",
            failure=Failure(
                "unreadable",
                f"broken.wav: not audio, it begins with `{HOSTILE_WORD}`",
                "Export the file again as WAV or FLAC.",
            ),
        ),
    )
    media = {item.id: _media(folder, item, profile) for item in items if item.failure is None}
    report = folder / "scorecard.json"
    planted = Planted(items, profile, media, (report,))
    report.write_text(json.dumps(scorecard_json(planted.scorecard)))
    return planted


def _item(
    id_: str,
    path: str,
    values: Mapping[str, float],
    *alignments: Alignment,
    channels: int = 1,
    notes: tuple[str, ...] = (),
    script: str | None = None,
    **heard: Any,
) -> ItemResult:
    scores = {
        name: Score(values[name]) if name in values else Score.missing("too_short")
        for name in METRICS
    }
    presence = Timeline(0.1, tuple(0.5 + 0.4 * np.sin(np.arange(15) / 3)))
    return ItemResult(
        id=id_,
        path=path,
        output=f"{id_}__speech_only.wav",
        output_sha256="56" * 32,
        sound_sha256=sound_sha256(id_),
        evidence=Evidence(
            scores,
            {"raw": Transcript("the quick fox", ()), "clean": Transcript("the quick fox", ())},
            alignments,
            {"raw": presence, "clean": Timeline(0.1, (0.01,) * 15)},
            language="de",
            departure=Timeline(0.1, (1.5,) * 9 + (19.4, 12.0) + (0.0,) * 4)
            if "artefact_db" in values
            else None,
            **heard,
        ),
        rate=24_000,
        channels=channels,
        frames=36_000,
        seconds={"separate": 1.25, "evaluate": 0.5},
        notes=notes,
        script=script,
    )


def _words() -> Alignment:
    """One substitution, one deletion, one insertion, three words unchanged."""
    return Alignment(
        "raw → clean",
        (
            AlignedWord("equal", "the", "the", 0.1),
            AlignedWord("substitute", "quick", "quack", 0.3),
            AlignedWord("equal", "brown", "brown", 0.5),
            AlignedWord("delete", "old", "", 0.7),
            AlignedWord("equal", "fox", "fox", 0.9),
            AlignedWord("insert", "", "jumps", 1.1),
        ),
        substitutions=1,
        insertions=1,
        deletions=1,
        reference_words=5,
    )


def _alignment(name: str, before: str, after: str) -> Alignment:
    pairs = tuple(zip(before.split(), after.split(), strict=True))
    words = tuple(AlignedWord("equal" if a == b else "substitute", a, b) for a, b in pairs)
    changed = sum(word.operation == "substitute" for word in words)
    return Alignment(name, words, changed, 0, 0, len(words))


def _media(folder: Path, item: ItemResult, profile: config.Profile) -> Path:
    """Real audio and pictures for `item`, in the shape that `build` takes."""
    target = folder / item.id
    target.mkdir()
    time = np.arange(item.frames) / item.rate
    voice = 0.3 * np.sin(2 * np.pi * 220 * time) * (np.sin(2 * np.pi * 1.5 * time) > 0)
    music = 0.1 * np.sin(2 * np.pi * 1760 * time)
    signals = {
        name: Audio(np.tile(signal, (item.channels, 1)).astype(np.float32), item.rate)
        for name, signal in (("raw", voice + music), ("clean", voice), ("removed", music))
    }
    for name, audio in signals.items():
        soundfile.write(target / f"{name}.flac", audio.samples.T, item.rate, subtype="PCM_16")
        (target / f"{name}.webp").write_bytes(spectrogram_webp(audio.samples, item.rate))
        for index in range(3 if item.id == DUET else 0):
            strip = spectrogram_webp(audio.samples, item.rate, index, 3)
            (target / strip_name(name, index)).write_bytes(strip)
    soundfile.write(target / SPEECH, signals["clean"].samples.T, item.rate, subtype="PCM_24")
    pair = signals["raw"].samples, signals["clean"].samples
    (target / f"{CHANGE}.webp").write_bytes(change_webp(*pair, item.rate, 0.0))
    for index in range(3 if item.id == DUET else 0):
        strip = change_webp(*pair, item.rate, 0.0, index, 3)
        (target / strip_name(CHANGE, index)).write_bytes(strip)
    (target / LISTENING).write_bytes(to_json(measure_tracks(signals)))
    write_snippets(target, signals, profile.ab_tests)
    return target


def set_levels(media: Path, **tracks: Mapping[str, Any]) -> dict[str, TrackLevels]:
    """Change the levels of tracks in `media`, and return those of all."""
    levels = from_json((media / LISTENING).read_bytes())
    levels |= {name: replace(levels[name], **values) for name, values in tracks.items()}
    (media / LISTENING).write_bytes(to_json(levels))
    return levels


def write_snippets(target: Path, signals: Mapping[str, Audio], settings: config.AbTests) -> None:
    """Cut snippets of `signals` into `target`, as a build does, 1.5 dB apart."""
    raw, clean = signals["raw"], signals["clean"]
    gains_db: dict[snippets.Signal, float] = {"raw": 0.0, "clean": -1.5}
    chosen = snippets.choose(clean, signals["removed"], gains_db, settings)
    files = snippets.files(chosen, {"raw": raw, "clean": clean}, settings.fade_ms)
    for name, content in files.items():
        (target / name).write_bytes(content)
