"""Download weight files, verify them, and put them into the weights folder."""

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
    """Return the addresses of a file, in the order of trying.

    The first is on `mirror`, a server of the user with the files of the weights folder under the
    same paths. Its files must have the same hashes.

    Raises:
        UsageError: the mirror is not an http or https address.
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
    """Lock the weights folder. If another process holds it, call `wait` with its id and wait.

    Raises:
        EnvironmentFault: the folder is not writable.
    """
    with fsio.run_lock(folder(), wait):
        fsio.sweep(folder())
        yield


def check_space(weights: Sequence[Remote]) -> None:
    """Check that the disk has space for the files, as far as their sizes are known.

    Raises:
        EnvironmentFault: there is not enough free space.
    """
    there = (_partial(weight) for weight in weights)
    begun = sum(path.stat().st_size for path in there if path.is_file())
    check_room(folder(), sum(weight.size or 0 for weight in weights) - begun)


def is_there(weight: Remote) -> bool:
    """Return whether the file exists in the weights folder and has the expected hash."""
    path = folder() / weight.file
    return path.is_file() and fsio.sha256_file(path).startswith(weight.sha256)


def pull(weight: Remote, urls: Sequence[str], progress: Progress) -> Path:
    """Download a file from the first working address in `urls`, verify it, and put it in place.

    The caller must hold the folder with `locked`.

    Raises:
        WeightsError: all addresses failed; the message has the reasons, and how to place the file
            by hand.
        EnvironmentFault: the file cannot be written, for example because the disk is full.
    """
    path, partial = folder() / weight.file, _partial(weight)
    failures = []
    for url in urls:
        try:
            _download_with_resume(url, partial, weight.size, progress)
        except DownloadFailed as failure:
            failures.append(f"{url}: {failure}")
            continue
        found = fsio.sha256_file(partial)
        if found.startswith(weight.sha256):
            fsio.replace_file(partial, path)
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


def _download_with_resume(url: str, partial: Path, size: int | None, progress: Progress) -> None:
    """Download, and resume as long as each attempt receives more of the file."""
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
