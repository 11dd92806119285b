"""The studio's profiles, whole: test-made weights in the official formats, the beginning of a
render of the demo batch, fewer shifts than they have, and processes of their own.
"""

from __future__ import annotations

import html
import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from ..built import NEEDS_DIFFQ
from ..official.folder import write as write_weights
from ..pipeline.batches import cut

REPOSITORY = Path(__file__).parents[2]
RENDER = "museum_guide.wav"
SECONDS = 4.0
FEWER = {
    "shifts: 100": "shifts: 1",
    "shifts: 4": "shifts: 1",
    "shifts: 2": "shifts: 1",
    "overlap: 0.95": "overlap: 0.25",
    "overlap: 0.55": "overlap: 0.25",
    # Makes them one, so that the notebook's run finds most of its work done.
    "segment: 7.0": "segment: 6.0",
}


@pytest.fixture(scope="module")
def pulled(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A weights folder with everything in it."""
    folder = tmp_path_factory.mktemp("pulled")
    write_weights(folder)
    return folder


@pytest.fixture(scope="module")
def workshop(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A working folder with a render and the profiles with fewer shifts."""
    folder = tmp_path_factory.mktemp("workshop")
    cut(RENDER, 0, SECONDS, folder / "raw" / RENDER)
    (folder / "config").mkdir()
    for name in ("studio", "heavy", "uvr"):
        text = (REPOSITORY / "config" / f"{name}.yaml").read_text(encoding="utf-8")
        for many, few in FEWER.items():
            text = text.replace(many, few)
        (folder / "config" / f"{name}.yaml").write_text(text, encoding="utf-8")
    return folder


def run(folder: Path, weights: Path, command: str) -> subprocess.CompletedProcess[str]:
    """A command line as a user types it, in a shell."""
    environment = {
        **os.environ,
        "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}",
        "STEMSILVER_WEIGHTS": str(weights),
        "SOURCE_DATE_EPOCH": "1764000000",
    }
    words = ["bash", "-c", command]
    return subprocess.run(
        words, cwd=folder, env=environment, capture_output=True, text=True, check=False
    )


def plain(page: Path) -> str:
    """What a page says, without its marks."""
    return html.unescape(re.sub(r"<[^>]*>", " ", page.read_text(encoding="utf-8")))


def costs(made: Path) -> pd.DataFrame:
    """What each step took, of one render."""
    return pd.read_csv(made / "report" / "costs.csv", index_col="step")


def command(profile: str, into: str, *options: str) -> str:
    """The command that builds with `profile` into a folder of its own."""
    places = " ".join(f"--{place} {into}/{place}" for place in ("proceed", "report", "site"))
    return f"stemsilver build-site --profile {profile} {places} {' '.join(options)}"


def build(folder: Path, weights: Path, profile: str, *options: str) -> tuple[dict[str, Any], Path]:
    """Build the site; gives the scorecard and the site."""
    made = folder / profile
    ended = run(folder, weights, command(profile, profile, *options))
    # Random weights pass no gate: 1, with the site built.
    assert ended.returncode == 1, ended.stderr
    assert "could not be cleaned" not in ended.stderr
    return json.loads((made / "report" / "scorecard.json").read_bytes()), made / "site"


@pytest.fixture(scope="module")
def studio(workshop: Path, pulled: Path) -> tuple[dict[str, Any], Path]:
    return build(workshop, pulled, "studio")


@pytest.fixture(scope="module")
def uvr(workshop: Path, pulled: Path) -> tuple[dict[str, Any], Path]:
    return build(workshop, pulled, "uvr", "--stages")


STEPS = {
    "studio": {"separate: htdemucs_ft", "separate: mdx_extra_q"},
    "uvr": {"separate: UVR-MDX-NET-Inst_HQ_3"},
}
EACH = pytest.mark.parametrize("name", [pytest.param("studio", marks=NEEDS_DIFFQ), "uvr"])


@EACH
def test_the_whole_chain_runs_and_is_shown(name: str, request: pytest.FixtureRequest) -> None:
    scorecard, site = request.getfixturevalue(name)
    assert scorecard["profile"]["name"] == name
    [item] = scorecard["items"]
    assert item["failure"] is None
    assert STEPS[name] | {"fuse", "denoise", "wiener", "polish"} <= set(costs(site.parent).index)
    assert item["metrics"]["clean_music_presence"]["value"] is not None
    assert item["metrics"]["wer_raw_to_clean"]["value"] is not None
    stages = ("vocals", "denoised", "masked") if name == "uvr" else ()
    for track in ("raw", "clean", "removed", *stages):
        assert (site / "renders" / item["id"] / f"{track}.flac").stat().st_size > 1000
    # Diagram, Method and Reproduce show that chain.
    separators = [step.removeprefix("separate: ") for step in STEPS[name]]
    diagram = (site / "index.html").read_text(encoding="utf-8")
    for text in (*separators, "dns64", "panns Cnn14", "faster-whisper large-v3"):
        assert text in html.unescape(diagram), text
    method = plain(site / "method.html")
    assert "PANNs Cnn14" in method
    assert "Whisper (large-v3" in method
    assert "not available" in method
    assert ("Hybrid Transformer Demucs" in method) is (name == "studio")
    assert ("MDX-Net Inst HQ 3" in method) is (name == "uvr")
    reproduce = plain(site / "reproduce.html")
    assert f"pip install 'stemsilver[{name}]'" in reproduce
    assert f"stemsilver models pull {name}" in reproduce
    for weight in scorecard["weights"]:
        assert weight["name"] in reproduce
        assert weight["sha256"] in reproduce
    own = {weight["name"] for weight in scorecard["weights"] if weight["version"] == "own"}
    assert {"dns64", "panns-cnn14", "whisper-large-v3"} <= own


@NEEDS_DIFFQ
def test_a_second_run_finds_everything_done_and_other_weights_redo_what_they_decide(
    workshop: Path, pulled: Path, studio: tuple[dict[str, Any], Path], tmp_path: Path
) -> None:
    scorecard, _ = studio
    assert "Nothing changed" in run(workshop, pulled, command("studio", "studio")).stderr
    again = run(workshop, pulled, command("studio", "studio", "--fresh-site"))
    assert "1 of 1 renders were already finished" in again.stderr
    assert json.loads((workshop / "studio/report/scorecard.json").read_bytes()) == scorecard

    # A denoiser of one's own: its file and its line are changed, and the separators rest.
    import torch

    from ..official.listing import list_own

    other = tmp_path / "weights"
    shutil.copytree(pulled, other)
    [file] = (other / "denoiser").glob("dns64*")
    state = torch.load(file, weights_only=True)
    torch.save({name: value * 0.5 for name, value in state.items()}, other / "denoiser" / "own.th")
    listed = json.loads((other / "weights.yaml").read_text(encoding="utf-8"))
    files = {name: other / entry["file"] for name, entry in listed.items()}
    list_own(other, {**files, "dns64": other / "denoiser" / "own.th"})
    ended = run(workshop, other, command("studio", "other"))
    assert "0 of 1 renders were already finished" in ended.stderr
    [now] = json.loads((workshop / "other/report/scorecard.json").read_bytes())["items"]
    [was] = scorecard["items"]
    assert was["output_sha256"] != now["output_sha256"]
    before, after = (costs(workshop / made).seconds for made in ("studio", "other"))
    for step in STEPS["studio"]:
        assert before[step] == after[step], "computed again"


@NEEDS_DIFFQ
def test_the_notebook_runs_as_it_stands(workshop: Path, pulled: Path) -> None:
    """Every command of it but the installation, in order, in one folder."""
    notebook = json.loads((REPOSITORY / "docs/heavy-run.ipynb").read_bytes())
    assert notebook["nbformat"] == 4
    cells = notebook["cells"]
    assert all(cell["cell_type"] in ("markdown", "code") for cell in cells)
    code = [cell["source"] for cell in cells if cell["cell_type"] == "code"]
    lines = [line.strip() for source in code for line in source]
    assert lines[:2] == ["%env PROFILE=heavy", "!pip install --quiet 'stemsilver[studio]'"]
    commands = [line.removeprefix("!") for line in lines[2:]]
    assert all(command.startswith("stemsilver ") for command in commands)
    codes = []
    for command in commands:
        ended = run(workshop, pulled, f"export PROFILE=heavy; {command}")
        codes.append((command.split()[1], ended.returncode))
        assert ended.returncode in (0, 1), ended.stderr
    assert codes == [("models", 0), ("doctor", 0), ("build-site", 1), ("release", 0)]
    assert list((workshop / "release").glob("*.zip"))


@NEEDS_DIFFQ
def test_the_studio_is_compared_with_the_default_profile(
    workshop: Path, pulled: Path, studio: tuple[dict[str, Any], Path]
) -> None:
    ended = run(workshop, pulled, "stemsilver compare embedded studio")
    assert ended.returncode == 0, ended.stderr
    found = json.loads((workshop / "bakeoff" / "bakeoff.json").read_bytes())
    # Random weights are no match.
    assert "studio is not promoted" in ended.stdout
    assert [one["name"] for one in found["profiles"]] == ["embedded", "studio"]
    said = plain(workshop / "bakeoff" / "site" / "index.html")
    assert "Promotion of studio" in " ".join(said.split())
    for name in ("embedded", "studio"):
        card = json.loads((workshop / "bakeoff" / name / "report/scorecard.json").read_bytes())
        assert card["profile"]["config"]["evaluation"]["asr"]["model_name"] == "tiny.en"
        assert costs(workshop / "bakeoff" / name).peak_bytes["fuse"] > 100e6
