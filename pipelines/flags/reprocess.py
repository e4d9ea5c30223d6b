"""The flags of `wellspring reprocess`."""

from typing import get_args

from wellspring.pipelines.command.arguments import JobParser
from wellspring.schemas.audit import GateMode


def parser() -> JobParser:
    """The flags of `wellspring reprocess`."""
    p = JobParser(
        "reprocess",
        "A finished run under another profile or scorer, without reading the crawl again.",
        takes_beam_flags=True,
    )
    p.add_argument("--run", required=True, help="the folder of a finished run; it stays as it is")
    p.add_argument("--output", required=True, help="the folder of the new run")
    p.add_argument("--profile", help="'reference-en', 'seed' or a profile.json; default: the run's own")
    p.add_argument(
        "--scorer",
        help="score the stored texts with another model: reference-en, a folder, gs:// path or name",
    )
    p.add_argument("--gate", choices=get_args(GateMode), help="default: the run's own")
    p.add_argument("--sources", help="sources.yaml; default: the run's own")
    p.add_argument("--dry_run", action="store_true", help="check the flags, write nothing")
    p.add_argument(
        "--detach", action="store_true", help="hand the job to its runner and don't wait for its end"
    )
    p.add_argument("--overwrite", action="store_true", help="replace a finished run in --output")
    return p
