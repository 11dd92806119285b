"""The lock, complete for every promised target, and the Pythons it is for, the same everywhere."""

from __future__ import annotations

import re
from importlib.metadata import distributions

import pytest
import yaml
from licences import closure
from lock import PYTHONS, readable, targets
from packaging.requirements import Requirement
from packaging.specifiers import SpecifierSet
from packaging.utils import canonicalize_name

from .test_package import DEPENDENCIES, OPTIONAL, PROJECT, REPOSITORY, SETTINGS, name_of

EXTRAS = [Requirement(line) for extra in OPTIONAL.values() for line in extra]
PINS = [
    Requirement(line)
    for line in (REPOSITORY / "constraints.txt").read_text(encoding="utf-8").splitlines()
    if not line.startswith("#")
]
OLDEST, NEWEST = PYTHONS[0], PYTHONS[-1]
BEYOND = f"3.{int(NEWEST.removeprefix('3.')) + 1}"

Target = dict[str, str]
EACH_TARGET = pytest.mark.parametrize(
    "target", targets().values(), ids=[" ".join(target) for target in targets()]
)


def applies(requirement: Requirement, target: Target) -> bool:
    return requirement.marker is None or requirement.marker.evaluate(target)


def pinned(target: Target) -> dict[str, str]:
    """The versions for a target by canonical name, each once."""
    pins = [pin for pin in PINS if applies(pin, target)]
    versions = {name_of(pin): next(iter(pin.specifier)).version for pin in pins}
    assert len(versions) == len(pins)
    return versions


# --- the lock


@EACH_TARGET
def test_every_dependency_is_pinned_to_a_version_it_allows(target: Target) -> None:
    versions = pinned(target)
    for requirement in (*DEPENDENCIES, *EXTRAS):
        if requirement.name != "stemsilver" and applies(requirement, target):
            assert requirement.specifier.contains(versions[name_of(requirement)]), requirement


def test_every_pin_is_an_exact_version_that_runs_on_the_oldest_python() -> None:
    """A pin made on a newer patch release can shut out the Python of a Linux distribution."""
    installed = {canonicalize_name(one.name): one.metadata for one in distributions()}
    for pin in PINS:
        assert re.fullmatch(r"==[\w.]+", str(pin.specifier)), pin
        assert not pin.extras, pin
        if name_of(pin) in installed:
            needed = installed[name_of(pin)].get("Requires-Python", "")
            assert SpecifierSet(needed).contains(f"{OLDEST}.0"), pin
    assert set(map(name_of, DEPENDENCIES)) <= set(map(name_of, PINS)) & installed.keys()


def test_the_build_backend_is_pinned_as_constrained() -> None:
    for line in SETTINGS["build-system"]["requires"]:
        required = Requirement(line)
        assert required.specifier in [pin.specifier for pin in PINS if pin.name == required.name]


def test_nothing_of_the_plain_installation_needs_torch() -> None:
    reached = closure(DEPENDENCIES, without=())
    assert {"ctranslate2", "numpy", "onnxruntime"} <= reached
    assert [name for name in reached if name.startswith(("torch", "triton", "nvidia"))] == []


def test_a_marker_of_the_lock_says_only_what_differs() -> None:
    systems = "((sys_platform == 'darwin') or sys_platform == 'linux' or sys_platform == 'win32')"
    promised = f"python_full_version < '{BEYOND}' and {systems}"
    compiled = f"""\
alike==1.0 ; {promised}
also-alike==1.0 ; {promised}
by-python==1.0 ; python_full_version < '3.12' and {systems}
by-python==2.0 ; python_full_version >= '3.12' and {promised}
by-system==1.0 ; python_full_version < '{BEYOND}' and sys_platform == 'linux'
not-on-pypy==1.0 ; implementation_name != 'PyPy' and {promised}
"""
    assert readable(compiled).splitlines() == [
        "alike==1.0",
        "also-alike==1.0",
        "by-python==1.0 ; python_full_version < '3.12'",
        "by-python==2.0 ; python_full_version >= '3.12'",
        "by-system==1.0 ; sys_platform == 'linux'",
        "not-on-pypy==1.0",
    ]


# --- the Pythons


def test_the_same_pythons_are_promised_everywhere() -> None:
    assert [f"3.{minor}" for minor in range(11, 11 + len(PYTHONS))] == PYTHONS
    assert PROJECT["requires-python"] == f">={OLDEST},<{BEYOND}"
    for environment in SETTINGS["tool"]["uv"]["environments"]:
        assert environment.startswith(f"python_version < '{BEYOND}' and ")
    assert SETTINGS["tool"]["mypy"]["python_version"] == OLDEST
    assert SETTINGS["tool"]["ruff"]["target-version"] == f"py{OLDEST.replace('.', '')}"

    ci = yaml.safe_load((REPOSITORY / ".github/workflows/ci.yml").read_text(encoding="utf-8"))
    matrices = {name: job.get("strategy", {}).get("matrix", {}) for name, job in ci["jobs"].items()}
    tried = {name: matrix["python"] for name, matrix in matrices.items() if matrix}
    assert tried == {"rooms": PYTHONS, "test": [OLDEST, NEWEST]}
    action = yaml.safe_load((REPOSITORY / "action.yml").read_text(encoding="utf-8"))
    assert action["inputs"]["python-version"]["default"] in PYTHONS

    oldest, beyond = (version.replace(".", ", ") for version in (OLDEST, BEYOND))
    makefile = (REPOSITORY / "Makefile").read_text(encoding="utf-8")
    assert f"not ({oldest}) <= sys.version_info < ({beyond})" in makefile
    for python in PYTHONS:
        assert f" python{python} " in makefile
    said = ("README.md", "templates/repository/README.md", "action.yml", "Makefile")
    for name in (*said, "constraints.txt"):
        text = (REPOSITORY / name).read_text(encoding="utf-8")
        assert f"Python {OLDEST} to {NEWEST}" in text, name
