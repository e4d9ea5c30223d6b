"""The flags of `wellspring report`."""

from wellspring.pipelines.command.arguments import JobParser


def parser() -> JobParser:
    """The flags of `wellspring report`."""
    p = JobParser("report", "Write the pictures of a finished run as one HTML file.")
    p.add_argument("--run", required=True, metavar="DIR", help="the folder of a finished run")
    p.add_argument("--output", metavar="FILE", help="the page to write; default: DIR/report.html")
    return p
