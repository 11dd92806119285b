"""From an address to a verified file in its place in the weights folder."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import quote

from stemsilver import fsio
from stemsilver.errors import UsageError, WeightsError
from stemsilver.weights.download import (
    CutOff,
    DownloadFailed,
    Progress,
    check_room,
    discard,
    download,
)
from stemsilver.weights.kinds import Remote, expected
from stemsilver.weights.store import folder


def addresses(weight: Remote, mirror: str | None) -> tuple[str, ...]:
    """Where a file can be had, in the order of trying.

    First comes `mirror`, a server of one's own that has the files of the weights folder under the
    same paths. What it gives is held to the same hash.

    Raises:
        UsageError: the mirror is no address of a server.
    """
    if mirror is None:
        return weight.urls
    if not mirror.startswith(("https://", "http://")):
        raise UsageError(
            f"--mirror {mirror}: not the address of a server",
            next_step="Name it as https://HOST/PATH. Files from a disk can be placed by hand in "
            f"{folder()}.",
        )
    return f"{mirror.rstrip('/')}/{quote(weight.file)}", *weight.urls


@contextmanager
def locked(wait: Callable[[str], None]) -> Iterator[None]:
    """Hold the weights folder; `wait` is told the process that has it, if another must end first.

    Raises:
        EnvironmentFault: the folder cannot be written to.
    """
    with fsio.run_lock(folder(), wait):
        fsio.sweep(folder())
        yield


def check_space(weights: Sequence[Remote]) -> None:
    """Refuse a pull for which the disk has no room, as far as sizes are known.

    Raises:
        EnvironmentFault: there is too little room.
    """
    there = (_partial(weight) for weight in weights)
    begun = sum(path.stat().st_size for path in there if path.is_file())
    check_room(folder(), sum(weight.size or 0 for weight in weights) - begun)


def is_there(weight: Remote) -> bool:
    """Whether the file is in its place and is the file it should be."""
    path = folder() / weight.file
    return path.is_file() and fsio.sha256_file(path).startswith(weight.sha256)


def pull(weight: Remote, urls: Sequence[str], progress: Progress) -> Path:
    """Fetch a file from the first of `urls` that gives it, verify it, and put it in its place.

    To be called under the `locked` folder.

    Raises:
        WeightsError: none gave it; the message has why, and how to place it by hand.
        EnvironmentFault: the disk is full, or refuses.
    """
    path, partial = folder() / weight.file, _partial(weight)
    failures = []
    for url in urls:
        try:
            _persist(url, partial, weight.size, progress)
        except DownloadFailed as failure:
            failures.append(f"{url}: {failure}")
            continue
        found = fsio.sha256_file(partial)
        if found.startswith(weight.sha256):
            fsio.put_in_place(partial, path)
            discard(partial)
            return path
        failures.append(
            f"{url}: not the expected file ({partial.stat().st_size} bytes, SHA-256 {found}); "
            "what came is deleted"
        )
        discard(partial)
    failures.insert(0, f"Weights of {weight.name} could not be pulled ({expected(weight)}):")
    raise WeightsError(
        "\n  ".join(failures),
        next_step=f"Run the same command again, which goes on where it stopped; or place the file "
        f"by hand at {path}, and run `stemsilver models verify {weight.name}`.",
    )


def _persist(url: str, partial: Path, size: int | None, progress: Progress) -> None:
    """Download, and ask again as long as each answer brings more of the file."""
    had = -1
    while True:
        try:
            return download(url, partial, size, progress)
        except CutOff:
            has = partial.stat().st_size if partial.is_file() else 0
            if has <= had:
                raise
            had = has


def _partial(weight: Remote) -> Path:
    place = folder() / weight.file
    return place.with_name(f"{place.name}.part")
