"""Registry entries: the metadata of a weight file."""

from __future__ import annotations

from dataclasses import dataclass

SHA256_DIGITS = 64


@dataclass(frozen=True)
class Bundled:
    """A weight file inside an installed package.

    `package` is the pip name, `module` the import name, `file` the path below the module, and
    `size` is in bytes.
    """

    name: str
    package: str
    module: str
    file: str
    size: int
    sha256: str
    licence: str
    source: str


@dataclass(frozen=True)
class HubFile:
    """The same weights in a Hugging Face repository, to be found in the local Hugging Face cache.

    `sha256` has all 64 digits.
    """

    repository: str
    file: str
    sha256: str


@dataclass(frozen=True)
class Remote:
    """A weight file in the weights folder, put there by `models pull` or by hand.

    `file` is the path below the folder. `sha256` has all 64 digits, or only the first ones if the
    publisher states no more, in the file name. `size` is in bytes, None if the publisher does not
    state it. `urls` are tried in order. `hub` is the same weights in another format, which the
    local Hugging Face cache may have.
    """

    name: str
    file: str
    size: int | None
    sha256: str
    licence: str
    source: str
    urls: tuple[str, ...]
    hub: HubFile | None = None


@dataclass(frozen=True)
class UserWeights:
    """Weights of the user that replace official ones of the same name, listed in `weights.yaml`.

    `file` is the path below the weights folder; `sha256` has all 64 digits.
    """

    name: str
    file: str
    sha256: str
    licence: str
    source: str


Weight = Bundled | Remote | UserWeights


def expected(weight: Weight) -> str:
    """Describe the expected size and hash of the file of `weight`."""
    size = None if isinstance(weight, UserWeights) else weight.size
    sized = "" if size is None else f"{size} bytes, "
    beginning = "" if len(weight.sha256) == SHA256_DIGITS else "beginning with "
    return f"{sized}SHA-256 {beginning}{weight.sha256}"
