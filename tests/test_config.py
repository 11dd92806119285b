from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from stemsilver.config import Profile, digest, load, parse
from stemsilver.errors import ConfigError

PROFILES = sorted((Path(__file__).parents[1] / "config").glob("*.yaml"))
DEFAULT = Path(__file__).parents[1] / "config" / "embedded.yaml"
TEXT = DEFAULT.read_text(encoding="utf-8")


def with_value(key: str, value: Any) -> str:
    """The default profile with the value at a dotted key set."""
    values = yaml.safe_load(TEXT)
    *sections, last = key.split(".")
    part = values
    for section in sections:
        part = part[int(section)] if section.isdigit() else part[section]
    part[last] = value
    return yaml.safe_dump(values)


def without(key: str) -> str:
    values = yaml.safe_load(TEXT)
    *sections, last = key.split(".")
    part = values
    for section in sections:
        part = part[section]
    del part[last]
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
def test_every_shipped_profile_loads_and_bears_its_files_name(path: Path) -> None:
    assert load(path).name == path.stem


def test_the_values_are_those_of_the_file() -> None:
    profile = parse(with_value("postprocess.final_lufs", -18.5), name="mine", origin="x")
    assert profile.name == "mine"
    assert profile.postprocess.final_lufs == -18.5
    assert profile.postprocess.highpass_hz == load(DEFAULT).postprocess.highpass_hz


def test_a_whole_number_will_do_for_a_level() -> None:
    assert parse(with_value("postprocess.final_lufs", -18), name="m", origin="x") is not None


def test_a_profile_cannot_be_changed_afterwards() -> None:
    profile = load(DEFAULT)
    with pytest.raises(ValueError, match="frozen"):
        profile.postprocess.final_lufs = -1.0


def test_every_section_of_a_profile_is_stated_in_the_default_one() -> None:
    assert set(yaml.safe_load(TEXT)) == set(Profile.model_fields) - {"name"}


# --- row 23: unknown keys


@pytest.mark.parametrize(
    ("key", "nearest"),
    [
        ("seperation", "separation"),
        ("postprocess.final_luf", "final_lufs"),
        ("enhancement.wet_dry", "dry_wet"),
        ("separation.models.0.modelname", "model_name"),
        ("evaluation.asr.beamsize", "beam_size"),
        ("gates.stoi_minimum", "stoi_min"),
    ],
)
def test_an_unknown_key_is_named_with_the_nearest_known_one(key: str, nearest: str) -> None:
    assert f"unknown key `{key}`; did you mean `{nearest}`?" in refusal(with_value(key, 1))


def test_a_name_inside_the_file_is_refused() -> None:
    assert "unknown key `name`" in refusal(with_value("name", "other"))


# --- row 23: missing keys


@pytest.mark.parametrize(
    "key", ["separation", "separation.models", "postprocess.final_lufs", "evaluation.asr.backend"]
)
def test_a_missing_key_is_named(key: str) -> None:
    assert f"missing key `{key}`" in refusal(without(key))


def test_all_that_is_wrong_is_said_at_once() -> None:
    text = with_value("postprocess.final_lufs", 5).replace("beam_size", "beam_sice")
    message = refusal(text)
    assert "`postprocess.final_lufs`" in message
    assert "unknown key `evaluation.asr.beam_sice`" in message
    assert "missing key `evaluation.asr.beam_size`" in message


# --- row 23: wrong types


@pytest.mark.parametrize(
    ("key", "value", "expected"),
    [
        ("postprocess.final_lufs", "loud", "valid number"),
        ("postprocess.final_lufs", None, "valid number"),
        ("postprocess.final_lufs", [-16], "valid number"),
        ("postprocess.highpass_hz", True, "valid number"),
        ("evaluation.asr.beam_size", "5", "valid integer"),
        ("separation.fusion_fft", 4096.5, "valid integer"),
        ("separation.models", "deepfilternet3", "valid tuple"),
        ("separation.models", {"model_name": "deepfilternet3"}, "valid tuple"),
        ("beta_wiener.enabled", "perhaps", "valid boolean"),
        ("beta_wiener.enabled", 1, "valid boolean"),
        ("site.title", 7, "valid string"),
        ("postprocess", [1], "valid dictionary"),
    ],
)
def test_a_wrong_type_is_told_with_the_right_one(key: str, value: Any, expected: str) -> None:
    message = refusal(with_value(key, value))
    assert f"`{key}`: Input should be a {expected}" in message
    if not isinstance(value, dict):
        assert f"(given {value!r})" in message


# --- row 23: out of range


