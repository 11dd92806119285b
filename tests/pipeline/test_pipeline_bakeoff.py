"""A bake-off on real audio with the real models: what is shared, judged and written."""

from __future__ import annotations

import json
from pathlib import Path

import pandas as pd
import pytest

from stemsilver import fsio
from stemsilver.audio import decode
from stemsilver.cleaning import chain
from stemsilver.errors import Locked, UsageError
from stemsilver.pipeline import bakeoff
from stemsilver.pipeline.bakeoff import check_names, judged_by
from stemsilver.records import ItemResult
from stemsilver.report import cost
from stemsilver.step_cache import Steps

from .bakeoffs import Baked, bake, bake_once, candidate
from .batches import NoWorkers, Workspace, changed, contents, embedded


@pytest.fixture(scope="session")
def baked(tmp_path_factory: pytest.TempPathFactory) -> Baked:
    """The small batch in a bake-off; not to be written to."""
    return bake_once(tmp_path_factory.getbasetemp())


@pytest.fixture
def copied(baked: Baked, tmp_path: Path) -> Workspace:
    """A copy of it to change."""
    return baked.workspace.copy(tmp_path / "batch")


def test_every_profile_has_its_speech_its_cost_and_its_verdict(baked: Baked) -> None:
    left = {path.name for path in baked.folder.iterdir() if not path.name.startswith(".")}
    assert left == {"embedded", "spleeter", "site", "bakeoff.json", "bakeoff.md"}
    speech = {name: contents(baked.folder / name / "proceed") for name in ("embedded", "spleeter")}
    assert set(speech["embedded"]) == {"one__speech_only.wav", "sub/two__speech_only.wav"}
    assert set(speech["spleeter"]) == set(speech["embedded"])
    assert speech["spleeter"] != speech["embedded"]
    # The incumbent's are those that a build of it makes.
    assert speech["embedded"] == contents(baked.workspace.places.proceed)
    told = json.loads((baked.folder / "bakeoff.json").read_bytes())
    assert (told["incumbent"], told["judge"]) == ("embedded", "embedded")
    for profile in told["profiles"]:
        assert profile["cost"]["seconds"] > 0
        # More than an interpreter with torch, less than any machine has.
        assert 1e8 < profile["cost"]["peak_bytes"] < 1e11
    assert told["profiles"][0]["promotion"] is None
    assert told["profiles"][1]["promotion"]["judgement"] in ("promoted", "not_promoted")
    assert [item["path"] for item in told["items"]] == ["one.wav", "sub/two.wav"]


def test_what_was_skipped_is_told(baked: Baked) -> None:
    page = (baked.folder / "site" / "index.html").read_text(encoding="utf-8")
    assert "minutes, 1 file skipped ·" in page
    assert "<bdi>song.m4a</bdi>: <bdi>it cannot be read</bdi>" in page
    assert "| `song.m4a` | it cannot be read |" in (baked.folder / "bakeoff.md").read_text()
    card = json.loads((baked.folder / "spleeter" / "report" / "scorecard.json").read_bytes())
    assert [one["path"] for one in card["skipped"]] == ["song.m4a"]


def test_what_was_done_before_is_not_done_again(copied: Workspace, baked: Baked) -> None:
    steps = [call for call in baked.executor.calls if call[0] in ("measure_raw", "clean", "finish")]
    # Of the candidate alone: the default profile was built in this cache before.
    assert len(steps) == 3 * 2
    # Raw is measured once for all profiles.
    first, second = (
        pd.read_csv(baked.folder / name / "report" / "costs.csv").set_index(["step", "id"])
        for name in ("embedded", "spleeter")
    )
    for step in ("raw asr", "raw dnsmos", "raw music", "raw loudness"):
        assert first.seconds[step].equals(second.seconds[step])
    assert not first.seconds["polish"].equals(second.seconds["polish"])
    outcome = bake(copied, [embedded(), candidate()], embedded(), NoWorkers())
    assert outcome.all_cleaned
    assert contents(copied.folder / "bakeoff") == contents(baked.folder)


def test_every_profile_is_judged_by_the_same(baked: Baked) -> None:
    assert candidate().gates.wer_max != embedded().gates.wer_max
    for run in baked.outcome.found.runs:
        assert run.profile.evaluation == embedded().evaluation
        assert run.profile.gates == embedded().gates
    card = json.loads((baked.folder / "spleeter" / "report" / "scorecard.json").read_bytes())
    assert card["profile"]["name"] == "spleeter"
    assert {gate["gate"]: gate["maximum"] for gate in card["gates"]}["wer"] == 0.1
    # It cleans as its own settings say.
    assert len(card["profile"]["config"]["separation"]["models"]) == 1


def test_another_profile_can_be_the_judge() -> None:
    dnsmos = embedded().evaluation.dnsmos.model_copy(update={"hop_seconds": 9.0})
    judge = changed(changed(embedded(), "evaluation", dnsmos=dnsmos), "gates", wer_max=0.9)
    judged = judged_by(judge, candidate())
    assert (judged.evaluation, judged.gates) == (judge.evaluation, judge.gates)
    assert (judged.name, judged.chain) == (candidate().name, candidate().chain)


def test_the_cost_counts_every_step_of_the_chain(baked: Baked) -> None:
    """Each is a step of the chain by its name, and a new one must not be forgotten."""
    steps = Steps(None)
    raw = decode(baked.workspace.renders()[0].source, 1)
    profile = changed(embedded(), "beta_wiener", enabled=True)
    chain.clean(raw, "source", profile.chain, steps)
    item = ItemResult("one", "one.wav", "one", seconds=steps.seconds, peak_bytes=steps.peak_bytes)
    found = cost([item])
    assert found.seconds == pytest.approx(sum(steps.seconds.values()))
    assert found.peak_bytes == max(steps.peak_bytes.values())


@pytest.mark.parametrize(
    ("names", "said"),
    [
        ("a", "between 2 and 6 profiles, not 1"),
        ("a b c d e f g", "between 2 and 6 profiles, not 7"),
        ("a A", "profile name `A` cannot be used"),
        ("a site", "profile name `site` cannot be used"),
        ("a bakeoff.json", r"profile name `bakeoff\.json` cannot be used"),
        ("a .", r"profile name `\.` cannot be used"),
    ],
)
def test_profiles_that_cannot_share_a_folder_are_refused(names: str, said: str) -> None:
    named = [embedded().model_copy(update={"name": name}) for name in names.split()]
    with pytest.raises(UsageError, match=said):
        check_names(named)


def test_a_folder_within_the_raw_one_or_in_use_is_refused(copied: Workspace) -> None:
    profiles = [embedded(), candidate()]
    with pytest.raises(UsageError, match=r"--output .* lies in the raw folder"):
        bakeoff.compare(
            copied.renders(),
            profiles,
            embedded(),
            copied.raw / "bakeoff",
            copied.places.cache,
            progress=lambda _: pytest.fail("it began"),
        )
    with fsio.run_lock(copied.folder / "bakeoff"), pytest.raises(Locked):
        bake(copied, profiles, embedded(), NoWorkers())
