"""`wellspring monitor`: early signs of collapse in a model's outputs, window by window.

    wellspring monitor --outputs=outputs.jsonl --baseline=first_outputs.jsonl --output=watch/2026-11

Outputs are taken in the order of their dates, in the file's where they have none. The baseline is outputs of
the model when it was well, or human text of the same kind; OUTPUT/baseline.json keeps what was measured on
it, and can be given as --baseline the next time. Writes report.html and monitor.json. Exit code 3 when an
alarm was raised, so that a scheduler can stop what comes next.
"""

from wellspring.pipelines.command.arguments import JobParser, positive
from wellspring.pipelines.command.column_flags import add_column_flags
from wellspring.signals.lm.model_folder import REFERENCE_EN

WINDOW = 100
FEWEST_OUTPUTS = 20
"""Of a window."""


def parser() -> JobParser:
    """The flags of `wellspring monitor`."""
    p = JobParser("monitor", __doc__ or "")
    p.add_argument(
        "--outputs",
        required=True,
        metavar="FILE",
        help="JSONL {text, id?, date?} or Parquet; - for standard input",
    )
    p.add_argument(
        "--baseline",
        required=True,
        metavar="FILE",
        help="the same of a model that is well, or a baseline.json",
    )
    p.add_argument(
        "--output", required=True, metavar="DIR", help="folder; - for monitor.json on standard output"
    )
    p.add_argument(
        "--window", type=positive, help=f"outputs of a window, from {FEWEST_OUTPUTS}; default {WINDOW}"
    )
    add_column_flags(p)
    p.add_argument("--tokenizer", help=f"a scorer whose tokenizer is used; default {REFERENCE_EN}")
    return p
