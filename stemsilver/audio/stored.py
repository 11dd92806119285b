"""Long signals on disk, as NumPy files that are read and written block by block."""

from __future__ import annotations

import uuid
import weakref
from collections.abc import Iterable
from pathlib import Path
from typing import BinaryIO

import numpy as np

from stemsilver import fsio
from stemsilver.records import Samples, Signal
from stemsilver.signals import is_long

_ITEM = np.dtype("<f4")


class StoredSignal:
    """A signal in a `.npy` file of shape (channels, frames). Only what is sliced is read.

    The file stays open: on Linux and macOS it can be read until the end even if the cache that it
    belongs to deletes it. Windows cannot delete it before, so a temporary folder for signals is
    removed with `ignore_cleanup_errors`.

    With `temporary`, the file is deleted when the signal is no longer used.
    """

    def __init__(self, path: Path, *, temporary: bool = False) -> None:
        self._file = path.open("rb")
        version = np.lib.format.read_magic(self._file)
        read_header = {
            (1, 0): np.lib.format.read_array_header_1_0,
            (2, 0): np.lib.format.read_array_header_2_0,
        }[version]
        self._shape, _, _ = read_header(self._file)
        self._start = self._file.tell()
        weakref.finalize(self, _discard, self._file, path if temporary else None)

    @property
    def shape(self) -> tuple[int, ...]:
        """The number of channels and of frames."""
        return self._shape

    def __getitem__(self, index: tuple[slice, slice], /) -> Samples:
        channels = range(*index[0].indices(self._shape[0]))
        start, stop, _ = index[1].indices(self._shape[1])
        found = np.empty((len(channels), max(0, stop - start)), np.float32)
        for row, channel in enumerate(channels):
            self._file.seek(self._start + (channel * self._shape[1] + start) * _ITEM.itemsize)
            found[row] = np.fromfile(self._file, _ITEM, found.shape[1])
        return found


def store(blocks: Iterable[Samples], shape: tuple[int, ...], path: Path) -> None:
    """Write a signal that comes in blocks to a `.npy` file.

    Raises:
        ValueError: the blocks have fewer or more frames than `shape` says.
        EnvironmentFault: the disk is full, or the file cannot be written.
    """
    channels, frames = shape
    with fsio.writing(path):
        file = path.open("wb")
    with file:
        header = {"descr": _ITEM.str, "fortran_order": False, "shape": (channels, frames)}
        np.lib.format.write_array_header_1_0(file, header)
        start = file.tell()
        done = 0
        for block in blocks:
            with fsio.writing(path):
                for channel, samples in enumerate(block):
                    file.seek(start + (channel * frames + done) * _ITEM.itemsize)
                    file.write(samples.astype(_ITEM).tobytes())
            done += block.shape[-1]
        _require(done, frames)
        with fsio.writing(path):
            file.flush()


def collect(blocks: Iterable[Samples], shape: tuple[int, ...], folder: Path | None) -> Signal:
    """Return a signal that comes in blocks: in memory, or, if it is long, in a file in `folder`.

    The file is deleted when the signal is no longer used. Without `folder`, a long signal is kept
    in memory too.

    Raises:
        ValueError: the blocks have fewer or more frames than `shape` says.
        EnvironmentFault: the disk is full, or the file cannot be written.
    """
    if folder is not None and is_long(shape):
        path = folder / f"{uuid.uuid4().hex}.npy"
        store(blocks, shape, path)
        return StoredSignal(path, temporary=True)
    samples = np.empty(shape, np.float32)
    done = 0
    for block in blocks:
        end = done + block.shape[-1]
        if end <= shape[-1]:
            samples[:, done:end] = block
        done = end
    _require(done, shape[-1])
    return samples


def _require(done: int, frames: int) -> None:
    if done != frames:
        raise ValueError(f"{done} frames instead of {frames}")


def _discard(file: BinaryIO, path: Path | None) -> None:
    file.close()
    if path is not None:
        path.unlink(missing_ok=True)
