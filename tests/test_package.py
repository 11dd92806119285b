"""What is shipped: the wheel, the pinned versions, and what the README says of them."""

from __future__ import annotations

import ast
import re
import subprocess
import sys
import tomllib
from email import message_from_bytes
from importlib.metadata import distributions, packages_distributions
from pathlib import Path
from zipfile import ZipFile

import pytest
from packaging.requirements import Requirement
from packaging.specifiers import SpecifierSet
from packaging.utils import canonicalize_name

REPOSITORY = Path(__file__).parents[1]
PROJECT = tomllib.loads((REPOSITORY / "pyproject.toml").read_text(encoding="utf-8"))["project"]
DEPENDENCIES = [Requirement(line) for line in PROJECT["dependencies"]]
EXTRAS = [
    Requirement(line) for extra in PROJECT["optional-dependencies"].values() for line in extra
]
DATA = ("config", "site_src", "templates", "mkdocs.yml")


def name_of(requirement: Requirement) -> str:
    return canonicalize_name(requirement.name)


# --- the wheel


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The wheel of this checkout, as pip would build it."""
    target = tmp_path_factory.mktemp("wheel")
    build = "import sys; from hatchling.build import build_wheel; build_wheel(sys.argv[1])"
    subprocess.run([sys.executable, "-c", build, target], cwd=REPOSITORY, check=True)
    [built] = target.glob("*.whl")
    return built


@pytest.fixture(scope="module")
def installed(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with what the wheel installs."""
    folder = tmp_path_factory.mktemp("installed")
    with ZipFile(wheel) as archive:
        archive.extractall(folder)
    return folder


def files(folder: Path) -> dict[str, bytes]:
    return {
        path.relative_to(folder).as_posix(): path.read_bytes()
        for path in folder.rglob("*")
        if path.is_file() and "__pycache__" not in path.parts
    }


def test_the_wheel_carries_profiles_templates_and_hand_written_pages(installed: Path) -> None:
    for name in DATA:
        source, shipped = REPOSITORY / name, installed / "stemsilver" / "_data" / name
        if source.is_file():
            assert shipped.read_bytes() == source.read_bytes()
        else:
            assert files(source), name
            assert files(shipped) == files(source), name


def test_the_wheel_carries_every_module_and_nothing_of_the_repository(installed: Path) -> None:
    shipped = files(installed / "stemsilver")
    modules = {path: content for path, content in shipped.items() if not path.startswith("_data/")}
    assert modules == files(REPOSITORY / "stemsilver")
    information = f"stemsilver-{version()}.dist-info"
    assert {path.name for path in installed.iterdir()} == {"stemsilver", information}


def version() -> str:
    text = (REPOSITORY / "stemsilver" / "version.py").read_text(encoding="utf-8")
    return re.findall(r'__version__ = "(.+)"', text)[0]


def test_the_metadata_names_licence_version_command_and_dependencies(installed: Path) -> None:
    [folder] = installed.glob("*.dist-info")
    metadata = message_from_bytes((folder / "METADATA").read_bytes())
    assert (metadata["Version"], metadata["License-Expression"]) == (version(), "MIT")
    assert metadata["Requires-Python"] == ">=3.11"
    required = [Requirement(line) for line in metadata.get_all("Requires-Dist", [])]
    assert {name_of(one) for one in required if not one.marker} == set(map(name_of, DEPENDENCIES))
    assert "stemsilver = stemsilver.cli:main" in (folder / "entry_points.txt").read_text()
    assert "MIT License" in (folder / "licenses" / "LICENSE").read_text()
    assert metadata.get_payload().strip(), "the README is empty"


def test_an_installed_wheel_works_in_an_empty_folder(installed: Path, tmp_path: Path) -> None:
    code = """
import stemsilver
from stemsilver.profiles import load_profile
from stemsilver.resources import resource
print(stemsilver.__file__)
for name in ("config", "site_src", "templates", "mkdocs.yml"):
    print(resource(name))
print(load_profile().name)
"""
    done = subprocess.run(
        [sys.executable, "-c", code],
        cwd=tmp_path,
        env={"PYTHONPATH": str(installed)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    *paths, profile = done.stdout.splitlines()
    assert profile == "embedded"
    assert [Path(path).is_relative_to(installed) for path in paths] == [True] * 5
    assert list(tmp_path.iterdir()) == []


# --- versions

CONSTRAINTS = REPOSITORY / "constraints.txt"


def pins() -> dict[str, Requirement]:
    """The constraints by canonical name."""
    lines = (line.partition("#")[0].strip() for line in CONSTRAINTS.read_text().splitlines())
    return {name_of(pin): pin for pin in (Requirement(line) for line in lines if line)}


@pytest.mark.parametrize("requirement", [*DEPENDENCIES, *EXTRAS], ids=name_of)
def test_every_dependency_is_pinned_to_a_version_it_allows(requirement: Requirement) -> None:
    pin = pins()[name_of(requirement)]
    [specifier] = pin.specifier
    assert specifier.operator == "=="
    assert requirement.specifier.contains(specifier.version)


def test_every_pinned_version_runs_on_the_oldest_python_promised() -> None:
    """A pin made on a newer patch release can shut out the Python of a Linux distribution."""
    oldest = PROJECT["requires-python"].removeprefix(">=") + ".0"
    installed = {canonicalize_name(one.name): one.metadata for one in distributions()}
    found = {name: installed[name]["Requires-Python"] for name in pins() if name in installed}
    assert {requirement.name for requirement in DEPENDENCIES} <= set(found)
    assert {
        name: needed
        for name, needed in found.items()
        if not SpecifierSet(needed or "").contains(oldest)
    } == {}


def test_every_constraint_is_an_exact_version() -> None:
    for pin in pins().values():
        assert re.fullmatch(r"==[\w.]+", str(pin.specifier)), pin


def test_the_build_backend_is_pinned_as_constrained() -> None:
    text = (REPOSITORY / "pyproject.toml").read_text(encoding="utf-8")
    for line in tomllib.loads(text)["build-system"]["requires"]:
        required = Requirement(line)
        assert pins()[name_of(required)].specifier == required.specifier


def test_every_import_is_of_a_declared_dependency() -> None:
    distributions = packages_distributions()
    declared = set(map(name_of, DEPENDENCIES))
    for path in (REPOSITORY / "stemsilver").rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            modules = [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
            if isinstance(node, ast.ImportFrom) and not node.level:
                modules = [str(node.module)]
            for top in {module.partition(".")[0] for module in modules}:
                if top not in sys.stdlib_module_names and top != "stemsilver":
                    carriers = {canonicalize_name(name) for name in distributions[top]}
                    assert carriers & declared, f"{path.name} imports {top}"


# --- the README


def table() -> str:
    """The first column of the README's table of dependencies."""
    text = (REPOSITORY / "README.md").read_text(encoding="utf-8")
    section = re.split(r"^#+ ", text.partition("# Dependencies\n")[2], maxsplit=1, flags=re.M)[0]
    rows = [line.split("|")[1] for line in section.splitlines() if line.startswith("|")]
    return ", ".join(rows)


def test_the_readme_names_every_dependency_and_no_other() -> None:
    named = {canonicalize_name(name) for name in re.findall(r"[\w.-]*\w[\w.-]*", table())}
    assert named - {"package"} == set(map(name_of, DEPENDENCIES))
