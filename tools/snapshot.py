"""Check whether a change of the code changes any output: create snapshots and compare them.

    python tools/snapshot.py OUT              # with the old code
    python tools/snapshot.py OTHER            # with the new code
    python tools/snapshot.py OUT OTHER        # print the differences

A snapshot contains the site, the report and the outputs of the demo batch and of a second build
that is compared with the first; a bake-off; a release; the preview of a pull request; an `init`;
and what every command printed. Time and memory measurements are replaced by constants, so that the
same code gives the same bytes.
"""

from __future__ import annotations

import filecmp
import os
import shutil
import subprocess
import sys
from pathlib import Path
from zipfile import ZipFile

import yaml

REPOSITORY = Path(__file__).parents[1]
STEMSILVER = Path(sys.executable).with_name("stemsilver")
STILL = """
import pathlib, resource, time, types
time.perf_counter = lambda: 0.0
resource.getrusage = lambda who: types.SimpleNamespace(ru_maxrss=1_000_000)
read_text = pathlib.Path.read_text
def without_marks(self, *args, **kwargs):
    if str(self) == "/proc/self/status":
        raise OSError
    return read_text(self, *args, **kwargs)
pathlib.Path.read_text = without_marks
"""
COMMIT = "0123456789abcdef0123456789abcdef01234567"
CHANGING = {".stemsilver-site", "stemsilver-site"}
"""Files that contain a digest of the code, so they always differ."""


PREVIEW = """
from pathlib import Path
from stemsilver import load_profile
from stemsilver.delivery.pull_request import read, write_preview
written = write_preview(read(Path("handed")), load_profile(), Path("preview"), 25)
print(written.heard, written.left_out, written.bytes)
"""


def main() -> None:
    """Make a snapshot, or compare two."""
    folders = [Path(name).resolve() for name in sys.argv[1:]]
    if len(folders) == 2:
        sys.exit(compare(*folders))
    [folder] = folders
    make(folder)


def make(folder: Path) -> None:
    """Create a snapshot in a new folder."""
    still = folder.with_name(f"{folder.name}.still")
    still.mkdir(parents=True)
    (still / "sitecustomize.py").write_text(STILL)
    shutil.copytree(REPOSITORY / "raw", folder / "raw")
    few = folder / "few"
    few.mkdir()
    for path in (REPOSITORY / "raw").glob("museum_guide*"):
        shutil.copy(path, few)
    shutil.copytree(REPOSITORY / "raw" / "batched", few / "batched")
    profile = yaml.safe_load((REPOSITORY / "config" / "embedded.yaml").read_text())
    profile["description"] = "Less of the mixture."
    profile["enhancement"]["mixture_share"] = 0.3
    (folder / "other.yaml").write_text(yaml.safe_dump(profile))
    environment = {
        **os.environ,
        "PYTHONPATH": str(still),
        "SOURCE_DATE_EPOCH": "1750000000",
        "COLUMNS": "160",
        "STEMSILVER_WEIGHTS": str(still / "weights"),
    }

    def run(name: str, *words: str, command: tuple[str | Path, ...] = (STEMSILVER,)) -> None:
        done = subprocess.run(
            [*command, *words], cwd=folder, env=environment, capture_output=True, text=True
        )
        # Sorted, because renders finish in any order.
        told = "\n".join(sorted(done.stderr.splitlines()))
        said = f"{done.returncode}\n--- stdout\n{done.stdout}\n--- stderr\n{told}"
        (folder / f"{name}.printed").write_text(said.replace(str(folder), "FOLDER"))
        print(name, done.returncode, flush=True)

    cache = ("--cache", str(still / "cache"))
    run("first", "build-site", "--zip", "--stages", *cache)
    second = ("--proceed", "p2", "--report", "r2", "--site", "s2", "--config", "other.yaml")
    run("second", "build-site", "--raw", "few", *second, "--base", "site", *cache)
    run("diff", "scorecard", "diff", "report", "r2")
    run("diff_json", "scorecard", "diff", "report", "r2", "--json")
    run("diff_markdown", "scorecard", "diff", "report", "r2", "--markdown", "--gate")
    run("compare", "compare", "--raw", "few", "embedded", "other.yaml", *cache)
    run("release", "release", "--out", "dist")
    pull = ("--number", "7", "--commit", COMMIT, "--out", "handed")
    run("pack", "pull-request", "pack", "report", "r2", *pull)
    run("preview", command=(sys.executable, "-c", PREVIEW))
    run("init", "init", "own")
    run("clean", "clean", "few/batched", "-o", "cleaned", *cache)
    run(
        "evaluate", "evaluate", "few/museum_guide.wav", "p2/museum_guide__speech_only.wav", "--json"
    )
    for path in [*folder.rglob("*.zip")]:
        with ZipFile(path) as archive:
            archive.extractall(path.with_suffix(".unpacked"))
        path.unlink()
    shutil.rmtree(folder / "raw")
    shutil.rmtree(few)


def compare(one: Path, other: Path) -> int:
    """Print every file that differs; return their number."""
    names = [
        {path.relative_to(root).as_posix() for path in root.rglob("*") if path.is_file()}
        for root in (one, other)
    ]
    for root, only in ((one, names[0] - names[1]), (other, names[1] - names[0])):
        for name in sorted(only):
            print(f"only in {root.name}: {name}")
    differing = [
        name
        for name in sorted(names[0] & names[1])
        if Path(name).name not in CHANGING
        and not filecmp.cmp(one / name, other / name, shallow=False)
    ]
    print(*differing, sep="\n")
    print(f"{len(names[0] & names[1])} files in both, {len(differing)} differ")
    return len(differing) + len(names[0] ^ names[1])


if __name__ == "__main__":
    main()
