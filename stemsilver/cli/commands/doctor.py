"""`stemsilver doctor`: what this machine can run, and how to fix the rest."""

from __future__ import annotations

import os
import shutil
import sys
from collections.abc import Callable, Collection
from contextlib import suppress
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.markup import escape

from stemsilver.cli.console import output
from stemsilver.cli.on_use import LazyModule
from stemsilver.cli.options import DEFAULT_CACHE, ConfigFile, ProfileName, chosen_profile
from stemsilver.errors import ConfigError, EnvironmentFault, StemsilverError, WeightsError
from stemsilver.profiles import DEFAULT, known_profiles, load_profile, name_of
from stemsilver.resources import resource

if TYPE_CHECKING:
    from stemsilver import audio, config, device, optional, records, weights
    from stemsilver.cli import bug_report
    from stemsilver.config import Profile
    from stemsilver.pipeline import tasks
else:
    audio, device, optional = LazyModule("audio"), LazyModule("device"), LazyModule("optional")
    tasks = LazyModule("pipeline.tasks")
    records, weights = LazyModule("records"), LazyModule("weights")
    bug_report, config = LazyModule("cli.bug_report"), LazyModule("config")

FREE_GIGABYTES = 2.0
"""With less, the cache and the site of a batch of a few minutes can fill the disk."""


def command(
    profile: ProfileName = DEFAULT,
    config_file: ConfigFile = None,
    report: Annotated[
        bool,
        typer.Option(
            "--report",
            help="Print versions, machine, profile and results for a bug report, without names of "
            "users, hosts or folders.",
        ),
    ] = False,
) -> None:
    """Check Python, codecs, packages, weights, device, disk; exits with 4 if something is missing.

    Everything that the profile needs must be there. What other profiles lack is listed, but is not
    an error.
    """
    found: _Findings = _Report() if report else _Findings()
    checks = dict(CHECKS)
    try:
        judged = chosen_profile(profile, config_file)
    except ConfigError as error:
        found.fault("profile", error)
    else:
        found.profile(judged)
        checks |= {name: partial(check, judged) for name, check in NEEDS.items()}
    for name, check in checks.items():
        try:
            found.good(name, check())
        except StemsilverError as error:
            found.fault(name, error)
    found.others(known_profiles().keys() - {profile})
    raise typer.Exit(EnvironmentFault.exit_code if found.faults else 0)


class _Findings:
    """A printer of the results, which counts the faults."""

    def __init__(self) -> None:
        self._console = output()
        self.faults = 0

    def profile(self, judged: Profile) -> None:
        self.good("profile", f"{judged.name}: {judged.description}")

    def good(self, name: str, what: str) -> None:
        self._console.print(f"[green]✓[/] {name}: {escape(what)}")

    def fault(self, name: str, error: StemsilverError) -> None:
        self.faults += 1
        self._console.print(f"[red]✗[/] {name}: {escape(error.message)}")
        self._console.print(f"  next: {escape(error.next_step)}")

    def others(self, names: Collection[str]) -> None:
        """Print what other profiles lack."""
        for name in sorted(names):
            self._other(name)

    def _other(self, name: str) -> None:
        """Print what a profile lacks. Existing files are not verified: that takes long."""
        try:
            packages, files = _lacks(load_profile(name))
        except StemsilverError as error:
            message = escape(f"{name}: {error.message}")
            self._console.print(f"[yellow]![/] not ready: {message}")
            return
        if not packages and not files:
            self.good(f"profile {name}", "its packages and weights are there")
            return
        named = {"packages": [package.name for package in packages], "weights": files}
        lacks = "; ".join(f"{what} {', '.join(them)}" for what, them in named.items() if them)
        steps = [optional.install(packages)] if packages else []
        steps += [f"stemsilver models pull {name}"] if files else []
        self._console.print(f"[yellow]![/] not ready: {escape(name)}: lacks {lacks}")
        for step in steps:
            self._console.print(f"  to have it: {escape(step)}")


