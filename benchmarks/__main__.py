"""`python -m benchmarks [NAME ...] [--runs=N]`: runs all benchmarks or the named ones.

Prints a line for each and writes `benchmarks/results/<name>.json`: what was measured, the goal,
whether it was met, and on what machine. Exit code 0 whatever the figures are: they are reported,
and a slow machine is no fault.
"""

import argparse
import importlib
import json
import sys
from pathlib import Path

from benchmarks.machine import machine_facts

NAMES = (
    "entropy_audit",
    "signal_cost",
    "pipeline_overhead",
    "peer_datatrove",
    "memory",
    "scaling",
    "classifier_speed",
    "scorer",
    "drift",
    "audit_cost",
    "tail_signals",
    "mix_scale",
    "low_frequency",
    "mix_job",
    "mix_tail",
    "anchor_overlap",
    "simulate",
    "review_page",
    "monitor",
    "tail_collapse",
    "start_time",
    "reprocess",
)
RESULTS = Path(__file__).parent / "results"


def main(arguments: list[str]) -> int:
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("names", nargs="*", metavar="NAME", help=f"of {', '.join(NAMES)} (default: all)")
    parser.add_argument("--runs", type=int, help="of each, medians are reported (default: its own, 3 to 15)")
    chosen = parser.parse_args(arguments)
    if unknown := set(chosen.names) - set(NAMES):
        parser.error(f"no benchmark {', '.join(sorted(unknown))}; there are {', '.join(NAMES)}")
    RESULTS.mkdir(exist_ok=True)
    for name in chosen.names or NAMES:
        benchmark = importlib.import_module(f"benchmarks.{name}")
        result = benchmark.run(**({"runs": chosen.runs} if chosen.runs else {}))
        content = {"benchmark": name, **result, "machine": machine_facts()}
        (RESULTS / f"{name}.json").write_text(json.dumps(content, indent=2) + "\n")
        print(f"{name:18} {'met' if result['met'] else 'NOT MET':8} {result['measured']}")
        print(f"{'':27} goal: {result['goal']}", flush=True)
        for line in result.get("lines", ()):
            print(f"{'':27} {line}", flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
