"""What is shipped: the wheel, and its dependencies as the code and the documents have them."""

from __future__ import annotations

import ast
import re
import subprocess
import sys
import tarfile
import tomllib
from email import message_from_bytes
from importlib.metadata import packages_distributions
from pathlib import Path
from typing import get_args

from licences import NON_COMMERCIAL, PAGE, STATED, closure, packages, rows
from licences import installed as stated_licences
from packaging.requirements import Requirement
from packaging.specifiers import SpecifierSet
from packaging.utils import canonicalize_name

from stemsilver.delivery.repository import WORKFLOWS
from stemsilver.resources import Shipped

REPOSITORY = Path(__file__).parents[1]
SETTINGS = tomllib.loads((REPOSITORY / "pyproject.toml").read_text(encoding="utf-8"))
PROJECT = SETTINGS["project"]
DEPENDENCIES = [Requirement(line) for line in PROJECT["dependencies"]]
OPTIONAL = PROJECT["optional-dependencies"]
MODELS = [*DEPENDENCIES, *map(Requirement, [*OPTIONAL["studio"], *OPTIONAL["uvr"]])]
LANGUAGES = [Requirement(line) for line in OPTIONAL["multilingual"]]
CLUSTER = [Requirement(line) for line in OPTIONAL["dask"]]
DATA = get_args(Shipped)
MOST_BYTES = 60_000_000
"""The largest wheel or source archive; PyPI takes 100 MB."""

SOURCES = [
    *SETTINGS["tool"]["hatch"]["build"]["targets"]["wheel"]["force-include"],
    *("stemsilver", "pyproject.toml", PROJECT["readme"], *PROJECT["license-files"]),
]
"""What the wheel is made from."""

OWN_ALONE = {"ci.yml", "container.yml", "publish.yml"}
"""Workflows that are of use to this repository only."""


def name_of(requirement: Requirement) -> str:
    return canonicalize_name(requirement.name)


# --- the wheel


def files(folder: Path) -> dict[str, bytes]:
    return {
        path.relative_to(folder).as_posix(): path.read_bytes()
        for path in folder.rglob("*")
        if path.is_file() and "__pycache__" not in path.parts
    }


def test_the_wheel_carries_all_that_users_get_and_nothing_else(
    wheel: Path, installed: Path
) -> None:
    for name in DATA:
        source, shipped = REPOSITORY / name, installed / "stemsilver" / "_data" / name
        if source.is_file():
            assert shipped.read_bytes() == source.read_bytes()
        else:
            wanted = files(source)
            if name == ".github/workflows":
                assert wanted.keys() == {*WORKFLOWS, *OWN_ALONE}
                wanted = {path: wanted[path] for path in WORKFLOWS}
            assert wanted, name
            assert files(shipped) == wanted, name
    everything = files(installed / "stemsilver").items()
    modules = {path: content for path, content in everything if not path.startswith("_data/")}
    assert modules == files(REPOSITORY / "stemsilver")
    information = f"stemsilver-{version()}.dist-info"
    assert {path.name for path in installed.iterdir()} == {"stemsilver", information}
    assert wheel.stat().st_size < MOST_BYTES


def test_the_source_archive_carries_what_the_wheel_is_made_from(tmp_path: Path) -> None:
    build = "import sys; from hatchling.build import build_sdist; build_sdist(sys.argv[1])"
    subprocess.run([sys.executable, "-c", build, tmp_path], cwd=REPOSITORY, check=True)
    [built] = tmp_path.glob("*.tar.gz")
    with tarfile.open(built) as archive:
        names = [name.partition("/")[2] for name in archive.getnames()]
    for source in SOURCES:
        assert any(name == source or name.startswith(f"{source}/") for name in names), source
    media = [name for name in names if name.endswith((".wav", ".flac", ".png"))]
    assert [name for name in media if not name.startswith("stemsilver/demo_batch/")] == []
    assert "raw" not in {name.partition("/")[0] for name in names}
    assert built.stat().st_size < MOST_BYTES


def test_the_image_is_made_from_what_the_wheel_is_made_from_and_nothing_else() -> None:
    ignored = (REPOSITORY / ".containerignore").read_text(encoding="utf-8").splitlines()
    kept = {line[1:] for line in ignored if line.startswith("!")}
    assert "*" in ignored
    found = {one: {name for name in SOURCES if Path(name).is_relative_to(one)} for one in kept}
    assert set().union(*found.values()) == {*SOURCES}
    assert all(found.values())


