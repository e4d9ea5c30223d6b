"""The main job as a person starts it, for the benchmarks that measure it."""

import json
from pathlib import Path
from typing import Any

from pipelines.curate import run


def curate_without_scoring(files: list[str], output: str) -> dict[str, Any]:
    """Runs `wellspring curate --scoring=none` on archive files, in this process.

    Returns:
        documents: how many were published. files: SHA-256 of each file's bytes by its path.
    """
    return _curate(files, output, "none")


def curate_with_scoring(files: list[str], output: str) -> dict[str, Any]:
    """The same with the embedded scorer on every document."""
    return _curate(files, output, "all")


def _curate(files: list[str], output: str, scoring: str) -> dict[str, Any]:
    inputs = [f"--input={path}" for path in files]
    run([*inputs, f"--output={output}", f"--scoring={scoring}", "--profile=seed", "--overwrite"])
    manifest = json.loads((Path(output) / "manifest.json").read_text())
    return {
        "documents": sum(manifest["labelled"].values()),
        "files": {path: entry["sha256"] for path, entry in manifest["files"].items()},
    }
