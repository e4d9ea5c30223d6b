"""`wellspring evaluate`: how right the verdicts of `wellspring score` are on labelled text.

    wellspring evaluate --scored=scored.jsonl.gz --labelled=texts.jsonl.gz [--output=FOLDER]

Prints the coverage and every figure twice: without the abstentions, and with them at probability 0.5 and
not flagged. `--scored=seed=a.jsonl,reference-en=b.jsonl` compares profiles. The folder gets accuracy.json
and report.html.
"""

from wellspring.pipelines.command.arguments import JobParser
from wellspring.pipelines.command.column_flags import add_column_flags


def parser() -> JobParser:
    """The flags of `wellspring evaluate`."""
    p = JobParser("evaluate", __doc__ or "")
    p.add_argument(
        "--scored",
        required=True,
        help="what `wellspring score` wrote; NAME=FILE,NAME=FILE to compare; - for standard input",
    )
    p.add_argument(
        "--labelled", required=True, help="the same texts, labelled, as JSONL; - for standard input"
    )
    add_column_flags(p)
    p.add_argument(
        "--output", help="folder for accuracy.json and report.html; - writes accuracy.json to standard output"
    )
    return p
