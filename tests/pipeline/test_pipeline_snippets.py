"""The short pairs of a real build: in the report, in the site, and beside another build's."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path
from typing import TypeAlias

import numpy as np
import pytest
from numpy.typing import NDArray

from stemsilver import microsite
from stemsilver.audio import decode
from stemsilver.config import Profile
from stemsilver.errors import UsageError
from stemsilver.media import snippets
from stemsilver.media.snippets import LISTING
from stemsilver.microsite import PublishedSite, read_base
from stemsilver.pipeline import BuildOutcome, ab_snippets, tasks
from stemsilver.records import ItemResult
from stemsilver.step_cache import CodeFingerprint, Steps

from .batches import Built, InThisProcess, Workspace, changed, contents, embedded


class NothingNew(Steps):
    """Steps of which all that are worth remembering must be remembered."""

    def file(
        self, step: str, code: CodeFingerprint, key: str, compute: Callable[[], bytes]
    ) -> bytes:
        return super().file(step, code, key, lambda: pytest.fail(f"{step} ran again"))


def pairs_of(workspace: Workspace) -> Path:
    return workspace.places.report / "ab"


def names(result: ItemResult, count: int = 1, *more: str) -> set[str]:
    signals = ("raw", "clean", *more)
    files = {f"ab-{n + 1}-{signal}.flac" for n in range(count) for signal in signals}
    return {f"{result.id}/{name}" for name in (*files, LISTING)}


def seconds_long(profile: Profile, seconds: float, count: int = 3) -> Profile:
    return changed(profile, "ab_tests", snippet_seconds=seconds, snippet_count=count)


def samples(path: Path) -> NDArray[np.float64]:
    return decode(path, 1).samples.astype(np.float64)


def test_every_render_has_pairs_of_the_files_that_were_delivered(built: Built) -> None:
    workspace = built.workspace
    found = contents(pairs_of(workspace))
    pairs = set.union(*(names(result) for result in built.outcome.finished.items))
    assert set(found) == pairs | {"README.txt"}
    # Of files that are not there, nothing is said.
    assert b"-base.flac" not in found["README.txt"]
    for name in pairs:
        assert (workspace.places.site / "renders" / name).read_bytes() == found[name]
    for result in built.outcome.finished.items:
        folder = pairs_of(workspace) / result.id
        [one] = snippets.read(folder)
        assert (one.start, one.stop, one.rate) == (0, result.frames, result.rate)
        fade = result.rate // 100
        raw, clean = workspace.raw / result.path, workspace.places.proceed / result.output
        for signal, whole in (("raw", raw), ("clean", clean)):
            piece = samples(folder / snippets.file_name(1, signal))
            expected = samples(whole) * 10 ** (one.gains_db[signal] / 20)
            assert piece.shape == (result.channels, result.frames)
            np.testing.assert_allclose(piece[:, fade:-fade], expected[:, fade:-fade], atol=2**-15)
            assert not piece[:, [0, -1]].any()
        assert max(one.gains_db.values()) == 0 > min(one.gains_db.values())


def test_other_settings_cut_anew_and_run_no_model(
    workspace: Workspace, no_site: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    one, two = workspace.build(InThisProcess()).finished.items
    monkeypatch.setattr(tasks, "Steps", NothingNew)
    outcome = workspace.build(InThisProcess(), seconds_long(embedded(), 1))
    assert outcome.finished.reused == 0
    assert [one.failure for one in outcome.finished.items] == [None, None]
    assert set(contents(pairs_of(workspace))) == names(one, 2) | names(two, 2) | {"README.txt"}
    # And fewer again: what is no longer listed is no longer there.
    workspace.build(InThisProcess(), seconds_long(embedded(), 1, count=1))
    assert set(contents(pairs_of(workspace))) == names(one) | names(two) | {"README.txt"}
    for render in (one, two):
        assert len(snippets.read(pairs_of(workspace) / render.id)) == 1


def test_what_others_put_there_stays(workspace: Workspace, no_site: None) -> None:
    folder = pairs_of(workspace)
    [kept] = [path for path in folder.iterdir() if path.name.startswith("one")]
    (kept / "notes.txt").write_text("Heard on Tuesday.")
    none = seconds_long(embedded(), 1, count=0)
    workspace.build(InThisProcess(), none)
    assert set(contents(folder)) == {f"{kept.name}/notes.txt"}
    assert [path.name for path in folder.iterdir()] == [kept.name]
    (kept / "notes.txt").unlink()
    kept.rmdir()
    workspace.build(InThisProcess(), none)
    assert not folder.exists()


def test_those_of_renders_gone_or_failed_go(workspace: Workspace, no_site: None) -> None:
    shutil.rmtree(workspace.raw / "sub")
    [one] = workspace.build(InThisProcess()).finished.items
    assert set(contents(pairs_of(workspace))) == names(one) | {"README.txt"}
    (workspace.raw / "one.wav").write_bytes(b"RIFF")
    [failed] = workspace.build(InThisProcess()).finished.items
    assert failed.failure is not None
    assert not pairs_of(workspace).exists()


Compared: TypeAlias = tuple[Workspace, BuildOutcome]


@pytest.fixture(scope="module")
def compared(built: Built, tmp_path_factory: pytest.TempPathFactory) -> Compared:
    """The batch 6 dB quieter, in pairs of 1 s, beside the batch as it was built first."""
    folder = tmp_path_factory.mktemp("compared")
    workspace = built.workspace.copy(folder / "batch")
    base = workspace.places.site.rename(folder / "base")
    quieter = changed(embedded(), "postprocess", final_lufs=-22.0)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(microsite, "build", lambda *_, **__: PublishedSite(Path("index.html"), 0, 0))
        outcome = workspace.build(InThisProcess(), seconds_long(quieter, 1), base=base)
    return workspace, outcome


def test_the_base_is_cut_at_the_same_samples_and_as_loud(compared: Compared) -> None:
    workspace, outcome = compared
    for result in outcome.finished.items:
        folder = pairs_of(workspace) / result.id
        assert set(contents(folder)) == {name.split("/")[1] for name in names(result, 2, "base")}
        whole = samples(workspace.folder.parent / "base" / "renders" / result.id / "clean.flac")
        fade = result.rate // 100
        for one in snippets.read(folder):
            clean, base = (
                samples(folder / snippets.file_name(one.number, signal))
                for signal in ("clean", "base")
            )
            expected = whole[:, one.start : one.stop] * 10 ** (one.gains_db["base"] / 20)
            np.testing.assert_allclose(base[:, fade:-fade], expected[:, fade:-fade], atol=2**-15)
            assert not base[:, [0, -1]].any()
            # The same words at the same time, and 6 dB made good.
            assert one.gains_db["base"] - one.gains_db["clean"] == pytest.approx(-6, abs=0.5)
            fit = (base * clean).sum() / np.square(clean).sum()
            assert 20 * np.log10(fit) == pytest.approx(0, abs=0.5)


def test_without_a_base_its_cuts_go(compared: Compared, tmp_path: Path) -> None:
    workspace, outcome = compared
    folder = shutil.copytree(pairs_of(workspace), tmp_path / "ab")
    profile = seconds_long(embedded(), 1)
    ab_snippets.write_snippets(outcome.scorecard, profile, outcome.finished.media, None, folder)
    left = {name for result in outcome.finished.items for name in names(result, 2)}
    assert set(contents(folder)) == {"README.txt", *left}
    for result in outcome.finished.items:
        for one in snippets.read(folder / result.id):
            assert set(one.gains_db) == {"raw", "clean"}


def test_a_damaged_or_other_base_is_refused(compared: Compared, tmp_path: Path) -> None:
    workspace, outcome = compared
    site = shutil.copytree(workspace.folder.parent / "base", tmp_path / "base")
    one, two = (site / "renders" / result.id for result in outcome.finished.items)

    def refused(said: str) -> None:
        with pytest.raises(UsageError, match=said) as caught:
            ab_snippets.write_snippets(
                outcome.scorecard,
                embedded(),
                outcome.finished.media,
                read_base(site),
                tmp_path / "ab",
            )
        assert "--base" in caught.value.next_step

    (one / "clean.flac").write_bytes((one / "clean.flac").read_bytes()[:2000])
    refused(r"clean\.flac: damaged or cut off")
    # Its raw says it is the same samples, by a digest that anyone can write.
    md5 = slice(26, 42)
    raw, genuine = ((folder / "raw.flac").read_bytes() for folder in (two, one))
    (one / "raw.flac").write_bytes(raw[: md5.start] + genuine[md5] + raw[md5.stop :])
    shutil.copyfile(two / "clean.flac", one / "clean.flac")
    refused("differs from the render in rate, channels or length")
