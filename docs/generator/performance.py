"""The performance table, from what `python -m benchmarks` wrote."""

import json
import statistics
from pathlib import Path
from typing import Any

from benchmarks.__main__ import NAMES, RESULTS
from docs.generator.markdown import code, page, table

_INTRO = """\
`make bench` measures everything below side by side, prints it, and writes `benchmarks/results/*.json` with
the machine it ran on; `python -m benchmarks NAME` measures one. This page is made from those files, so a goal
that was not met stays in it.

The machine is shared with other work: ratios drift by a tenth and more from one time to the next. Each JSON
file holds the single runs."""


def pages() -> dict[str, str]:
    """The page of all benchmarks that have a result."""
    results = read_results(RESULTS)
    rows = [
        (
            code(name),
            result["what"],
            result["goal"],
            result["measured"],
            "yes" if result["met"] else "**no**",
        )
        for name, result in results.items()
    ]
    body = table(("name", "what", "goal", "measured", "met"), rows)
    lines = [_lines(name, result) for name, result in results.items() if result.get("lines")]
    unmeasured = [name for name in NAMES if name not in results]
    missing = f"No result is kept of: {', '.join(map(code, unmeasured))}." if unmeasured else ""
    return {
        "performance.md": page(
            "Performance", _INTRO, _machines(results), body, missing, "## In detail", *lines
        )
    }


def read_results(folder: Path) -> dict[str, dict[str, Any]]:
    """{benchmark: its result}, in the order in which they run."""
    return {
        name: json.loads(file.read_text()) for name in NAMES if (file := folder / f"{name}.json").is_file()
    }


def defaults_table(results: dict[str, dict[str, Any]]) -> str:
    """README's rows: what a run with the defaults takes."""
    curate, again = results["reprocess"], results["reprocess"]["reprocess_seconds"]
    text, seconds = curate["input"]["text_bytes"], curate["curate_seconds"]["wall"]
    start = statistics.median(results["start_time"]["first_document_seconds"])
    rows = [
        (
            f"`curate`: {text / 1e6:.0f} MB of text, {curate['input']['documents']:,} documents",
            f"{seconds / 60:.0f} minutes on one core: {text / seconds / 1e3:.0f} kB per second",
            "reprocess",
        ),
        (
            "`reprocess`: that run under another profile",
            f"{statistics.median(one['wall'] for one in again):.1f} s",
            "reprocess",
        ),
        ("a local run, until its first document is read", f"{start:.1f} s", "start_time"),
        (
            "`monitor`: 10,000 outputs in windows of 100",
            f"{max(results['monitor']['seconds']):.1f} s on one core",
            "monitor",
        ),
    ]
    commands = [(what, measured, code(f"python -m benchmarks {name}")) for what, measured, name in rows]
    return table(("what", "measured", "command"), commands)


def _machines(results: dict[str, dict[str, Any]]) -> str:
    machines = {
        f"{result['machine']['cores']} cores of {result['machine']['cpu']}, {result['machine']['system']}, "
        f"Python {result['machine']['python']}"
        for result in results.values()
    }
    return "Measured on: " + "; ".join(sorted(machines)) + "."


def _lines(name: str, result: dict[str, Any]) -> str:
    return f"### {name}\n\n" + "\n".join(f"- {line}" for line in result["lines"])
