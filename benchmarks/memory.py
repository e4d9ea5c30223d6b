"""Peak memory of a local run as its input grows: at most 8 bytes a byte of text beyond the start."""

import statistics
import tempfile
from pathlib import Path
from typing import Any

from benchmarks.child import run_in_child
from benchmarks.corpus import MB, write_wet

GOAL = 8.0
_TIMES = (1, 4, 16)


def run(runs: int = 1, text_bytes: int = 8 * MB) -> dict[str, Any]:
    """Runs `curate --scoring=none` on 1, 4 and 16 times `text_bytes` of WET files."""
    peaks: dict[int, float] = {}
    sizes: dict[int, int] = {}
    with tempfile.TemporaryDirectory(prefix="wellspring-bench-") as name:
        folder = Path(name)
        for times in _TIMES:
            corpus = write_wet(folder / f"x{times}", times * text_bytes)
            files = [str(path) for path in corpus.files]
            costs = [
                run_in_child("benchmarks.curate_run:curate_without_scoring", files, str(folder / "run"))
                for _ in range(runs)
            ]
            sizes[times] = corpus.text_bytes
            peaks[times] = statistics.median(cost.peak_rss for cost in costs)
            start = statistics.median(cost.start_rss for cost in costs)
    first, last = _TIMES[0], _TIMES[-1]
    slope = (peaks[last] - peaks[first]) / (sizes[last] - sizes[first])
    return {
        "what": "peak RSS of curate --scoring=none at 1x, 4x, 16x of an input",
        "goal": f"at most {GOAL:g} bytes of RSS per byte of text beyond the start",
        "measured": f"{slope:.1f} bytes per byte; "
        + ", ".join(f"{sizes[t] / MB:.0f} MB: {peaks[t] / MB:.0f} MB" for t in _TIMES),
        "met": slope <= GOAL,
        "bytes_per_byte_of_text": slope,
        "text_bytes": {f"{t}x": sizes[t] for t in _TIMES},
        "peak_rss_bytes": {f"{t}x": peaks[t] for t in _TIMES},
        "rss_after_imports_bytes": start,
        "input": corpus.facts(),
        "runs": runs,
    }
