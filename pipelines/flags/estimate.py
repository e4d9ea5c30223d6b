"""The flags of `wellspring estimate`."""

from pathlib import Path

from wellspring.pipelines.command.arguments import JobParser
from wellspring.pipelines.command.column_flags import add_column_flags

ASSUMPTIONS = Path(__file__).parents[1] / "cost_assumptions.yaml"
"""Those that ship."""


def parser() -> JobParser:
    """The flags of `wellspring estimate`."""
    p = JobParser(
        "estimate", "What a run would read, take and cost, from a sample of its files.", takes_beam_flags=True
    )
    p.add_argument("--input", action="append", required=True, help="as for curate; - for standard input")
    p.add_argument("--path_prefix", default="", help="put before each line of a list of paths")
    add_column_flags(p)
    p.add_argument("--scorer", help="as for curate; 'none' for --scoring=none")
    p.add_argument(
        "--sample",
        type=_sample,
        default=4,
        help="how many files are read, default: 4; 0 reads none and takes the assumptions' WET file",
    )
    p.add_argument("--assumptions", help=f"rates and prices; copy and edit the ones that ship: {ASSUMPTIONS}")
    return p


def _sample(text: str) -> int:
    value = int(text)
    if value < 0:
        raise ValueError
    return value
