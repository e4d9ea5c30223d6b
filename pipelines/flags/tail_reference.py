"""`wellspring tail-reference`: the rare token pairs of human text, for a scorer's tail coverage.

    wellspring tail-reference --scorer=my-model --corpus='text/*.jsonl.gz' --output=my-model/rare_pairs.json

Reads files of texts (JSON lines `{"id", "text"}` or Parquet, with a `label` those of humans) and writes one.
In the scorer's folder it is found by itself; without one, tail coverage stays null.
"""

from wellspring.pipelines.command.arguments import JobParser
from wellspring.pipelines.command.column_flags import add_column_flags
from wellspring.signals.lm.model_folder import REFERENCE_EN


def parser() -> JobParser:
    """The flags of `wellspring tail-reference`."""
    p = JobParser("tail-reference", "Write the rare token pairs of human text for a scorer.")
    p.add_argument("--scorer", default=REFERENCE_EN, help="whose tokenizer; default: reference-en")
    p.add_argument("--corpus", required=True, help="files of texts, globs: JSON lines {id, text} or Parquet")
    add_column_flags(p)
    p.add_argument("--output", required=True, metavar="FILE")
    return p
