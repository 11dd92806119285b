"""The exceptions that Stemsilver raises.

Each class has the exit code of the command and a next step for the user. An error that concerns
only one render (`ItemError`) does not stop a batch: it is recorded as the reason for that render,
and the batch continues.

::

    StemsilverError                 1
    ├── ItemError                   1   one render cannot be processed; the batch continues
    │   ├── EmptyAudio                  0 bytes, header only, 0 frames
    │   ├── UnreadableAudio             corrupt, truncated, not audio
    │   ├── NonFiniteAudio              NaN or infinite samples
    │   ├── TooLong                     longer than `preprocess.max_minutes`
    │   ├── NameClash                   two renders would share an id or output
    │   ├── StageError                  a step of the chain returned an unusable result
    │   └── WorkerCrashed               the worker process died on this render
    ├── SiteError                   1   the site could not be published; the old one is unchanged
    ├── UsageError                  2   wrong arguments
    │   └── ConfigError                 unknown key, wrong type, out of range, missing file
    ├── NothingToDo                 3   no renders found
    └── EnvironmentFault            4   weights, disk, codec, cluster
        ├── WeightsError                missing or altered weight file
        └── Locked                      another run is using this output folder
"""

from __future__ import annotations

from typing import ClassVar


class StemsilverError(Exception):
    """Base class of all errors. `code` is the stable identifier used in scorecards and tests."""

    exit_code: ClassVar[int] = 1
    code: ClassVar[str] = "error"
    next_step: ClassVar[str] = "Report this with the command you ran."

    def __init__(self, message: str, *, next_step: str | None = None) -> None:
        super().__init__(message)
        self.message = message
        if next_step is not None:
            self.next_step = next_step  # type: ignore[misc]

    def __reduce__(self) -> tuple[object, ...]:
        # Errors are pickled between worker processes; the default loses keyword-only arguments.
        return (_rebuild, (type(self), self.message, self.next_step))

    def __str__(self) -> str:
        return self.message


def _rebuild(kind: type[StemsilverError], message: str, next_step: str) -> StemsilverError:
    return kind(message, next_step=next_step)


class ItemError(StemsilverError):
    """One render cannot be processed; no other render is affected."""

    code = "failed"
    next_step = "Render the file again, or take it out of the batch."


class EmptyAudio(ItemError):
    """The file holds no audio frames."""

    code = "empty"


class UnreadableAudio(ItemError):
    """The file is corrupt, truncated, or not audio at all."""

    code = "unreadable"
    next_step = "Export the file again as WAV or FLAC."


class NonFiniteAudio(ItemError):
    """The file holds NaN or infinite samples."""

    code = "non_finite"
    next_step = "Find the NaN or infinite samples in the renderer's output and render again."


class TooLong(ItemError):
    """The file is longer than the configured limit."""

    code = "too_long"
    next_step = "Split the file, or raise preprocess.max_minutes in the profile."


class NameClash(ItemError):
    """Two renders would share an id or an output."""

    code = "name_clash"
    next_step = "Rename one of the two files."


class StageError(ItemError):
    """A step of the cleaning chain returned an unusable result."""

    code = "stage_failed"
    next_step = (
        "Run `stemsilver doctor`; if it finds no problem, report the file with this message."
    )


class WorkerCrashed(ItemError):
    """The process working on this render died (out of memory, a crash in native code)."""

    code = "crashed"
    next_step = "Run this file alone with --jobs 1; a lack of memory is the usual cause."


class SiteError(StemsilverError):
    """The site failed a check before publication; the previous site is unchanged."""

    code = "site"
    next_step = (
        "Correct the page named in the message and build again. The previous site is unchanged."
    )


class UsageError(StemsilverError):
    """The command was called in a way that cannot work."""

    exit_code = 2
    code = "usage"
    next_step = "See `stemsilver --help`."


class ConfigError(UsageError):
    """The configuration has an unknown key, a wrong type or a value out of range."""

    code = "config"
    next_step = "Correct the value in the profile that the message names."


class NothingToDo(StemsilverError):
    """No renders were found."""

    exit_code = 3
    code = "nothing_to_do"
    next_step = (
        "Put renders (.wav, .flac, .mp3, …) in the raw folder, or name another with --raw. "
        "For an example: stemsilver demo"
    )


class EnvironmentFault(StemsilverError):
    """Something is missing on this machine or cluster: weights, disk space, a codec, workers."""

    exit_code = 4
    code = "environment"
    next_step = "Run `stemsilver doctor`."


class WeightsError(EnvironmentFault):
    """A weight file is missing or altered."""

    code = "weights"
    next_step = "Run `stemsilver models verify`, then reinstall the package it names."


class Locked(EnvironmentFault):
    """Another run is writing to the same outputs."""

    code = "locked"
    next_step = "Wait for the other run, or stop it."
