"""Make constraints.txt, or check that it resolves on all supported platforms and Pythons.

    python tools/lock.py             keeps the current versions if pyproject.toml allows them
    python tools/lock.py --upgrade   uses the newest versions
    python tools/lock.py --check     writes and installs nothing

Needs the extra `lock` and a package registry.
"""

from __future__ import annotations

import argparse
import json
import os
import re
import subprocess
import sys
import tempfile
import tomllib
from itertools import product
from pathlib import Path
from zipfile import ZipFile

from packaging.markers import Marker

REPOSITORY = Path(__file__).parents[1]
CONSTRAINTS = REPOSITORY / "constraints.txt"
PROJECT = tomllib.loads((REPOSITORY / "pyproject.toml").read_text(encoding="utf-8"))["project"]
PYTHONS = [
    words[-1]
    for words in (line.split(" :: ") for line in PROJECT["classifiers"])
    if words[1:-1] == ["Python"]
]
LINUX = "x86_64-unknown-linux-gnu"
PLATFORMS = {
    LINUX: ("linux", "x86_64", "Linux", "posix"),
    "aarch64-unknown-linux-gnu": ("linux", "aarch64", "Linux", "posix"),
    "aarch64-apple-darwin": ("darwin", "arm64", "Darwin", "posix"),
    "x86_64-pc-windows-msvc": ("win32", "AMD64", "Windows", "nt"),
}
"""The supported platforms by their uv names, with their values of environment markers."""

_COMPARISON = re.compile(r"\w+ [<>=!]=? '[^']*'")

CUDA = ("nvidia-", "cuda-")
TORCH = (*CUDA, "torch", "triton")

HEADER = f"""\
# Every version this release is tested with, for Python {PYTHONS[0]} to {PYTHONS[-1]} on Linux
# (x86-64 and Arm), macOS (Arm) and Windows. A line without a marker holds on all of them.
# Made by `make lock`, which runs `uv pip compile --universal`.
"""


def targets() -> dict[tuple[str, str], dict[str, str]]:
    """Return the marker environment of every supported pair of Python and platform."""
    names = ("sys_platform", "platform_machine", "platform_system", "os_name")
    return {
        (python, platform): {
            "python_version": python,
            "python_full_version": f"{python}.0",
            "implementation_name": "cpython",
            "platform_python_implementation": "CPython",
            **dict(zip(names, values, strict=True)),
        }
        for python, (platform, values) in product(PYTHONS, PLATFORMS.items())
    }


def main() -> None:
    """Make or check the lock."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--check", action="store_true", help="write nothing")
    parser.add_argument("--upgrade", action="store_true", help="take the newest versions")
    options = parser.parse_args()
    if options.check:
        check()
    else:
        CONSTRAINTS.write_text(lock(*["--upgrade"] * options.upgrade))


def lock(*options: str) -> str:
    """Return the text of constraints.txt; without `--upgrade`, current versions are kept."""
    with tempfile.TemporaryDirectory() as folder:
        made = Path(folder) / "constraints.txt"
        made.write_text(CONSTRAINTS.read_text())
        every = ("--universal", "--all-extras", "--output-file", str(made))
        return HEADER + readable(compile_for(PYTHONS[0], *every, *options))


def readable(compiled: str) -> str:
    """Replace each marker in uv's output by the shortest part of it that says the same here.

    Many markers exclude platforms that are no targets, and each repeats all targets.
    """
    lines = []
    for pin, semicolon, marker in (line.partition(" ; ") for line in compiled.splitlines()):
        held = [Marker(marker).evaluate(target) for target in targets().values()] if marker else []
        for part in _COMPARISON.findall(marker):
            if [Marker(part).evaluate(target) for target in targets().values()] == held:
                marker = part
                break
        lines.append(pin if all(held) else f"{pin}{semicolon}{marker}")
    return "".join(f"{line}\n" for line in lines)


def check() -> None:
    """Resolve for every target, and print the number of packages."""
    if lock() != CONSTRAINTS.read_text():
        sys.exit("constraints.txt is not what `make lock` makes of pyproject.toml.")
    for python, platform in targets():
        pinned = ("--python-platform", platform, "--constraints", str(CONSTRAINTS))
        where = f"Python {python}, {platform}"
        base = compile_for(python, *pinned, "--only-binary", ":all:")
        expect(f"base: {where}", base.split(), without=TORCH)
        if platform == LINUX:
            extra = (*pinned, "--extra", "test")
            expect(f"base and test: {where}", compile_for(python, *extra).split())
            with tempfile.TemporaryDirectory() as folder:
                write_cpu_torch(Path(folder))
                test = compile_for(python, *extra, "--find-links", folder)
            expect(f"the same with a CPU build of torch: {where}", test.split(), without=CUDA)
    expect("base: pip on this machine", pip("--only-binary", ":all:", "."), without=TORCH)
    expect("base and test: pip on this machine", pip(".[test]"))


def expect(what: str, pins: list[str], without: tuple[str, ...] = ()) -> None:
    """Print the number of packages; exit if one has a prefix in `without`."""
    if unwanted := [pin for pin in pins if pin.startswith(without)]:
        sys.exit(f"{what}: {', '.join(unwanted)}")
    print(f"{what}: {len(pins)} packages", flush=True)


def compile_for(python: str, *options: str) -> str:
    """Return the output of `uv pip compile` for a Python version."""
    command = [sys.executable, "-m", "uv", "pip", "compile", "pyproject.toml", *options]
    command += ["--python-version", python, "--no-header", "--no-annotate"]
    # onnxruntime's wheels need macOS 14, and uv assumes 13.
    return run(command, UV_PYTHON_DOWNLOADS="never", MACOSX_DEPLOYMENT_TARGET="14.0")


def pip(*words: str) -> list[str]:
    """Return the packages that pip would install from the registry, ignoring local files."""
    command = [sys.executable, "-m", "pip", "install", "--quiet", "--dry-run", "--report", "-"]
    command += ["--ignore-installed", "--constraint", str(CONSTRAINTS), *words]
    report = json.loads(run(command, PIP_CONFIG_FILE=os.devnull, PIP_FIND_LINKS=""))
    return [package["metadata"]["name"] for package in report["install"]]


def run(command: list[str], **environment: str) -> str:
    """Return the output of a program; if it fails, exit with its error output."""
    done = subprocess.run(
        command,
        cwd=REPOSITORY,
        env={**os.environ, **environment},
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        sys.exit(f"{' '.join(command)}\n{done.stderr}")
    return done.stdout


def write_cpu_torch(folder: Path) -> None:
    """Write an empty wheel named like PyTorch's CPU build, which needs no CUDA packages."""
    pinned = next(line for line in CONSTRAINTS.read_text().splitlines() if line[:7] == "torch==")
    version = f"{pinned.removeprefix('torch==')}+cpu"
    metadata = f"Metadata-Version: 2.1\nName: torch\nVersion: {version}\n"
    with ZipFile(folder / f"torch-{version}-py3-none-any.whl", "w") as wheel:
        wheel.writestr(f"torch-{version}.dist-info/METADATA", metadata)
        wheel.writestr(f"torch-{version}.dist-info/WHEEL", "Wheel-Version: 1.0\n")
        wheel.writestr(f"torch-{version}.dist-info/RECORD", "")


if __name__ == "__main__":
    main()
