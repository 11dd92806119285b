"""The player of a render: its tracks, their drawings, and their playback gains.

`site_src/assets/player/` plays them; `engine.js` there has the crossfade.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from stemsilver.fsio import contained
from stemsilver.media.playback import (
    BASE,
    LISTENING,
    TrackLevels,
    from_json,
    gains,
    pair_gains,
    with_base,
)
from stemsilver.media.plots import (
    BASE_CHANGE,
    CHANGE,
    CHANGE_COLOURS,
    CHANGE_DB,
    COLOURS,
    DB_RANGE,
    strip_name,
)
from stemsilver.microsite.baseline import BaseItem
from stemsilver.microsite.pages.blind import BlindPair
from stemsilver.microsite.parts import waveforms
from stemsilver.microsite.parts.metric_cells import size
from stemsilver.microsite.parts.waveforms import Curve, Tick
from stemsilver.records import Timeline
from stemsilver.report import ScoredRender
from stemsilver.translation import N_, gettext, language

_ABOUT = {
    "raw": (N_("Raw"), N_("The render as it came in.")),
    "clean": (N_("Clean"), N_("Speech only: the finished output.")),
    "removed": (
        N_("Removed"),
        N_("Raw minus clean: the music. A word heard in it was lost."),
    ),
    "vocals": (N_("Stage A"), N_("What the separators take for speech.")),
    "denoised": (N_("Stage B"), N_("After the denoiser.")),
    "masked": (N_("Masked"), N_("After the β-Wiener mask.")),
    BASE: (N_("Base"), N_("Clean, as the other build made it.")),
}

_CHANGES = {
    CHANGE: (N_("Change from raw"), N_("How clean differs from raw")),
    BASE_CHANGE: (
        N_("Change from the base"),
        N_("How clean differs from that of the other build"),
    ),
}


@dataclass(frozen=True)
class PlayedTrack:
    """A track of a build: its audio file, with its spectrogram beside it, and its levels.

    `heading` is its name on pages, `spoken` its name within a sentence.
    """

    name: str
    heading: str
    spoken: str
    about: str
    audio: Path
    heard: TrackLevels

    @property
    def spectrogram(self) -> Path:
        """The file of its spectrogram."""
        return self.audio.with_suffix(".webp")

    @property
    def strips(self) -> tuple[Path, ...]:
        """The files of its spectrogram in strips; none if it is short."""
        return _strips_of(self.spectrogram)


@dataclass(frozen=True)
class Track:
    """A signal to play, with its spectrogram, and the files of its strips.

    `speech_db` and `lufs_db` are the gains, in dB, at which it is as loud as the others.
    """

    name: str
    heading: str
    spoken: str
    about: str
    audio: str
    spectrogram: str
    strips: tuple[str, ...]
    bytes: int
    speech_db: float
    lufs_db: float

    @property
    def size(self) -> str:
        """The size of the audio file, in words."""
        return size(self.bytes)


@dataclass(frozen=True)
class LevelChange:
    """A picture of how the level changed from one track to another, and the files of its strips."""

    name: str
    heading: str
    about: str
    picture: str
    strips: tuple[str, ...]


@dataclass(frozen=True)
class MostMusic:
    """The time in seconds at which a track most likely has music left, and the probability then."""

    name: str
    spoken: str
    time: float
    probability: float


@dataclass(frozen=True)
class Player:
    """A render's tracks on one time axis: raw, clean, and any others.

    `speech` and `lufs` tell whether the tracks can be matched by speech level and by loudness.
    `pair` is the size of raw and clean together, which must be loaded to compare them. `most_music`
    has the tracks that were examined for music, except raw and those with hardly any. `departure`
    is how far the speech of clean departs from raw, `changes` what changed; a bake-off has neither.
    """

    tracks: tuple[Track, ...]
    pair: str
    speech: bool
    lufs: bool
    outlines: tuple[Curve, ...]
    presence: tuple[Curve, ...]
    most_music: tuple[MostMusic, ...]
    times: tuple[Tick, ...]
    frequencies: tuple[Tick, ...]
    departure: Curve | None = None
    changes: tuple[LevelChange, ...] = ()
    colours: tuple[str, ...] = COLOURS[::7]
    db_range: tuple[float, float] = DB_RANGE
    change_colours: tuple[str, ...] = CHANGE_COLOURS[::8]
    change_db: float = CHANGE_DB
    departure_db: float = waveforms.DEPARTURE_DB


def heard_tracks(media: Path, base: BaseItem | None = None) -> dict[str, TrackLevels]:
    """Return the tracks of a render's folder, and the base's clean as one of them."""
    tracks = from_json((media / LISTENING).read_bytes())
    if base is not None and "clean" in base.tracks:
        tracks = with_base(tracks, base.tracks)
    return tracks


def sources(media: Path, base: BaseItem | None = None) -> tuple[PlayedTrack, ...]:
    """Return the playable tracks of a cleaned render: those in `media`, and the base's clean."""
    return tuple(
        PlayedTrack(
            name,
            gettext(heading),
            in_a_sentence(heading),
            gettext(about),
            base.folder / "clean.flac" if name == BASE and base else media / f"{name}.flac",
            heard,
        )
        for name, heard in heard_tracks(media, base).items()
        for heading, about in (_ABOUT[name],)
    )


