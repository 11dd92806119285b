"""Checks before the work begins, so that no work is wasted."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path, PurePosixPath

from stemsilver import optional, weights
from stemsilver.config import Profile
from stemsilver.device import check_variable, device
from stemsilver.errors import UsageError
from stemsilver.pipeline import tasks
from stemsilver.profiles import name_of
from stemsilver.records import Render


def check_outputs(renders: Sequence[Render], folders: Mapping[str, Path]) -> None:
    """Refuse folders in which a build would overwrite its own inputs or outputs.

    `folders` are the output folders by the names of their options; one is the `site`.

    Raises:
        UsageError: an output is in the raw folder, two are the same, or the site, which is
            replaced as a whole, contains the working folder, the raw folder or another output.
    """
    outputs = {name: folder.resolve() for name, folder in folders.items()}
    roots = {
        render.source.absolute().parents[len(PurePosixPath(render.path).parts) - 1].resolve()
        for render in renders
    }
    check_outside(roots, folders)
    for name, folder in outputs.items():
        same = [other for other in outputs if other != name and outputs[other] == folder]
        if same:
            raise UsageError(
                f"--{name} and --{same[0]} are the same folder, {folder}",
                next_step="Give each a folder of its own.",
            )
    site = outputs.pop("site")
    for kept in (Path.cwd(), *outputs.values(), *roots):
        if kept.is_relative_to(site):
            raise UsageError(
                f"--site {site} is deleted and rebuilt, but it contains {kept}",
                next_step="Choose a folder that contains nothing but the site.",
            )


def check_outside(roots: Iterable[Path], folders: Mapping[str, Path]) -> None:
    """Refuse output folders in which the next run would find its own outputs as renders.

    `roots` are the folders that are searched for renders; hidden folders in them are not.

    Raises:
        UsageError: an output is in one of them.
    """
    for root in roots:
        for name, given in folders.items():
            folder = given.resolve()
            if not folder.is_relative_to(root):
                continue
            if not any(part.startswith(".") for part in folder.relative_to(root).parts):
                raise UsageError(
                    f"--{name} {folder} lies in the raw folder {root}",
                    next_step="Name a folder outside it.",
                )


def check_overwrites(renders: Sequence[Render], folder: Path) -> None:
    """Refuse a folder in which the output of one render would replace another render.

    Raises:
        UsageError: there are such renders, as when `*.wav` names the outputs of the last run too.
    """
    sources = {render.source.resolve(): render for render in renders}
    for render in renders:
        replaced = sources.get((folder / render.output).resolve())
        if replaced is not None:
            raise UsageError(
                f"{replaced.source} is to be cleaned, and is the output of {render.source}",
                next_step="Leave it out, or name another folder with --output.",
            )


def verify_models(*profiles: Profile) -> None:
    """Check the device, and every package and weight file that the profiles need.

    Raises:
        UsageError: the device does not exist.
        EnvironmentFault: packages are not installed; the message names them all.
        WeightsError: weight files are missing or altered; the message names them all.
    """
    check_variable()
    if any(map(large_models, profiles)):
        device()
    optional.check(name for profile in profiles for name in profile.models)
    used = dict.fromkeys(name for profile in profiles for name in tasks.used_weights(profile))
    known = [name_of(profile) for profile in profiles]
    named = [name for name in known if name is not None]
    weights.check(used, " ".join(named) if len(named) == len(known) else None)


def large_models(profile: Profile) -> bool:
    """Return whether a profile uses any large model, which no package contains."""
    return weights.large(tasks.used_weights(profile))
