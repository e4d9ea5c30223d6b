"""The flags of `wellspring score`."""

from wellspring.pipelines.command.arguments import JobParser
from wellspring.pipelines.command.column_flags import add_column_flags
from wellspring.signals.lm.model_folder import REFERENCE_EN


def parser() -> JobParser:
    """The flags of `wellspring score`."""
    p = JobParser("score", "Measurements, probability and verdict for the documents of one's own file.")
    p.add_argument(
        "--input",
        required=True,
        help="JSONL, Parquet, WARC or WET file; local, gs://, http(s)://, - for standard input",
    )
    p.add_argument(
        "--output",
        required=True,
        help="JSON lines, compressed if the name ends in .gz or .zst; - for standard output",
    )
    p.add_argument(
        "--profile", default=REFERENCE_EN, help="'reference-en' (default), 'seed' or a profile.json"
    )
    p.add_argument("--scorer", help="default: the profile's own, else reference-en")
    p.add_argument("--sources", help="sources.yaml: what is known of the sources")
    add_column_flags(p)
    return p
