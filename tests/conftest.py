"""The wheel, and what it installs: built once, for the tests that must not rest on the checkout."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from zipfile import ZipFile

import pytest
from chromium import find
from hypothesis import Phase, settings
from playwright.sync_api import Playwright, expect, sync_playwright

from stemsilver import weights

REPOSITORY = Path(__file__).parents[1]

# Threads on a busy machine wait for each other longer than they compute.
os.environ.setdefault("OMP_NUM_THREADS", "1")

# No test is about how long a busy machine takes. To explain a failure takes minutes on arrays.
settings.register_profile(
    "stemsilver", deadline=None, phases=[phase for phase in Phase if phase is not Phase.explain]
)
settings.load_profile("stemsilver")
expect.set_options(timeout=60_000)


# The files that take longest come first, so that no process is left alone with one at the end.
LONGEST = (
    "test_cli_studio.py",
    "test_workflows_run.py",
    "test_microsite_every_page.py",
    "test_music_panns.py",
    "test_asr_backends.py",
    "test_batch.py",
    "test_benchmarks.py",
)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Sort the tests for `--dist=loadfile --no-loadscope-reorder`."""
    items.sort(key=lambda item: item.path.name not in LONGEST)


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Say what was left out, and why."""
    skipped = terminalreporter.stats.get("skipped", [])
    for reason in sorted({report.longrepr[2].removeprefix("Skipped: ") for report in skipped}):
        terminalreporter.write_line(f"Tests were left out: {reason}.")


@pytest.fixture(scope="session", autouse=True)
def weights_folder(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """An empty weights folder: no test depends on what its user has pulled, or writes there."""
    folder = tmp_path_factory.mktemp("weights")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("STEMSILVER_WEIGHTS", str(folder))
        patch.delenv("STEMSILVER_MIRROR", raising=False)
        yield folder


@pytest.fixture(scope="session")
def playwright() -> Iterator[Playwright]:
    """What drives browsers; a process can have one at a time."""
    with sync_playwright() as started:
        yield started


@pytest.fixture(scope="session")
def chromium(playwright: Playwright) -> str:
    """The path of the browser to look at pages with. There must be one."""
    try:
        return find(playwright)
    except LookupError as error:
        pytest.fail(str(error), pytrace=False)


@pytest.fixture
def forgotten() -> Iterator[None]:
    """What one test verified, in a weights folder of its own, is not taken for another's."""
    known = weights.verified, weights.sha256
    for remembered in known:
        remembered.cache_clear()
    yield
    for remembered in known:
        remembered.cache_clear()


@pytest.fixture(scope="session")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The wheel of this checkout, as pip would build it."""
    target = tmp_path_factory.mktemp("wheel")
    build = "import sys; from hatchling.build import build_wheel; build_wheel(sys.argv[1])"
    subprocess.run([sys.executable, "-c", build, target], cwd=REPOSITORY, check=True)
    [built] = target.glob("*.whl")
    return built


@pytest.fixture(scope="session")
def installed(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with what the wheel installs."""
    folder = tmp_path_factory.mktemp("installed")
    with ZipFile(wheel) as archive:
        archive.extractall(folder)
    return folder
