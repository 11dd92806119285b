"""What is known of a weight file before it is opened."""

from __future__ import annotations

from dataclasses import dataclass

SHA256_DIGITS = 64


@dataclass(frozen=True)
class Bundled:
    """A weight file inside an installed package.

    `package` is what pip calls it, `module` what Python calls it, `file` the path below it,
    `size` its length in bytes.
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
    """The same weights in a repository of the Hugging Face hub, as its local cache may hold them.

    `sha256` has all 64 digits.
    """

    repository: str
    file: str
    sha256: str


@dataclass(frozen=True)
class Remote:
    """A weight file in the weights folder, put there by `models pull` or by hand.

    `file` is its path below the folder. `sha256` is all 64 digits, or as many of the first as the
    publisher gives in the name of the file. `size` is in bytes, None where the publisher does not
    say. `urls` are where it is published, the first first. `hub` is where a local cache may have
    the same weights in another format.
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
class Own:
    """Weights of the user's own under the name of official ones, listed in `weights.yaml`.

    `file` is the path below the weights folder; `sha256` has all 64 digits.
    """

    name: str
    file: str
    sha256: str
    licence: str
    source: str


Weight = Bundled | Remote | Own


def expected(weight: Weight) -> str:
    """What the file of `weight` must be, in words."""
    size = None if isinstance(weight, Own) else weight.size
    sized = "" if size is None else f"{size} bytes, "
    beginning = "" if len(weight.sha256) == SHA256_DIGITS else "beginning with "
    return f"{sized}SHA-256 {beginning}{weight.sha256}"
