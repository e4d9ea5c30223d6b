"""What the pipeline costs beside a plain loop over the same functions: at most 1.25 times.

Both run at two sizes of input, taking turns, and the increase is compared: imports, the graph, the
report and all else that a run pays once are left out and shown apart.
"""

import statistics
import tempfile
from pathlib import Path
from typing import Any

from benchmarks.corpus import MB
from benchmarks.slopes import take_turns

GOAL = 1.25
_JOBS = {
    "loop": "benchmarks.plain_loop:curate_in_a_loop",
    "pipeline": "benchmarks.curate_run:curate_without_scoring",
}


def run(runs: int = 3, text_bytes: int = 60 * MB) -> dict[str, Any]:
    """Compares on WET files of `text_bytes` and of a third of it."""
    with tempfile.TemporaryDirectory(prefix="wellspring-bench-") as folder:
        slopes = take_turns(_JOBS, Path(folder), text_bytes, runs)
    ratios = slopes.ratios("pipeline", "loop")
    ratio = statistics.median(ratios)
    same = slopes.value("loop") == slopes.value("pipeline")
    return {
        "what": "CPU time of curate --scoring=none, against a plain loop over the same functions",
        "goal": f"at most {GOAL:g} times",
        "measured": f"{ratio:.2f} times" + ("" if same else ", BUT NOT THE SAME FILES"),
        "met": ratio <= GOAL and same,
        "ratio": ratio,
        "ratios": ratios,
        "same_files": same,
        **slopes.facts(_JOBS),
    }
