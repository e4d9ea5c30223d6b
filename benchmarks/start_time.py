"""How long one waits: for `wellspring --help`, and for a local run's first document.

Wall time of a new process, as a person starts it; beside it the processor time that it took until then,
which a busy machine doesn't stretch. The first document is there when the run's own
progress says that one was read: with the default profile and scorer, tokenizer and graph are built by then.
"""

import math
import os
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

from benchmarks.corpus import write_wet

HELP_SECONDS, FIRST_SECONDS = 0.3, 6.0
_ROOT = Path(__file__).parents[1]
_POLL_SECONDS = 0.01


def run(runs: int = 5, text_bytes: int = 100_000) -> dict[str, Any]:
    """Medians over `runs` starts of each."""
    with tempfile.TemporaryDirectory(prefix="wellspring-bench-") as name:
        folder = Path(name)
        wet = write_wet(folder / "crawl", text_bytes).files[0]
        helps = [_help_seconds() for _ in range(runs)]
        firsts = [_first_document_seconds(wet, folder / f"run-{i}") for i in range(runs)]
    usage, first = statistics.median(helps), statistics.median(wall for wall, _ in firsts)
    cpu = statistics.median(cpu for _, cpu in firsts)
    return {
        "what": "wall time until the list of jobs is printed, and until a local run has read a document",
        "goal": f"under {HELP_SECONDS:g} s and under {FIRST_SECONDS:g} s",
        "measured": f"{usage:.2f} s and {first:.2f} s ({cpu:.2f} s of processor time)",
        "met": usage < HELP_SECONDS and first < FIRST_SECONDS,
        "help_seconds": helps,
        "first_document_seconds": [wall for wall, _ in firsts],
        "first_document_cpu_seconds": [cpu for _, cpu in firsts],
        "runs": runs,
    }


def _help_seconds() -> float:
    start = time.perf_counter()
    subprocess.run(
        [sys.executable, "-m", "wellspring.pipelines.cli", "--help"],
        cwd=_ROOT,
        check=True,
        capture_output=True,
    )
    return time.perf_counter() - start


def _first_document_seconds(wet: Path, run: Path) -> tuple[float, float]:
    """Wall and processor time until the first line of progress says that a document was read."""
    temporary = run.with_name(run.name + "-temporary")
    temporary.mkdir()
    command = [sys.executable, "-m", "wellspring.pipelines.curate", f"--input={wet}", f"--output={run}"]
    start = time.perf_counter()
    process = subprocess.Popen(
        command,
        cwd=_ROOT,
        env={**os.environ, "TMPDIR": str(temporary)},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    first = None
    while first is None and process.poll() is None:
        if any(b'"read"' in path.read_bytes() for path in temporary.glob("wellspring-progress-*/*.jsonl")):
            first = time.perf_counter() - start, _cpu_seconds(process.pid)
        time.sleep(_POLL_SECONDS)
    if process.wait() != 0 or first is None:
        raise RuntimeError(f"{' '.join(command)} ended with {process.returncode}")
    return first


def _cpu_seconds(pid: int) -> float:
    """User and system time of a running process, by Linux's /proc; nan elsewhere."""
    stat = Path(f"/proc/{pid}/stat")
    if not stat.is_file():
        return math.nan
    fields = stat.read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")
