"""The page of one render: the player, the measurements, the words that changed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from stemsilver.config.languages import UNSPACED
from stemsilver.evaluation.artefacts.places import HEARD_DB
from stemsilver.media import snippets
from stemsilver.media.playback import LISTENING
from stemsilver.microsite.baseline import BaseItem
from stemsilver.microsite.parts.answers import (
    Question,
    gates_first_failed,
    questions,
    verdict_line,
)
from stemsilver.microsite.parts.failures import cause, meaning
from stemsilver.microsite.parts.file_names import FilePath, file_path
from stemsilver.microsite.parts.metric_cells import (
    Measurement,
    OfferedFile,
    Standing,
    measurements,
    size,
    standing,
)
from stemsilver.microsite.parts.music import MusicList, music_lists
from stemsilver.microsite.parts.player import Player, change_files, player, player_files, sources
from stemsilver.microsite.parts.transcript import Difference, difference, script_words
from stemsilver.microsite.publish.offline import SPEECH
from stemsilver.records import Artefact, Evidence, Failure, MusicRange
from stemsilver.report import ScoredRender
from stemsilver.translation import gettext as _


@dataclass(frozen=True)
class Neighbour:
    """A link to the previous or next render."""

    href: str
    path: str


@dataclass(frozen=True)
class ShortPair:
    """A section of the render, in seconds, and its files."""

    start: float
    stop: float
    downloads: tuple[OfferedFile, ...]


@dataclass(frozen=True)
class RenderPage:
    """Everything on the page of one render. `failure` is None if it was cleaned.

    `meaning` and `cause` say of a failed one what is wrong, in general and in detail.
    `verdict` is what its gates say in a sentence; `gated` are the measurements that have a gate.
    `script_words` says which words of the script were lost and recovered. `first` are the places to
    listen to first; None if they were not looked for. `left` is where clean has music, as far as
    the page lists it. `speech` is the speech-only file.
    """

    path: str
    place: FilePath
    standing: Standing
    failure: Failure | None
    meaning: str | None
    cause: str | None
    player: Player | None
    first: tuple[Artefact, ...] | None
    left: tuple[MusicRange, ...]
    pairs: tuple[ShortPair, ...]
    music: tuple[MusicList, ...]
    verdict: str
    gated: tuple[Measurement, ...]
    questions: tuple[Question, ...]
    speech: OfferedFile | None
    differences: tuple[Difference, ...]
    script_words: tuple[str, ...]
    item: ScoredRender
    previous: Neighbour | None
    next: Neighbour | None
    position: int
    count: int
    heard_db: float = HEARD_DB


def render_page(
    items: Sequence[ScoredRender],
    index: int,
    evidence: Evidence | None,
    media: Path | None,
    base: BaseItem | None,
    drawn: Path,
    speech: Path | None = None,
    pairs: Path | None = None,
) -> RenderPage:
    """Return the page of `items[index]`.

    Args:
        items: The renders of the batch.
        index: The index of this one.
        evidence: What was measured on it.
        media: The folder of its files; None if it failed.
        base: The same render in another build, to listen to beside this one.
        drawn: The folder that has the pictures of what changed since `base`, if any.
        speech: Its speech-only WAV, if the site offers it.
        pairs: The folder of its short pairs; if not given, `media`.
    """
    item = items[index]
    found = measurements(item) if item.failure is None else {}
    gated = gates_first_failed(found)
    alignments = evidence.alignments if evidence else ()
    music = evidence.music if evidence else {}
    listed = music_lists(item, evidence)
    departure = evidence.departure if evidence else None
    return RenderPage(
        path=item.path,
        place=file_path(item.path),
        standing=standing(item),
        failure=item.failure,
        meaning=meaning(item.failure) if item.failure else None,
        cause=cause(item.path, item.failure) if item.failure else None,
        player=player(item, sources(media, base), music, departure, (media, drawn))
        if media
        else None,
        first=None if departure is None else item.artefacts,
        pairs=_pairs(item, pairs or media) if media else (),
        left=next((one.shown for one in listed if one.signal == "clean"), ()),
        music=listed,
        verdict=verdict_line(item, gated),
        gated=gated,
        questions=questions(item, found, alignments) if found else (),
        speech=_speech_file(item, media, speech) if media else None,
        differences=tuple(difference(alignment) for alignment in alignments),
        script_words=tuple(script_words(alignments, letters=item.language in UNSPACED)),
        item=item,
        previous=neighbour(items[index - 1]) if index else None,
        next=neighbour(items[index + 1]) if index + 1 < len(items) else None,
        position=index + 1,
        count=len(items),
    )


def render_files(
    media: Path, base: BaseItem | None, pairs: Path, speech: Path | None = None
) -> dict[str, Path]:
    """Return the files that a render's page needs in the site, by name.

    `pairs` is the folder of its short pairs, `speech` the WAV that the page offers.
    """
    names = [name for one in snippets.read(pairs) for name in one.files.values()]
    short = {name: pairs / name for name in (*names, snippets.LISTING)}
    beside = {LISTENING: media / LISTENING, **short}
    offered = {} if speech is None else {SPEECH: speech}
    return player_files(sources(media, base)) | change_files(media) | beside | offered


def _speech_file(item: ScoredRender, media: Path, speech: Path | None) -> OfferedFile:
    """Return the finished speech: the WAV under its own name, or else the FLAC of the player."""
    output = PurePosixPath(item.output or item.id)
    if speech is None:
        flac = media / "clean.flac"
        href, name = f"{item.id}/{flac.name}", f"{output.stem}.flac"
        return OfferedFile(_("FLAC, 16-bit"), href, name, size(flac.stat().st_size))
    return OfferedFile(
        _("WAV, 24-bit"), f"{item.id}/{SPEECH}", output.name, size(speech.stat().st_size)
    )


def _pairs(item: ScoredRender, folder: Path) -> tuple[ShortPair, ...]:
    return tuple(
        ShortPair(
            *one.seconds,
            tuple(
                OfferedFile(
                    heading=_(signal.capitalize()),
                    href=f"{item.id}/{name}",
                    name=f"{item.id}-{name}",
                    size=size((folder / name).stat().st_size),
                )
                for signal, name in one.files.items()
            ),
        )
        for one in snippets.read(folder)
    )


def neighbour(item: ScoredRender) -> Neighbour:
    """Return a link to the page of `item` from another render's page."""
    return Neighbour(f"{item.id}.html", item.path)
