"""The main job without scoring, as a person starts it, for the benchmarks that measure it."""

import json
from pathlib import Path
from typing import Any

from pipelines.curate import run


def curate_without_scoring(files: list[str], output: str) -> dict[str, Any]:
    """Runs `wellspring curate --scoring=none` on archive files, in this process.

    Returns:
        documents: how many were published. files: SHA-256 of each file's bytes by its path.
    """
    inputs = [f"--input={path}" for path in files]
    run([*inputs, f"--output={output}", "--scoring=none", "--overwrite"])
    manifest = json.loads((Path(output) / "manifest.json").read_text())
    return {
        "documents": sum(manifest["labelled"].values()),
        "files": {path: entry["sha256"] for path, entry in manifest["files"].items()},
    }