class _Report(_Findings):
    """A printer of the results for a bug report: what `bug_report` lets through."""

    def __init__(self) -> None:
        super().__init__()
        for line in bug_report.machine():
            self._say(line)

    def profile(self, judged: Profile) -> None:
        shipped = resource("config") / f"{judged.name}.yaml"
        same = shipped.is_file() and config.load(shipped) == judged
        self._say(f"Profile: {judged.name if same else 'of the user'}")
        self._say(f"Settings: {tasks.sound_digest(judged)}")
        self._say(f"Models: {', '.join(dict.fromkeys(judged.models))}")
        with suppress(StemsilverError):  # the checks have it, too
            packages, files = _lacks(judged)
            lacks = [*(package.name for package in packages), *files]
            self._say(f"Not there: {', '.join(lacks) or 'nothing'}")

    def good(self, name: str, what: str) -> None:
        self._say(f"Check: {name}: ok" + (f", {what}" if name in SHAREABLE else ""))

    def fault(self, name: str, error: StemsilverError) -> None:
        self.faults += 1
        self._say(f"Check: {name}: failed, {error.code}")

    def others(self, names: Collection[str]) -> None:
        self._say(bug_report.packages())

    def _say(self, line: str) -> None:
        self._console.print(escape(line))


def _lacks(profile: Profile) -> tuple[list[optional.Package], list[str]]:
    """Return the packages and the weight files to pull that a profile needs and lacks."""
    # The other weights come with their packages.
    pulled = [file for file in tasks.used_weights(profile) if weights.large([file])]
    return list(optional.missing(profile.models)), [one for one in pulled if not _is_there(one)]


def _python() -> str:
    return f"{sys.version.split()[0]}, {device.cores()} cores"


def _device() -> str:
    return device.device_name()


def _codecs() -> str:
    """Encode a tone in memory to the formats that every build writes."""
    import numpy as np

    tone = records.Audio((np.sin(np.arange(2400) / 10)[None] / 2).astype(np.float32), 24_000)
    for encode in (audio.encode_wav, audio.encode_flac16):
        encode(tone)
    return "WAV and FLAC"


def _disk() -> str:
    free = shutil.disk_usage(Path.cwd()).free / 1e9
    if free < FREE_GIGABYTES:
        raise EnvironmentFault(
            f"{free:.1f} GB free in {Path.cwd()}",
            next_step=f"Free some space, or keep the cache elsewhere with --cache (now "
            f"{DEFAULT_CACHE}).",
        )
    return f"{free:.0f} GB free"


def _folder() -> str:
    if not os.access(Path.cwd(), os.W_OK):
        raise EnvironmentFault(
            f"{Path.cwd()} cannot be written to",
            next_step="Run stemsilver in a folder of your own.",
        )
    return "the working folder can be written to"


def _site() -> str:
    return str(resource("site_src"))


CHECKS: dict[str, Callable[[], str]] = {
    "python": _python,
    "device": _device,
    "codecs": _codecs,
    "site sources": _site,
    "disk": _disk,
    "folder": _folder,
}
"""Checks that return what they found, or raise an error with the step that fixes it."""

SHAREABLE = ("device", "codecs", "disk", "weights")
"""The checks whose findings tell nothing about the user."""


def _packages(profile: Profile) -> str:
    optional.check(profile.models)
    return f"all that {profile.name} runs on"


def _weights(profile: Profile) -> str:
    """Verify every weight file that the profile loads."""
    names = tasks.used_weights(profile)
    weights.check(names, name_of(profile))
    return f"{len(names)} files intact"


NEEDS: dict[str, Callable[[Profile], str]] = {"packages": _packages, "weights": _weights}
"""Checks of what a profile needs in addition."""


def _is_there(name: str) -> bool:
    try:
        return weights.locate(name).is_file()
    except WeightsError:
        return False
