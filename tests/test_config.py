"""Profiles: every value stated, and every slip told with its key and what is allowed."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from stemsilver.config import Profile, digest, load, parse
from stemsilver.errors import ConfigError
from stemsilver.profiles import load_profile

PROFILES = sorted((Path(__file__).parents[1] / "config").glob("*.yaml"))
DEFAULT = Path(__file__).parents[1] / "config" / "embedded.yaml"
TEXT = DEFAULT.read_text(encoding="utf-8")
STUDIO = DEFAULT.with_name("studio.yaml").read_text(encoding="utf-8")


def with_value(key: str, value: Any) -> str:
    """The default profile with the value at a dotted key set."""
    values = yaml.safe_load(TEXT)
    *sections, last = key.split(".")
    part = values
    for section in sections:
        part = part[int(section)] if section.isdigit() else part[section]
    part[last] = value
    return yaml.safe_dump(values)


def refusal(text: str) -> str:
    """What is said of a profile that must be refused."""
    with pytest.raises(ConfigError) as caught:
        parse(text, name="mine", origin="mine.yaml")
    assert caught.value.exit_code == 2
    assert caught.value.message.startswith("mine.yaml: ")
    return caught.value.message


# --- what is accepted


@pytest.mark.parametrize("path", PROFILES, ids=lambda path: path.stem)
def test_every_shipped_profile_states_every_section_and_bears_its_files_name(path: Path) -> None:
    assert load(path).name == path.stem
    stated = yaml.safe_load(path.read_text(encoding="utf-8"))
    assert set(stated) == set(Profile.model_fields) - {"name"}


@pytest.mark.parametrize("level", [-18.5, -18])
def test_the_values_are_those_of_the_file_and_stay(level: float) -> None:
    profile = parse(with_value("postprocess.final_lufs", level), name="mine", origin="x")
    assert (profile.name, profile.postprocess.final_lufs) == ("mine", level)
    assert profile.postprocess.highpass_hz == load(DEFAULT).postprocess.highpass_hz
    with pytest.raises(ValueError, match="frozen"):
        profile.postprocess.final_lufs = -1.0


# --- keys


@pytest.mark.parametrize(
    ("key", "said"),
    [
        ("seperation", "`seperation`; did you mean `separation`?"),
        ("postprocess.final_luf", "`postprocess.final_luf`; did you mean `final_lufs`?"),
        ("separation.models.0.modelname", "models.0.modelname`; did you mean `model_name`?"),
        ("evaluation.asr.beamsize", "`evaluation.asr.beamsize`; did you mean `beam_size`?"),
        ("name", "`name`: a profile is named by its file"),
    ],
)
def test_an_unknown_key_is_named_with_the_nearest_known_one(key: str, said: str) -> None:
    message = refusal(with_value(key, 1))
    assert "unknown key `" in message
    assert said in message


def test_all_that_is_wrong_is_said_at_once() -> None:
    text = with_value("postprocess.final_lufs", 5).replace("beam_size", "beam_sice")
    message = refusal(text.replace("gates:", "gate:"))
    assert "`postprocess.final_lufs`" in message
    assert "unknown key `evaluation.asr.beam_sice`" in message
    assert "missing key `evaluation.asr.beam_size`" in message
    assert "missing key `gates`" in message


def test_a_profile_may_state_only_what_differs(tmp_path: Path) -> None:
    def profile(name: str, text: str) -> Path:
        path = tmp_path / f"{name}.yaml"
        path.write_text(text, encoding="utf-8")
        return path

    team = profile("team", "extends: embedded\ngates: {wer_max: 0.05}\n")
    spots = profile("spots", "extends: team\nsite: {title: Spots}\n")
    own = profile("embedded", "extends: embedded\nsite: {title: Own}\n")  # the shipped one
    shipped, found = load_profile("embedded"), load(spots)
    assert found.gates == shipped.gates.model_copy(update={"wer_max": 0.05})
    assert (found.site.title, found.chain, found.name) == ("Spots", shipped.chain, "spots")
    assert load(own).gates == shipped.gates
    assert load(team).gates == found.gates, "of its own folder, team extends embedded"
    # Another kind of model has settings of its own.
    other = profile("other", "extends: embedded\nevaluation: {music: {backend: panns}}\n")
    for path, said in (
        (profile("typo", "extends: embedded\ngates: {wer_mx: 0.05}\n"), "did you mean `wer_max`?"),
        (profile("a", "extends: b\n"), "no profile 'b'; the shipped ones are embedded, heavy"),
        (profile("path", "extends: ../embedded\n"), "is not the name of a profile"),
        (other, "missing key `evaluation.music."),
        (
            profile("short", "sites: {title: x}\n"),
            "did you mean `site`?; 13 keys are missing",
        ),
    ):
        with pytest.raises(ConfigError) as refused:
            load(path)
        assert said in refused.value.message
    profile("b", "extends: a\n")
    with pytest.raises(ConfigError, match="extends this profile itself"):
        load(tmp_path / "a.yaml")


# --- values


@pytest.mark.parametrize(
    ("key", "value", "allowed"),
    [
        # wrong types
        ("postprocess.final_lufs", "loud", "should be a valid number"),
        ("postprocess.highpass_hz", True, "should be a valid number"),
        ("evaluation.asr.beam_size", "5", "should be a valid integer"),
        ("separation.models", {"model_name": "deepfilternet3"}, "should be a valid tuple"),
        ("beta_wiener.enabled", 1, "should be a valid boolean"),
        ("site.title", 7, "should be a valid string"),
        ("postprocess", [1], "should be a valid dictionary"),
        # no numbers
        ("postprocess.final_lufs", math.nan, "finite number"),
        ("gates.music_to_speech_db_max", math.inf, "finite number"),
        # out of range
        ("preprocess.loudnorm_target_lufs", -41, "greater than or equal to -40"),
        ("preprocess.max_minutes", 0, "greater than 0"),
        ("separation.models", [], "at least 1 item"),
        ("separation.models.0.model_name", "demucs", "'deepfilternet3', 'spleeter-2stems', 'ht"),
        ("separation.fusion", "median", "'max', 'mean', 'geometric' or 'min'"),
        ("separation.fusion_fft", 300, "multiple of 256"),
        ("separation.fusion_fft", 0, "greater than or equal to 256"),
        ("separation.fusion_hop", 32, "greater than or equal to 64"),
        ("enhancement.dry_wet", 1.01, "less than or equal to 1"),
        ("enhancement.mixture_share", -0.1, "greater than or equal to 0"),
        ("enhancement.model_name", "dns65", "'none', 'deepfilternet3', 'dns48', 'dns64' or"),
        ("beta_wiener.beta", 0, "greater than 0"),
        ("beta_wiener.floor", 1, "less than 1"),
        ("postprocess.final_true_peak_db", 0.5, "less than or equal to 0"),
        ("evaluation.asr.beam_size", 0, "greater than or equal to 1"),
        ("evaluation.dnsmos.hop_seconds", 10, "less than or equal to 9"),
        ("gates.wer_max", -0.1, "greater than or equal to 0"),
        ("site.title", "", "at least 1 character"),
    ],
)
def test_a_wrong_value_is_told_with_what_is_allowed(key: str, value: Any, allowed: str) -> None:
    message = refusal(with_value(key, value))
    assert f"`{key}`: " in message
    assert allowed in message
    assert isinstance(value, dict) or f"(given {value!r})" in message


ASR = yaml.safe_load(TEXT)["evaluation"]["asr"]


@pytest.mark.parametrize(
    ("key", "value", "said"),
    [
        ("separation.fusion_hop", 4096, "fusion_hop: must divide fusion_fft and be at most half"),
        ("separation.fusion_hop", 1000, "fusion_hop: must divide fusion_fft and be at most half"),
        ("beta_wiener.hop_length", 3072, "hop_length: must divide fft_size and be at most half"),
        ("separation.models", [{"model_name": "deepfilternet3"}] * 2, "can be named once"),
        ("evaluation.asr", {**ASR, "language": "de"}, "tiny.en supports only English"),
    ],
)
def test_values_that_do_not_fit_together_are_refused(key: str, value: Any, said: str) -> None:
    assert said in refusal(with_value(key, value))


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("shifts: 4", "shfits: 4", "unknown key `separation.models.0.shfits`; did you mean `shif"),
        ("      shifts: 4\n", "", "missing key `separation.models.0.shifts`"),
        ("shifts: 4", "shifts: -1", "`separation.models.0.shifts`: Input should be greater than"),
        ("segment: 6.0", "segment: 8.0", "a transformer cannot take more than the 7.8 s"),
        ("    - model_name: htdemucs_ft\n      ", "    - ", "`separation.models.0.model_name`"),
        ("backend: panns", "backend: pans", "`evaluation.music.backend`: Input should be one of"),
        ("chunk_seconds: 5.0", "chunk: 5.0", "key `evaluation.music.chunk`; did you mean `chunk_"),
        ("labels: [Music,", "labels: [Music, Music,", "can be named once"),
        ("labels: [Music,", "labels: [Speech,", "evaluation.music.labels.0`: Input should be 'Mu"),
        ("model_name: large-v3", "model_name: large-v9", "`evaluation.asr.model_name`: Input sho"),
    ],
)
def test_a_slip_in_a_models_settings_is_told_where_it_is_in_the_file(
    old: str, new: str, said: str
) -> None:
    assert STUDIO.count(old) == 1
    assert said in refusal(STUDIO.replace(old, new))


# --- not a profile at all


@pytest.mark.parametrize(
    ("text", "what"),
    [
        ("", "a mapping"),
        ("- a\n- list", "a mapping"),
        ("a: [1, 2", "expected"),
        ("key: \x00", "unacceptable character"),
        ("1: one", "key 1 is not text"),
        ("? [a]\n: 1", "is not text"),
        (TEXT.replace("  fusion: max\n", "  fusion: max\n" * 2), "key `fusion` is given twice"),
        (f"{TEXT}\ndescription: Again", "key `description` is given twice"),
    ],
)
def test_what_is_no_yaml_profile_is_refused(text: str, what: str) -> None:
    message = refusal(text)
    assert what in message
    assert "line " in message or "twice" not in what


def test_no_code_runs_from_a_profile(tmp_path: Path) -> None:
    mark = tmp_path / "mark"
    text = f"a: !!python/object/apply:os.mkdir ['{mark}']"
    assert "could not determine a constructor" in refusal(text)
    assert not mark.exists()


def test_a_file_that_cannot_be_read_as_text_is_named(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"gone\.yaml: cannot be read \(No such file"):
        load(tmp_path / "gone.yaml")
    path = tmp_path / "mine.yaml"
    path.write_bytes(b"description: caf\xe9")
    with pytest.raises(ConfigError, match=r"mine\.yaml: is not UTF-8"):
        load(path)


@given(st.text(max_size=60))
def test_any_text_is_either_a_profile_or_a_config_error(text: str) -> None:
    with pytest.raises(ConfigError):
        parse(text, name="mine", origin="mine.yaml")


# --- digests


def test_a_digest_is_of_the_values_of_its_slice_and_nothing_else() -> None:
    profile = load(DEFAULT)
    same = parse("# a comment\n" + TEXT, name=DEFAULT.stem, origin="x")
    assert digest(profile) == digest(same)
    louder = parse(with_value("postprocess.final_lufs", -18.5), name=DEFAULT.stem, origin="x")
    assert digest(profile.chain) != digest(louder.chain)
    assert digest(profile.evaluation) == digest(louder.evaluation)
    renamed = parse(with_value("site.title", "Other"), name="other", origin="x")
    assert digest(profile.chain) == digest(renamed.chain)
    assert digest(profile) != digest(renamed)


def test_a_digest_keeps_its_parts_apart() -> None:
    parts: list[tuple[Any, ...]] = [("a", "b"), ("ab",), ("a,b",), ("b", "a"), ("a", None, "b")]
    assert len({digest(*some) for some in [*parts, ("1",), (1,)]}) == len(parts) + 2
