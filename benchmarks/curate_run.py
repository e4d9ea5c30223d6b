"""The main job as a person starts it, for the benchmarks that measure it."""

import json
import os
from pathlib import Path
from typing import Any

from wellspring.pipelines.curate import run


def curate_without_scoring(files: list[str], output: str) -> dict[str, Any]:
    """Runs `wellspring curate --scoring=none` on archive files, in this process.

    Returns:
        documents: how many were published. files: SHA-256 of each file's bytes by its path.
    """
    return _curate(files, output, "none")


def curate_with_scoring(files: list[str], output: str) -> dict[str, Any]:
    """The same with the embedded scorer on every document."""
    return _curate(files, output, "all")


def curate_in_one_process(files: list[str], output: str) -> dict[str, Any]:
    """With the scorer, in one worker process; torch has one thread."""
    return _in_processes(files, output, 1)


def curate_in_two_processes(files: list[str], output: str) -> dict[str, Any]:
    """With the scorer, in two worker processes; torch has one thread in each."""
    return _in_processes(files, output, 2)


def _in_processes(files: list[str], output: str, workers: int) -> dict[str, Any]:
    # The job gives each process its share of the cores; here as many cores as processes count.
    os.cpu_count = lambda: workers
    mode = f"--direct_running_mode=multi_processing --direct_num_workers={workers}"
    return _curate(files, output, "all", *mode.split())


def _curate(files: list[str], output: str, scoring: str, *extra: str) -> dict[str, Any]:
    inputs = [f"--input={path}" for path in files]
    run([*inputs, f"--output={output}", f"--scoring={scoring}", "--profile=seed", "--overwrite", *extra])
    manifest = json.loads((Path(output) / "manifest.json").read_text())
    return {
        "documents": sum(manifest["labelled"].values()),
        "files": {path: entry["sha256"] for path, entry in manifest["files"].items()},
    }
