"""The flags of `wellspring demo`."""

from pathlib import Path

from wellspring.pipelines.command.arguments import JobParser, local_path


def parser() -> JobParser:
    """The flags of `wellspring demo`."""
    p = JobParser("demo", "The main job on text made on the spot: no download, a few minutes.")
    p.add_argument(
        "--output", type=local_path, default=Path("demo-run"), help="folder to write to (default: demo-run)"
    )
    return p