def in_a_sentence(heading: str) -> str:
    """Return the name of a track within a sentence."""
    name = gettext(heading)
    # In German, for example, it is a noun, which has a capital everywhere.
    return name[:1].lower() + name[1:] if language() == "en" else name


def player(
    item: ScoredRender,
    found: Sequence[PlayedTrack],
    music: Mapping[str, Timeline],
    departure: Timeline | None = None,
    changes: Sequence[Path] = (),
) -> Player:
    """Return the player of a cleaned render.

    Args:
        item: The render.
        found: Its tracks.
        music: The music probabilities of some tracks.
        departure: How far the speech of clean departs from raw, in dB.
        changes: The folders that may have pictures of what changed.
    """
    heard = {source.name: source.heard for source in found}
    speech, lufs = gains(heard, "speech_db"), gains(heard, "lufs")
    tracks = tuple(
        Track(
            source.name,
            source.heading,
            source.spoken,
            source.about,
            audio=f"{item.id}/{source.name}.flac",
            spectrogram=f"{item.id}/{source.name}.webp",
            strips=tuple(f"{item.id}/{name}" for name in _strip_files(source)),
            bytes=source.audio.stat().st_size,
            speech_db=speech[source.name] if speech else 0.0,
            lufs_db=lufs[source.name] if lufs else 0.0,
        )
        for source in found
    )
    return Player(
        tracks=tracks,
        pair=size(sum(track.bytes for track in tracks if track.name in ("raw", "clean"))),
        speech=speech is not None,
        lufs=lufs is not None,
        outlines=waveforms.outlines(heard),
        presence=waveforms.presence(music, item.duration),
        most_music=_most_music(found, music),
        departure=None if departure is None else waveforms.departure(departure, item.duration),
        changes=tuple(_level_changes(item.id, changes)),
        times=waveforms.time_marks(item.duration),
        frequencies=waveforms.frequency_marks(item.rate),
    )


def _most_music(
    found: Sequence[PlayedTrack], music: Mapping[str, Timeline]
) -> tuple[MostMusic, ...]:
    # Without raw: the other tracks are compared with it.
    looked_at = [source for source in found if source.name in music and source.name != "raw"]
    return tuple(
        MostMusic(source.name, source.spoken, *most)
        for source in looked_at
        if (most := waveforms.most_music(music[source.name])) and most[1] >= waveforms.LIKELY
    )


def player_files(found: Sequence[PlayedTrack]) -> dict[str, Path]:
    """Return the files that a player of these tracks needs in the site, by name."""
    return {
        name: file
        for source in found
        for name, file in {
            f"{source.name}.flac": source.audio,
            f"{source.name}.webp": source.spectrogram,
            **_strip_files(source),
        }.items()
    }


def change_files(media: Path) -> dict[str, Path]:
    """Return the files of the picture of what changed from raw to clean, by name."""
    picture = media / f"{CHANGE}.webp"
    return {path.name: path for path in (picture, *_strips_of(picture)) if path.is_file()}


def _level_changes(id_: str, folders: Sequence[Path]) -> Iterator[LevelChange]:
    for name, (heading, about) in _CHANGES.items():
        for picture in (folder / f"{name}.webp" for folder in folders):
            if picture.is_file():
                strips = tuple(f"{id_}/{strip.name}" for strip in _strips_of(picture))
                yield LevelChange(
                    name, gettext(heading), gettext(about), f"{id_}/{picture.name}", strips
                )


def _strips_of(picture: Path) -> tuple[Path, ...]:
    folder = picture.parent
    names = sorted(path.name for path in folder.glob(f"{picture.stem}-*.webp"))
    # Through `contained`: another build's folder may have links that lead elsewhere.
    return tuple(contained(folder, name) for name in names)


def _strip_files(source: PlayedTrack) -> dict[str, Path]:
    return {strip_name(source.name, index): file for index, file in enumerate(source.strips)}


def blind_pair(item: ScoredRender, head: PlayedTrack, base: PlayedTrack) -> BlindPair | None:
    """Return two builds' versions of a render at equal loudness: of the speech, else of the whole.

    None if neither loudness is known for both: the louder one could be recognised.
    """
    matched = pair_gains(head.heard, base.heard)
    if matched is None:
        return None
    return BlindPair(
        id=item.id,
        path=item.path,
        duration=item.duration,
        rate=item.rate,
        head=f"renders/{item.id}/{head.name}.flac",
        base=f"renders/{item.id}/{base.name}.flac",
        head_bytes=head.audio.stat().st_size,
        base_bytes=base.audio.stat().st_size,
        head_gain_db=matched[0],
        base_gain_db=matched[1],
    )