@pytest.mark.parametrize(
    ("key", "value", "allowed"),
    [
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
def test_a_value_out_of_range_is_told_with_what_is_allowed(
    key: str, value: Any, allowed: str
) -> None:
    message = refusal(with_value(key, value))
    assert f"`{key}`: " in message
    assert allowed in message
    assert f"(given {value!r})" in message


@pytest.mark.parametrize(
    ("key", "hop"),
    [
        ("separation.fusion_hop", 4096),
        ("separation.fusion_hop", 1000),
        ("beta_wiener.hop_length", 3072),
    ],
)
def test_a_hop_that_does_not_fit_its_transform_is_refused(key: str, hop: int) -> None:
    message = refusal(with_value(key, hop))
    assert f"{key.split('.')[1]}: must divide" in message
    assert "at most half of it" in message


def test_a_separator_named_twice_is_refused() -> None:
    twice = [{"model_name": "deepfilternet3"}] * 2
    assert "each separator can be named once" in refusal(with_value("separation.models", twice))


@pytest.mark.parametrize("value", [".nan", ".inf", "-.inf"])
@pytest.mark.parametrize(
    "key", ["final_lufs: -16.0", "music_to_speech_db_max: -20.0", "beta: 1.5", "beam_size: 5"]
)
def test_no_number_is_not_a_number(key: str, value: str) -> None:
    name = key.split(":")[0]
    assert TEXT.count(key) == 1
    message = refusal(TEXT.replace(key, f"{name}: {value}"))
    assert re.search(rf"{name}`: Input should be a (finite number|valid integer)", message)


# --- models that have settings of their own

STUDIO = DEFAULT.with_name("studio.yaml").read_text(encoding="utf-8")


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
    message = refusal(STUDIO.replace(old, new))
    assert said in message


def test_an_english_model_with_another_language_is_refused() -> None:
    asr = {**yaml.safe_load(TEXT)["evaluation"]["asr"], "language": "de"}
    assert "tiny.en supports only English" in refusal(with_value("evaluation.asr", asr))


# --- row 23: not a profile at all


@pytest.mark.parametrize(
    ("text", "what"),
    [
        ("", "a mapping"),
        ("just words", "a mapping"),
        ("- a\n- list", "a mapping"),
        ("a: [1, 2", "expected"),
        ("a: b: c", "not allowed here"),
        ("\tkey: 1", "cannot start any token"),
        ("key: \x00", "unacceptable character"),
        ("1: one", "key 1 is not text"),
        ("? [a]\n: 1", "is not text"),
        ("key: !!python/object/apply:os.system ['true']", "could not determine a constructor"),
        ("a: *gone", "undefined alias"),
    ],
)
def test_what_is_no_yaml_profile_is_refused(text: str, what: str) -> None:
    assert what in refusal(text)


@pytest.mark.parametrize("key", ["final_lufs: -16.0", "  fusion: max", "description: Offline"])
def test_a_key_given_twice_is_refused_with_its_line(key: str) -> None:
    line = next(line for line in TEXT.splitlines() if key.strip() in line)
    message = refusal(TEXT.replace(line, f"{line}\n{line}"))
    assert f"key `{key.strip().split(':')[0]}` is given twice" in message
    assert "line " in message


def test_no_code_runs_from_a_profile(tmp_path: Path) -> None:
    mark = tmp_path / "mark"
    refusal(f"a: !!python/object/apply:os.mkdir ['{mark}']")
    assert not mark.exists()


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"gone\.yaml: cannot be read \(No such file"):
        load(tmp_path / "gone.yaml")
    with pytest.raises(ConfigError, match="Is a directory"):
        load(tmp_path)


def test_a_file_that_is_not_text_is_named(tmp_path: Path) -> None:
    path = tmp_path / "mine.yaml"
    path.write_bytes(b"description: caf\xe9")
    with pytest.raises(ConfigError, match=r"mine\.yaml: is not UTF-8"):
        load(path)


@given(st.text(max_size=60))
def test_any_text_is_either_a_profile_or_a_config_error(text: str) -> None:
    with pytest.raises(ConfigError):
        parse(text, name="mine", origin="mine.yaml")


# --- digests


def test_equal_values_have_equal_digests_and_different_ones_do_not() -> None:
    profile = load(DEFAULT)
    same = parse("# a comment\n" + TEXT, name=DEFAULT.stem, origin="x")
    assert digest(profile.chain) == digest(same.chain)
    other = parse(with_value("postprocess.final_lufs", -18.5), name=DEFAULT.stem, origin="x")
    assert digest(profile.chain) != digest(other.chain)
    assert digest(profile.evaluation) == digest(other.evaluation)


def test_a_digest_keeps_its_parts_apart() -> None:
    parts: list[tuple[Any, ...]] = [("a", "b"), ("ab",), ("a,b",), ("b", "a"), ("a", None, "b")]
    assert len({digest(*some) for some in parts}) == len(parts)
    assert digest("1") != digest(1)


def test_the_chains_slice_holds_no_more_than_what_decides_the_sound() -> None:
    profile = load(DEFAULT)
    renamed = parse(with_value("site.title", "Other"), name="other", origin="x")
    assert digest(profile.chain) == digest(renamed.chain)
    assert digest(profile) != digest(renamed)
