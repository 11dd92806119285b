"""The rooms of CONTRIBUTING.md: who may import whom, and what a module may look like.

The checker reads the source only, so imports inside functions and under `TYPE_CHECKING` count.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

import stemsilver

PACKAGE = Path(stemsilver.__file__).parent
ROOT = "stemsilver"

ROOMS = (
    "errors records resources translation",
    "fsio config device optional memory signals worker",
    "discover audio weights cache profiles dsp",
    "step_cache",
    "cleaning evaluation",
    "report media",
    "microsite",
    "delivery",
    "pipeline",
    "public cli",
    "api __main__",
)
LEVELS = {room: level for level, rooms in enumerate(ROOMS) for room in rooms.split()}
FOR_EVERYONE = set(ROOMS[0].split())
AUDIO_LIBRARIES = {"soundfile", "soxr"}
INPUT_OUTPUT = {"io", "logging", "os", "pathlib", "shutil", "subprocess", "tempfile", "yaml"}
VAGUE = {"common", "helper", "helpers", "manager", "managers", "util", "utils"}
MAX_LINES = 400
MAX_SIDE_BY_SIDE = 14


def imports(tree: ast.AST, module: str, is_package: bool) -> Iterator[str]:
    """The absolute name of everything imported anywhere in the tree of `module`."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            above = module.split(".")
            if node.level:
                above = above[: len(above) - node.level + is_package]
            origin = [*above, node.module] if node.level and node.module else above
            base = ".".join(origin) if node.level else str(node.module)
            yield from (f"{base}.{alias.name}" for alias in node.names)
        elif isinstance(node, ast.Call) and node.args:
            # importlib.import_module("…") and __import__("…")
            called = node.func.attr if isinstance(node.func, ast.Attribute) else node.func
            name = called.id if isinstance(called, ast.Name) else called
            target = node.args[0]
            if name in ("import_module", "__import__") and isinstance(target, ast.Constant):
                yield str(target.value)


def room_of(module: str) -> str | None:
    """The room of a module of ours; None for the package itself, the public face."""
    parts = module.split(".")
    return parts[1] if len(parts) > 1 and parts[1] in LEVELS else None


def fault(room: str | None, imported: str) -> str | None:
    """Why `room` may not import this name, if it may not."""
    top, *_ = imported.split(".")
    if top != ROOT:
        if top in AUDIO_LIBRARIES and room != "audio":
            return f"{top} belongs to audio alone"
        if top in INPUT_OUTPUT and room == "dsp":
            return f"dsp does no I/O, so it has no use for {top}"
        return None
    target = room_of(imported)
    if target is None:
        return None if imported == f"{ROOT}.__version__" else f"{imported} is in no known room"
    if room == "dsp" and target not in ("dsp", "records", "signals"):
        return f"dsp knows only records, not {target}"
    if room is None or target == room or target in FOR_EVERYONE:
        return None
    if LEVELS[target] >= LEVELS[room]:
        return f"{target} is not below {room}"
    return None


def violations(source: str, module: str, *, is_package: bool = False) -> list[str]:
    """What is wrong with a module, as sentences."""
    tree = ast.parse(source)
    room = room_of(module)
    found = []
    if room is None and module != ROOT:
        found.append("is in no known room")
    if VAGUE & set(module.split(".")):
        found.append("has a name that says nothing")
    if not ast.get_docstring(tree):
        found.append("has no docstring")
    if (lines := len(source.splitlines())) > MAX_LINES:
        found.append(f"has {lines} lines, more than {MAX_LINES}")
    found += [why for name in imports(tree, module, is_package) if (why := fault(room, name))]
    if room == "dsp" and any(
        isinstance(node, ast.Name) and node.id in ("open", "print", "input")
        for node in ast.walk(tree)
    ):
        found.append("dsp does no I/O")
    return found


def modules() -> dict[str, Path]:
    """Every module of the package by its absolute name."""
    found = {}
    for path in sorted(PACKAGE.rglob("*.py")):
        parts = path.relative_to(PACKAGE.parent).with_suffix("").parts
        found[".".join(parts[:-1] if parts[-1] == "__init__" else parts)] = path
    return found


def test_every_module_keeps_to_its_room() -> None:
    found = {
        module: violations(
            path.read_text(encoding="utf-8"), module, is_package=path.name == "__init__.py"
        )
        for module, path in modules().items()
    }
    assert {module: why for module, why in found.items() if why} == {}
    assert {room_of(module) for module in found} - {None} == set(LEVELS)


@pytest.mark.parametrize(
    ("module", "source", "why"),
    [
        ("dsp.eq", "from stemsilver.config import Profile", "dsp knows only records, not config"),
        ("dsp.eq", "from stemsilver.errors import StageError", "dsp knows only records"),
        ("dsp.eq", "import pathlib", "no use for pathlib"),
        ("dsp.eq", "def f():\n    return open('x')", "dsp does no I/O"),
        ("cleaning.x", "from stemsilver.evaluation import suite", "is not below cleaning"),
        ("evaluation.wer", "import stemsilver.cleaning.chain", "cleaning is not below evaluation"),
        ("errors", "from stemsilver import fsio", "fsio is not below errors"),
        ("fsio", "def f():\n    from stemsilver.pipeline import loop", "is not below fsio"),
        ("audio", "if TYPE_CHECKING:\n    import stemsilver.cleaning", "is not below audio"),
        ("weights", "import importlib as i\ni.import_module('stemsilver.cli')", "cli is not below"),
        ("cleaning.chain", "from ..evaluation import suite", "evaluation is not below cleaning"),
        ("media.plots", "import soundfile as sf", "soundfile belongs to audio alone"),
        ("evaluation.asr", "from soxr import resample", "soxr belongs to audio alone"),
        ("cleaning.helpers", "", "a name that says nothing"),
        ("gadgets", "", "is in no known room"),
        ("report.x", "\n" * MAX_LINES + "pass", "more than 400"),
    ],
)
def test_the_checker_sees_a_planted_violation(module: str, source: str, why: str) -> None:
    found = violations(f'"""Planted."""\n{source}\n', f"{ROOT}.{module}")
    assert len(found) == 1
    assert why in found[0]


def test_the_checker_lets_a_good_module_pass_and_misses_its_docstring() -> None:
    source = """
from pathlib import Path
import numpy as np
from stemsilver import __version__, weights
from stemsilver.errors import StageError
from . import denoisers
from ..dsp.eq import equalise
"""
    assert violations(f"'Cleans.'{source}", f"{ROOT}.cleaning.chain") == []
    assert violations(source, f"{ROOT}.cleaning.chain") == ["has no docstring"]


def test_no_room_is_crowded_or_passed_over() -> None:
    """Test runners, ignore files and code tools take a folder called `build` for generated."""
    folders = {path.parent for path in PACKAGE.rglob("*.py")}
    assert PACKAGE / "cleaning" / "separators" in folders
    for folder in folders:
        inside = {path.name for path in folder.glob("*.py")} - {"__init__.py", "__main__.py"}
        assert len(inside) <= MAX_SIDE_BY_SIDE, folder
        assert folder.name not in ("build", "dist", "node_modules")


def test_no_two_public_classes_share_a_name() -> None:
    """Who reads a name in a trace or a signature knows which of them it is."""
    found: dict[str, str] = {}
    for module, path in modules().items():
        for node in ast.parse(path.read_text(encoding="utf-8")).body:
            if isinstance(node, ast.ClassDef) and not node.name.startswith("_"):
                assert found.setdefault(node.name, module) == module, node.name
