"""What the pipeline costs beside a plain loop over the same functions: at most 1.25 times.

Both take turns at two sizes of input. The larger decides, with all that a run pays but its imports;
what one more KB of text costs each is printed beside it.
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
    ratios = slopes.whole_ratios("pipeline", "loop")
    ratio = statistics.median(ratios)
    more_text = statistics.median(slopes.ratios("pipeline", "loop"))
    same = slopes.value("loop") == slopes.value("pipeline")
    return {
        "what": "CPU time of curate --scoring=none, against a plain loop over the same functions",
        "goal": f"at most {GOAL:g} times",
        "measured": f"{ratio:.2f} times (for more text alone {more_text:.2f})"
        + ("" if same else ", BUT NOT THE SAME FILES"),
        "met": ratio <= GOAL and same,
        "ratio": ratio,
        "ratios": ratios,
        "ratio_for_more_text": more_text,
        "same_files": same,
        **slopes.facts(_JOBS),
    }
