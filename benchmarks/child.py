"""A function in a process of its own, with what it cost: processor time and peak memory."""

import importlib
import json
import os
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any, NamedTuple

# One thread in tokenizer and arithmetic, and no GPU: what is compared is work, not how it is spread.
_ONE_THREAD = {
    "RAYON_NUM_THREADS": "1",
    "TOKENIZERS_PARALLELISM": "false",
    "OMP_NUM_THREADS": "1",
    "OPENBLAS_NUM_THREADS": "1",
    "CUDA_VISIBLE_DEVICES": "",
}
_ROOT = Path(__file__).resolve().parents[1]


class Cost(NamedTuple):
    """What the function returned and took, imports of its module left out.

    `cpu` and `wall` are seconds; `cpu` is user and system time of the process and its children.
    `start_rss` and `peak_rss` are bytes: before the call, and the highest of the process.
    """

    value: Any
    cpu: float
    wall: float
    start_rss: int
    peak_rss: int


def run_in_child(function: str, *arguments: Any) -> Cost:
    """Runs `benchmarks.module:function` with arguments and result that JSON can hold.

    Raises:
        RuntimeError: it failed; the message ends with its standard error.
    """
    with tempfile.TemporaryDirectory(prefix="wellspring-bench-") as folder:
        answer = Path(folder) / "answer.json"
        done = subprocess.run(
            [sys.executable, "-m", "benchmarks.child", function, json.dumps(arguments), str(answer)],
            cwd=_ROOT,
            env={**os.environ, **_ONE_THREAD},
            capture_output=True,
            text=True,
        )
        if done.returncode:
            raise RuntimeError(f"{function} failed with exit code {done.returncode}:\n{done.stderr[-4000:]}")
        return Cost(**json.loads(answer.read_text()))


def _main(function: str, arguments: str, answer: str) -> None:
    module, _, name = function.partition(":")
    work = getattr(importlib.import_module(module), name)
    start_rss = _status("VmRSS")
    wall, cpu = time.perf_counter(), _cpu()
    value = work(*json.loads(arguments))
    cost = Cost(value, _cpu() - cpu, time.perf_counter() - wall, start_rss, _status("VmHWM"))
    Path(answer).write_text(json.dumps(cost._asdict()))


def _cpu() -> float:
    usages = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    return sum(usage.ru_utime + usage.ru_stime for usage in usages)


def _status(field: str) -> int:
    """A size of this process in bytes, from the kernel. `ru_maxrss` would count the parent's memory
    at the fork."""
    for line in Path("/proc/self/status").read_text().splitlines():
        if line.startswith(f"{field}:"):
            return int(line.split()[1]) * 1024
    raise RuntimeError(f"/proc/self/status has no {field}")


if __name__ == "__main__":
    _main(*sys.argv[1:])
