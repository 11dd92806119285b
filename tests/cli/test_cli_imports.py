"""What commands import: help and wrong usage next to nothing, others only what they need."""

from __future__ import annotations

import subprocess
import sys

import pytest

from ..pipeline.batches import EPOCH

HEAVY = {"torch", "scipy", "pandas", "matplotlib", "mkdocs", "mermaidx", "onnxruntime", "soxr"}
ANY = HEAVY | {"numpy", "requests", "jinja2", "starlette", "uvicorn", "huggingface_hub"}


def imported(*words: str, code: str = "main()") -> tuple[int, set[str]]:
    """The exit code of a command in a process of its own, and the modules it has imported."""
    code = f"import sys; from stemsilver.cli import main\ntry: {code}\nfinally: print(*sys.modules)"
    done = subprocess.run(
        [sys.executable, "-c", code, *words], capture_output=True, text=True, check=False
    )
    return done.returncode, set(done.stdout.splitlines()[-1].split())


HELP_OR_WRONG = """\
--help|--version|biuld-site|build-site --help|ci cache-key|build-site --jbos 2|clean --jobs many|\
compare|doctor --all|evaluate gone.wav|init|models list --all|pull-request pack|release --name|\
scorecard diff a|serve --port http"""


@pytest.mark.parametrize("words", ["", *HELP_OR_WRONG.split("|")])
def test_help_and_wrong_usage_import_nothing_that_takes_time(words: str) -> None:
    code, modules = imported(*words.split())
    assert code in (0, 2)
    assert modules & ANY == set()


@pytest.mark.parametrize(
    ("words", "offered"), [("stemsilver dem", {"demo"}), ("stemsilver demo --j", {"--jobs"})]
)
def test_the_shell_completes_commands_and_options(
    words: str, offered: set[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("_STEMSILVER_COMPLETE", "complete_bash")
    monkeypatch.setenv("COMP_WORDS", words)
    monkeypatch.setenv("COMP_CWORD", str(words.count(" ")))
    code = "import sys; sys.argv = ['stemsilver']; from stemsilver.cli import main; main()"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert set(done.stdout.split()) == offered


@pytest.mark.usefixtures("workspace")
@pytest.mark.parametrize(
    "words",
    [
        "build-site --cache cache --max-site-mb 100",  # as it was built
        "scorecard diff report site",
        "release",
    ],
)
def test_what_computes_nothing_imports_little(words: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SOURCE_DATE_EPOCH", EPOCH)
    code, modules = imported(*words.split())
    assert code in (0, 1)  # 1 where a gate failed
    assert modules & HEAVY == set()


def test_a_worker_imports_nothing_that_makes_pages() -> None:
    code, modules = imported(code="import stemsilver.pipeline.tasks")
    assert code == 0
    assert modules & {"pandas", "mkdocs", "mermaidx"} == set()
