"""The public face: what `import stemsilver` gives, and what it does not bring along."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from inspect import getdoc, signature
from pathlib import Path

import numpy as np
import pytest

import stemsilver
from stemsilver import Audio, api

DEMO = Path(__file__).parents[1] / "raw"

FACE = {"Audio", "Cleaned", "Evidence", "Profile", "Score", "StemsilverError", "__version__"}
FACE |= {"clean", "evaluate", "load_profile", "read", "write"}
SITE = ("mkdocs", "pandas", "jinja2", "matplotlib", "mermaidx", "torch", "stemsilver.microsite")


def test_these_names_and_no_others_are_public() -> None:
    assert set(stemsilver.__all__) == set(dir(stemsilver)) == FACE
    assert all(getattr(stemsilver, name) is not None for name in FACE)
    assert set(api.__all__) < FACE
    with pytest.raises(AttributeError, match="no attribute 'cleen'"):
        _ = stemsilver.cleen


def test_every_function_says_what_it_takes_gives_and_raises() -> None:
    for name in ("clean", "evaluate", "load_profile", "read", "write"):
        function = getattr(stemsilver, name)
        text, parameters = getdoc(function) or "", signature(function).parameters
        assert "Raises:" in text, name
        assert {"return", *parameters} <= set(function.__annotations__), name
        assert len(parameters) <= 3 or ("Args:" in text and "Returns:" in text), name


def loaded(program: str) -> list[str]:
    """The modules that a program has loaded at its end."""
    told = f"import json, sys\n{program}\nprint(json.dumps(list(sys.modules)))"
    done = subprocess.run([sys.executable, "-c", told], capture_output=True, text=True, check=True)
    return list(json.loads(done.stdout.splitlines()[-1]))


def test_to_import_the_functions_loads_neither_models_nor_numbers() -> None:
    modules = loaded("import stemsilver; stemsilver.clean, stemsilver.evaluate, stemsilver.read")
    assert len(modules) < 400
    assert not {"numpy", "scipy", "onnxruntime"} & set(modules)


def test_no_runtime_reports_what_is_done_here(tmp_path: Path) -> None:
    """onnxruntime makes an identifier of the device before it sends anything."""
    environment = {name: value for name, value in os.environ.items() if name[:4] != "ORT_"}
    environment |= {"HOME": str(tmp_path), "USERPROFILE": str(tmp_path)}
    environment |= {"LOCALAPPDATA": str(tmp_path), "XDG_CACHE_HOME": str(tmp_path / "cache")}
    program = "import stemsilver, onnxruntime"
    subprocess.run([sys.executable, "-c", program], env=environment, check=True)
    assert list(tmp_path.iterdir()) == []


def test_to_clean_loads_no_site() -> None:
    modules = loaded(
        "import numpy, stemsilver\n"
        "audio = stemsilver.Audio(numpy.zeros((1, 24_000), numpy.float32), 24_000)\n"
        "stemsilver.clean(audio)"
    )
    assert [name for name in modules if name.startswith(SITE)] == []


def test_a_file_is_read_cleaned_written_and_measured(tmp_path: Path) -> None:
    raw = stemsilver.read(DEMO / "museum_guide.wav")
    piece = Audio(raw.samples[:, : 2 * raw.rate], raw.rate)
    cleaned = stemsilver.clean(piece)
    stemsilver.write(piece, tmp_path / "raw.wav")
    stemsilver.write(cleaned.speech, tmp_path / "new" / "clean.wav")
    again = stemsilver.read(tmp_path / "new" / "clean.wav")
    assert np.abs(again.samples - cleaned.speech.samples).max() <= 2**-23
    evidence = stemsilver.evaluate(tmp_path / "raw.wav", tmp_path / "new" / "clean.wav")
    music = [evidence.scores[f"{name}_music_presence"].value for name in ("raw", "clean")]
    assert music[1] < music[0]


def test_a_limit_is_obeyed_and_nothing_broken_is_written(tmp_path: Path) -> None:
    with pytest.raises(stemsilver.StemsilverError, match="minutes"):
        stemsilver.read(DEMO / "museum_guide.wav", max_minutes=0.1)
    with pytest.raises(stemsilver.StemsilverError, match="sample nan"):
        stemsilver.write(Audio(np.full((1, 9), np.nan, np.float32), 24_000), tmp_path / "x.wav")
    assert not (tmp_path / "x.wav").exists()