def version() -> str:
    text = (REPOSITORY / "stemsilver" / "__init__.py").read_text(encoding="utf-8")
    return re.findall(r'__version__ = "(.+)"', text)[0]


def test_the_metadata_names_licence_version_command_and_dependencies(installed: Path) -> None:
    [folder] = installed.glob("*.dist-info")
    metadata = message_from_bytes((folder / "METADATA").read_bytes())
    assert (metadata["Version"], metadata["License-Expression"]) == (version(), "MIT")
    assert SpecifierSet(metadata["Requires-Python"]) == SpecifierSet(PROJECT["requires-python"])
    required = [Requirement(line) for line in metadata.get_all("Requires-Dist", [])]
    assert {name_of(one) for one in required if not one.marker} == set(map(name_of, DEPENDENCIES))
    assert "stemsilver = stemsilver.cli:main" in (folder / "entry_points.txt").read_text()
    assert "MIT License" in (folder / "licenses" / "LICENSE").read_text()
    assert metadata.get_payload().strip(), "the README is empty"


def test_an_installed_wheel_works_in_an_empty_folder(installed: Path, tmp_path: Path) -> None:
    code = """
from typing import get_args
import stemsilver
from stemsilver.profiles import load_profile
from stemsilver.resources import Shipped, resource
print(stemsilver.__file__, *map(resource, get_args(Shipped)), load_profile().name, sep="\\n")
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
    assert [Path(path).is_relative_to(installed) for path in paths] == [True] * (1 + len(DATA))
    module = subprocess.run(
        [sys.executable, "-m", "stemsilver", "--version"],
        cwd=tmp_path,
        env={"PYTHONPATH": str(installed)},
        capture_output=True,
        text=True,
        check=True,
    )
    assert module.stdout == f"stemsilver {version()}\n"
    assert list(tmp_path.iterdir()) == []


# --- dependencies


def test_every_import_is_of_a_declared_dependency() -> None:
    distributions = packages_distributions()
    declared = set(map(name_of, [*MODELS, *CLUSTER]))
    for path in (REPOSITORY / "stemsilver").rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            modules = [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
            if isinstance(node, ast.ImportFrom) and not node.level:
                modules = [str(node.module)]
            for top in {module.partition(".")[0] for module in modules}:
                if top not in sys.stdlib_module_names and top != "stemsilver":
                    carriers = {canonicalize_name(name) for name in distributions.get(top, [top])}
                    assert carriers & declared, f"{path.name} imports {top}"


def listed(heading: str) -> set[str]:
    """The first column of a table of `docs/dependencies.md`."""
    text = (REPOSITORY / "docs" / "dependencies.md").read_text(encoding="utf-8")
    section = text.partition(f"## {heading}\n")[2].partition("\n## ")[0]
    rows = [line.split("|")[1] for line in section.splitlines() if line.startswith("|")]
    names = re.findall(r"[\w.-]*\w[\w.-]*", ", ".join(rows))
    return {canonicalize_name(name) for name in names} - {"package"}


def test_every_dependency_is_documented_and_no_other() -> None:
    base, studio = set(map(name_of, DEPENDENCIES)), set(map(name_of, MODELS))
    assert listed("The default installation") == base
    assert listed("The studio chain") == studio - base
    assert listed("Languages") == set(map(name_of, LANGUAGES))
    assert listed("A cluster") == set(map(name_of, CLUSTER))


# --- licences


def test_the_licences_are_those_of_the_packages_that_are_installed() -> None:
    """`make licences` makes the page."""
    written = {name: (licence, groups) for name, licence, groups in rows(PAGE.read_text("utf-8"))}
    here, reached = stated_licences(), packages()
    assert reached.keys() <= written.keys()
    # What is not reached comes with a package that is not installed here.
    assert here.keys().isdisjoint(written.keys() - reached.keys())
    for name, (licence, groups) in written.items():
        assert licence == (here | STATED).get(name, licence), name
        assert ("default" in reached.get(name, groups)) == (groups == "default"), name


def test_nothing_of_the_default_installation_forbids_commercial_use() -> None:
    written = {name: licence for name, licence, _ in rows(PAGE.read_text("utf-8"))}
    forbidden = {name for name, licence in written.items() if NON_COMMERCIAL.search(licence)}
    assert forbidden == {"denoiser", "diffq"}
    assert closure(DEPENDENCIES).isdisjoint(forbidden)
    # Nor does an extra bring them that is not for the models that need them.
    for extra in ("dask", "demo", "lock", "multilingual", "release"):
        assert closure(map(Requirement, OPTIONAL[extra])).isdisjoint(forbidden), extra
