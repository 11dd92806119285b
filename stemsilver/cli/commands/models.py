"""`stemsilver models`: the weight files."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, TypeAlias

import typer
from rich.console import Console
from rich.markup import escape
from rich.progress import TransferSpeedColumn

from stemsilver.cli.console import output
from stemsilver.cli.on_use import LazyModule
from stemsilver.cli.options import ConfigFile, chosen_profile
from stemsilver.cli.progress import byte_bar
from stemsilver.errors import ConfigError, UsageError, WeightsError
from stemsilver.profiles import known_profiles, load_profile

if TYPE_CHECKING:
    from stemsilver import optional, weights
    from stemsilver.config import Profile
    from stemsilver.pipeline import tasks
    from stemsilver.weights import fetch, kinds, store
    from stemsilver.weights.kinds import Remote, Weight
else:
    weights, tasks = LazyModule("weights"), LazyModule("pipeline.tasks")
    optional = LazyModule("optional")
    store, kinds = LazyModule("weights.store"), LazyModule("weights.kinds")
    fetch = LazyModule("weights.fetch")

app = typer.Typer(
    help="List, download and verify weight files.",
    no_args_is_help=True,
)

Names: TypeAlias = Annotated[
    list[str] | None,
    typer.Argument(metavar="PROFILE|NAME…", help="Profiles, or weight files by name."),
]


@app.command("list")
def list_command(names: Names = None) -> None:
    """List the weight files: size, licence, source, SHA-256, place, and the profiles using them.

    The hashes of the files are not checked: `verify` does that.
    """
    console = output()
    chosen = _chosen(names or (), None) or list(weights.REGISTRY)
    users = _users(console)
    console.print(
        f"Weights that are pulled or placed by hand lie in {escape(str(store.folder()))}\n"
    )
    for name in chosen:
        weight = weights.entry(name)
        path = _found(name)
        _describe(console, weight, path)
        console.print(f"  {'at' if path else 'belongs at'} {escape(_where(weight, path))}")
        if isinstance(weight, kinds.Remote) and path is None:
            console.print(f"  from {escape(weight.urls[0])}")
        profiles = ", ".join(users.get(name, ()))
        console.print(f"  used by {profiles}" if profiles else "  not used by any known profile")


@app.command()
def pull(
    names: Names = None,
    config_file: ConfigFile = None,
    mirror: Annotated[
        str | None,
        typer.Option(
            envvar="STEMSILVER_MIRROR",
            help="Your own server that has the files of the weights folder under the same paths; "
            "it is tried first, and the same hashes are checked.",
        ),
    ] = None,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Show what would be pulled, and pull nothing.")
    ] = False,
) -> None:
    """Pull the weights of a profile, or some by name, into the weights folder.

    Each file's licence and source are shown before the first is pulled. An interrupted download
    is resumed. Exits with 4 if a file cannot be downloaded, or its hash differs.
    """
    console = output()
    chosen = _chosen(names or (), config_file)
    if not chosen:
        raise UsageError(
            "Say what to pull.", next_step="stemsilver models pull studio, for example."
        )
    pulled = {
        name: weight for name in chosen if isinstance(weight := weights.entry(name), kinds.Remote)
    }
    absent = []
    for name, weight in pulled.items():
        try:
            console.print(f"[green]✓[/] {name}  {escape(str(weights.verified(name)))}")
        except WeightsError:
            absent.append(weight)
    if not pulled:
        console.print("Nothing to pull: these weights come inside packages, or are your own.")
    for weight in absent:
        _describe(console, weight, None)
        for url in fetch.addresses(weight, mirror):
            console.print(f"  from {escape(url)}")
        console.print(f"  to {escape(_where(weight, None))}")
    if absent and not dry_run:
        _pull(absent, mirror, console)
    weights.check(name for name in chosen if name not in pulled)


@app.command()
def verify(names: Names = None, config_file: ConfigFile = None) -> None:
    """Compare weight files with their SHA-256; exits with 4 if one differs or is missing.

    Without names, all known files are checked; weights never pulled, or in an optional package
    that is not installed, are then not an error.
    """
    console = output()
    chosen = _chosen(names or (), config_file)
    wrong = 0
    absent = [] if chosen else [name for name in weights.REGISTRY if _is_absent(name)]
    for name in chosen or weights.REGISTRY:
        if name in absent:
            continue
        try:
            console.print(f"[green]✓[/] {name}  {escape(str(weights.verified(name)))}")
        except WeightsError as error:
            wrong += 1
            console.print(f"[red]✗[/] {escape(error.message)}\n  next: {escape(error.next_step)}")
    for word, kind in (("pulled", kinds.Remote), ("installed", kinds.Bundled)):
        lacking = [name for name in absent if isinstance(weights.entry(name), kind)]
        if lacking:
            console.print(f"Not {word}: {', '.join(lacking)}")
    raise typer.Exit(WeightsError.exit_code if wrong else 0)


def _pull(absent: list[Remote], mirror: str | None, console: Console) -> None:
    fetch.check_space(absent)

    def wait(holder: str) -> None:
        console.print(f"Waiting for another pull (process {escape(holder)}) to end.")

    with fetch.locked(wait):
        for weight in absent:
            # Another pull may have fetched it while this one waited.
            if not fetch.is_there(weight):
                with byte_bar(weight.name, TransferSpeedColumn()) as received:
                    fetch.pull(weight, fetch.addresses(weight, mirror), received)
            console.print(f"[green]✓[/] {weight.name}  {escape(_where(weight, None))}")


def _chosen(names: list[str] | tuple[str, ...], config_file: Path | None) -> list[str]:
    """Return the requested weight files, named directly or through profiles."""
    chosen: list[str] = []
    if config_file is not None:
        chosen += _needed(chosen_profile("", config_file))
    for name in names:
        if name in weights.REGISTRY:
            chosen.append(name)
        elif name in known_profiles():
            chosen += _needed(load_profile(name))
        else:
            profiles = ", ".join(sorted(known_profiles()))
            try:
                weights.entry(name)
            except UsageError as error:
                raise UsageError(
                    error.message,
                    next_step=f"{error.next_step} Or name a profile: {profiles}.",
                ) from error
    return list(dict.fromkeys(chosen))


def _needed(profile: Profile) -> tuple[str, ...]:
    return tasks.used_weights(profile)


def _users(console: Console) -> dict[str, list[str]]:
    """Return the profiles that use each weight file."""
    users: dict[str, list[str]] = {}
    for profile in sorted(known_profiles()):
        try:
            for name in _needed(load_profile(profile)):
                users.setdefault(name, []).append(profile)
        except ConfigError as error:
            console.print(f"[yellow]![/] {escape(error.message)}")
    return users


def _describe(console: Console, weight: Weight, path: Path | None) -> None:
    """Print name, size, licence and status, then source and hash."""
    length = path.stat().st_size if path else None
    if isinstance(weight, kinds.Remote):
        status = "pulled" if path else "not pulled"
        length = length or weight.size
        size = "size not published"
    else:
        status = f"in {weight.package}" if isinstance(weight, kinds.Bundled) else "your own"
        size = "missing"
    if length is not None:
        size = f"{length / 1e6:.1f} MB"
    beginning = "" if len(weight.sha256) == kinds.SHA256_DIGITS else "beginning with "
    console.print(f"[bold]{weight.name}[/]  {size}, {escape(weight.licence)}, {status}")
    console.print(f"  {escape(weight.source)}")
    console.print(f"  sha256 {beginning}{weight.sha256}")


def _is_absent(name: str) -> bool:
    """Return whether a file that not everyone has is not there."""
    weight = weights.entry(name)
    common = isinstance(weight, kinds.Bundled) and weight.package not in optional.PACKAGES
    return not common and not isinstance(weight, kinds.UserWeights) and _found(name) is None


def _found(name: str) -> Path | None:
    try:
        return weights.locate(name)
    except WeightsError:
        return None


def _where(weight: Weight, path: Path | None) -> str:
    """Return where a file is, or where it belongs."""
    if path is not None:
        return str(path)
    try:
        return str(weights.expected_path(weight))
    except WeightsError as error:
        return error.message
