"""The flags of `wellspring release`."""

from wellspring.pipelines.command.arguments import JobParser
from wellspring.pipelines.flags.user import add_by


def parser() -> JobParser:
    """The flags of `wellspring release`."""
    p = JobParser("release", "Publishes approved documents and sets declined ones aside.")
    p.add_argument("--run", required=True, help="the run's folder")
    add_by(p, "who releases")
    return p
