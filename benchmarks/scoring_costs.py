"""`python -m benchmarks.scoring_costs`: tokens per second and per dollar by machine, as a Markdown table.

The CPU's rate is the one measured by `python -m benchmarks scorer`. A GPU's is estimated: peak rate of its
data sheet x an assumed utilisation / 2 FLOPs a parameter and token (attention left out). Assumptions and
prices are in pipelines/cost_assumptions.yaml, for people to change; `wellspring estimate` reckons with
the same.
"""

import json
import sys
from pathlib import Path
from typing import Any

import yaml

HERE = Path(__file__).parent
ASSUMPTIONS = HERE.parent / "pipelines" / "cost_assumptions.yaml"


def table(assumptions: dict[str, Any], cpu_tokens_a_second: float) -> list[str]:
    """The lines of the table: one for each CPU machine, one for each GPU and model."""
    rows = [
        _row(machine, "reference-en", cpu_tokens_a_second, price["dollars_an_hour"], "measured")
        for machine, price in assumptions["cpu"].items()
    ]
    for machine, gpu in assumptions["gpus"].items():
        for model, parameters in assumptions["models"].items():
            rate = gpu["flops"] * assumptions["utilisation"] / (2 * parameters)
            rows.append(_row(machine, model, rate, gpu["dollars_an_hour"], "estimated"))
    return [
        "| machine | model | tokens per second | million tokens per dollar | rate |",
        "|---|---|---|---|---|",
        *rows,
    ]


def _row(machine: str, model: str, rate: float, dollars_an_hour: float, basis: str) -> str:
    millions = rate * 3600 / dollars_an_hour / 1e6
    return f"| {machine} | {model} | {_rounded(rate)} | {_rounded(millions)} | {basis} |"


def _rounded(value: float) -> str:
    """Two significant digits: an estimate has no more."""
    return f"{float(f'{value:.2g}'):,.0f}"


def main() -> int:
    assumptions = yaml.safe_load(ASSUMPTIONS.read_text())
    measured = json.loads((HERE / "results" / "scorer.json").read_text())
    print("\n".join(table(assumptions, measured["wall_tokens_per_second"]["scorer"])))
    return 0


if __name__ == "__main__":
    sys.exit(main())
