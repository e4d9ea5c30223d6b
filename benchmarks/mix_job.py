"""`wellspring mix` as a person starts it, as the runs it draws from get larger and the set stays as it is.

Finished runs of 10^4, 10^5 and 10^6 short documents are written once; from each a set of half a million
tokens is drawn by rarity, in a process of its own. Time goes with the documents and what the set itself
costs; memory must not.
"""

import itertools
import json
import statistics
import tempfile
from pathlib import Path
from typing import Any

from benchmarks.child import Cost, run_in_child
from benchmarks.corpus import MB
from benchmarks.made_run import write_run

GOAL_TIME = 0.15
GOAL_MEMORY = 64 * MB
"""Between the smallest and the largest, where the set is the same size: what counts as flat."""
TOKENS = 500_000


def mix(run: str, output: str, tokens: int) -> dict[str, Any]:
    """Draws a set by rarity; what its manifest says."""
    from wellspring.pipelines.mix import run as mix_job

    recipe = Path(output).with_suffix(".yaml")
    recipe.write_text(
        json.dumps(
            {
                "runs": [run],
                "tokens": tokens,
                "shares": {"human_verified": 0.3, "human_unverified": 0.6, "synthetic_known": 0.1},
                "low_frequency": {"strength": 1, "cap": 4},
            }
        )
    )
    mix_job([f"--recipe={recipe}", f"--output={output}", "--overwrite"])
    manifest = json.loads((Path(output) / "manifest.json").read_text())
    return {
        "shares": manifest["shares"],
        "rows": manifest["records_read"],
        "documents": sum(s["documents"] for s in manifest["plan"]),
        "effective_share": manifest["effective_sample_size"] / manifest["distinct_documents"],
        "rare_words": manifest["rare_types"],
    }


def run(
    runs: int = 1, steps: tuple[int, ...] = (10_000, 100_000, 1_000_000), tokens: int = TOKENS
) -> dict[str, Any]:
    """Runs all steps in turn, `runs` times; the time of an empty step is measured and taken off."""
    costs: dict[int, list[Cost]] = {step: [] for step in steps}
    with tempfile.TemporaryDirectory(prefix="wellspring-bench-") as name:
        folder = Path(name)
        for step in steps:
            write_run(folder / f"run{step}", step)
        for _ in range(runs):
            for step in steps:
                costs[step].append(
                    run_in_child(
                        "benchmarks.mix_job:mix",
                        str(folder / f"run{step}"),
                        str(folder / f"set{step}"),
                        tokens,
                    )
                )
    seconds = {s: min(c.cpu for c in costs[s]) for s in steps}
    peaks = {s: statistics.median(c.peak_rss for c in costs[s]) for s in steps}
    # What each further document takes: the set, the graph and the sketches are the same at every step.
    slopes = {b: (seconds[b] - seconds[a]) / (b - a) * 1e6 for a, b in itertools.pairwise(steps)}
    growth = [slopes[b] / slopes[a] - 1 for a, b in itertools.pairwise(steps[1:])]
    more = peaks[steps[-1]] - peaks[steps[0]]
    return {
        "what": f"wellspring mix of {tokens:,} tokens by rarity from "
        f"{', '.join(f'{s:,}' for s in steps)} documents",
        "goal": f"a further document's time within {GOAL_TIME:.0%} from step to step, at most "
        f"{GOAL_MEMORY / MB:.0f} MB more memory",
        "measured": ", ".join(f"{seconds[s]:.1f} s at {s:,} ({peaks[s] / MB:.0f} MB)" for s in steps)
        + f"; a further document {', '.join(f'{v:.0f} µs' for v in slopes.values())}"
        + f" ({', '.join(f'{g:+.1%}' for g in growth)}), memory {more / MB:+.0f} MB",
        "met": all(abs(g) <= GOAL_TIME for g in growth) and more <= GOAL_MEMORY,
        "seconds": seconds,
        "microseconds_a_further_document": {str(s): round(v, 1) for s, v in slopes.items()},
        "peak_rss_bytes": {str(s): peaks[s] for s in steps},
        "found": {str(s): costs[s][-1].value for s in steps},
        "runs": runs,
    }
