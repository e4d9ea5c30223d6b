"""A run under another profile from what it stored, beside the run itself: at least 50 times faster.

The run is scored by the embedded pair; then it is judged by another profile under another gate. Both with all
that they pay once but the imports. Beam's own start is most of what the second costs on little text, so that
the ratio grows with the text. Processor time decides: the clock also shows what else the machine does.
"""

import json
import shutil
import statistics
import tempfile
from pathlib import Path
from typing import Any

from benchmarks.child import Cost, run_in_child
from benchmarks.corpus import MB, write_wet
from wellspring.pipelines import curate, reprocess
from wellspring.signals.lm.model_folder import REFERENCE_EN
from wellspring.signals.verdict.profiles import built_in, parse_profile

GOAL = 50.0


def run(runs: int = 3, text_bytes: int = 16 * MB) -> dict[str, Any]:
    """The run once, then `runs` times the other; medians."""
    with tempfile.TemporaryDirectory(prefix="wellspring-bench-") as folder:
        corpus = write_wet(Path(folder) / "crawl", text_bytes)
        first, output = str(Path(folder) / "run"), str(Path(folder) / "again")
        curated = run_in_child(f"{__name__}:curate_once", [str(file) for file in corpus.files], first)
        profile = Path(folder) / "stricter.json"
        profile.write_text(_stricter())
        again = [run_in_child(f"{__name__}:relabel_once", first, str(profile), output) for _ in range(runs)]
        shutil.rmtree(output)
    cpu = curated.cpu / statistics.median(cost.cpu for cost in again)
    wall = curated.wall / statistics.median(cost.wall for cost in again)
    return {
        "what": "curate with the embedded pair of scorers, over reprocess of that run by another profile",
        "goal": f"at least {GOAL:g} times less processor time",
        "measured": f"{cpu:.0f} times less processor time, {wall:.0f} times faster by the clock",
        "met": cpu >= GOAL,
        "ratio_cpu": cpu,
        "ratio_wall": wall,
        "curate_seconds": _seconds(curated),
        "reprocess_seconds": [_seconds(cost) for cost in again],
        "labels_moved": again[-1].value,
        "input": corpus.facts(),
        "runs": runs,
    }


def curate_once(files: list[str], output: str) -> int:
    """Runs the main job; how many tokens were scored."""
    curate.run([*(f"--input={file}" for file in files), f"--output={output}"])
    return int(json.loads((Path(output) / "manifest.json").read_text())["tokens_scored"])


def relabel_once(run: str, profile: str, output: str) -> int:
    """Judges a run again; how many documents have another label."""
    reprocess.run(
        [f"--run={run}", f"--output={output}", f"--profile={profile}", "--gate=enforce", "--overwrite"]
    )
    moves = json.loads((Path(output) / "manifest.json").read_text())["reprocessed_from"]["labels"]
    return sum(n for old, by_new in moves.items() for new, n in by_new.items() if old != new)


def _stricter() -> str:
    """The embedded profile with every threshold of SYNTHETIC halfway to zero."""
    profile = parse_profile(built_in(REFERENCE_EN) or "", REFERENCE_EN).model_dump()
    profile["name"] = "stricter"
    for combination in (profile["classifier"]["text_only"], profile["classifier"]["with_signals"]):
        for threshold in combination["thresholds"]:
            threshold["probability"] /= 2
    return json.dumps(profile)


def _seconds(cost: Cost) -> dict[str, float]:
    return {"cpu": round(cost.cpu, 2), "wall": round(cost.wall, 2)}
