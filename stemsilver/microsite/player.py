"""What the player of a render shows: its tracks, their drawings, and how loud each is played."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from stemsilver.microsite import lanes
from stemsilver.microsite.base import BaseItem
from stemsilver.microsite.blind import BlindPair
from stemsilver.microsite.lanes import Curve, Mark
from stemsilver.microsite.readings import size
from stemsilver.playback import BASE, LISTENING, Heard, from_json, gains, pair_gains, with_base
from stemsilver.plots import COLOURS, DB_RANGE
from stemsilver.records import ItemResult

_HARDLY_ANY = 0.1
"""A probability of music below this is the detector's own noise."""

_ABOUT = {
    "raw": ("Raw", "The render as it came in."),
    "clean": ("Clean", "Speech only: the finished output."),
    "removed": (
        "Removed",
        "Raw minus clean: the music. A word heard in it was lost.",
    ),
    "vocals": ("Stage A", "What the separators take for speech."),
    "denoised": ("Stage B", "After the denoiser."),
    "masked": ("Masked", "After the β-Wiener mask."),
    BASE: ("Base", "Clean, as the other build made it."),
}


@dataclass(frozen=True)
class Track:
    """A signal to play, with the picture of its spectrum.

    `speech_db` and `lufs_db` are the gains at which it is as loud as the others.
    """

    name: str
    heading: str
    about: str
    audio: str
    spectrogram: str
    bytes: int
    speech_db: float
    lufs_db: float

    @property
    def spoken(self) -> str:
        """Its heading within a sentence."""
        return self.heading[:1].lower() + self.heading[1:]

    @property
    def size(self) -> str:
        """How much there is to load."""
        return size(self.bytes)


@dataclass(frozen=True)
class Player:
    """A render's tracks on one time axis.

    `speech` and `lufs` tell whether its tracks can be matched that way at all. `pair` is what
    there is to load before raw and clean can be compared. `most_music` is when clean may have
    most music left, and the probability then; None where that is hardly any.
    """

    tracks: tuple[Track, ...]
    pair: str
    speech: bool
    lufs: bool
    outlines: tuple[Curve, ...]
    presence: tuple[Curve, ...]
    most_music: tuple[float, float] | None
    times: tuple[Mark, ...]
    frequencies: tuple[Mark, ...]
    colours: tuple[str, ...] = COLOURS[::7]
    db_range: tuple[float, float] = DB_RANGE


def heard_tracks(media: Path, base: BaseItem | None = None) -> dict[str, Heard]:
    """The tracks of a render's folder, and the base's clean as one of them."""
    tracks = from_json((media / LISTENING).read_bytes())
    if base is not None and "clean" in base.tracks:
        tracks = with_base(tracks, base.tracks)
    return tracks


def player(item: ItemResult, media: Path, base: BaseItem | None) -> Player:
    """The player of a cleaned render whose files are in `media`."""
    heard = heard_tracks(media, base)
    speech, lufs = gains(heard, "speech_db"), gains(heard, "lufs")
    tracks = tuple(
        Track(
            name,
            *_ABOUT[name],
            audio=f"{item.id}/{name}.flac",
            spectrogram=f"{item.id}/{name}.webp",
            bytes=_source(name, media, base).stat().st_size,
            speech_db=speech[name] if speech else 0.0,
            lufs_db=lufs[name] if lufs else 0.0,
        )
        for name in heard
    )
    music = item.evidence.music if item.evidence else {}
    left = lanes.most_music(music["clean"]) if "clean" in music else None
    return Player(
        tracks=tracks,
        pair=size(sum(track.bytes for track in tracks if track.name in ("raw", "clean"))),
        speech=speech is not None,
        lufs=lufs is not None,
        outlines=lanes.outlines(heard),
        presence=lanes.presence(music),
        most_music=left if left and left[1] >= _HARDLY_ANY else None,
        times=lanes.time_marks(item.duration),
        frequencies=lanes.frequency_marks(item.rate),
    )


def player_files(media: Path, base: BaseItem | None) -> dict[str, Path]:
    """The files a render's player needs in the site, by name."""
    files = {LISTENING: media / LISTENING}
    for name in heard_tracks(media, base):
        audio = _source(name, media, base)
        files[f"{name}.flac"] = audio
        files[f"{name}.webp"] = audio.with_suffix(".webp")
    return files


def blind_pair(item: ItemResult, media: Path, base: BaseItem) -> BlindPair | None:
    """A render as two builds cleaned it, at equal loudness: of the speech, else of the whole.

    None where neither is known of both: the louder of the two would give itself away.
    """
    heard = heard_tracks(media, base)
    matched = pair_gains(heard["clean"], heard[BASE])
    if matched is None:
        return None
    return BlindPair(
        id=item.id,
        path=item.path,
        duration=item.duration,
        rate=item.rate,
        head=f"renders/{item.id}/clean.flac",
        base=f"renders/{item.id}/{BASE}.flac",
        head_bytes=_source("clean", media, base).stat().st_size,
        base_bytes=_source(BASE, media, base).stat().st_size,
        head_gain_db=matched[0],
        base_gain_db=matched[1],
    )


def _source(name: str, media: Path, base: BaseItem | None) -> Path:
    if name == BASE and base is not None:
        return base.folder / "clean.flac"
    return media / f"{name}.flac"
