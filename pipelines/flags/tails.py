"""The flags of `wellspring tails build` and `wellspring tails score`."""

from wellspring.pipelines.command.actions import Action
from wellspring.pipelines.command.arguments import JobParser, local_path, share
from wellspring.pipelines.command.column_flags import add_column_flags
from wellspring.schemas.tail_benchmark import DIFFERENCE, POWER

_BUILD = """\
`wellspring tails build`: from human text a benchmark of rare but real items, with a frequent control.

    wellspring tails build --corpus=held_out.jsonl.gz --against='training/*.jsonl.gz' --output=tails/v1

Each file of the corpus is a domain of its own. Frequencies are counted on the training files of
`--against`, so that an item is something the model has met, without them on the corpus itself. No item
shares thirteen words in a row with the training files or the anchors, and none is from a document a tenth
of which they have. Writes items.jsonl, tasks for lm-evaluation-harness in lm_eval/, and manifest.json; the
same input gives the same bytes.
"""
_SCORE = """\
`wellspring tails score`: a causal LM on a tail benchmark, or two side by side.

    wellspring tails score --items=tails/v1 --scorer=models/before,models/after --output=scores.json

The accuracy on each set is the share of items whose true word has the higher log probability per byte. Of
two models, each with its own tokenizer, the second is compared with the first: how much accuracy it lost
on the tail, on the head, and the difference of the two, by a bootstrap that draws documents; and McNemar's
exact test on each set.
"""


def _build() -> JobParser:
    p = JobParser("tails build", _BUILD)
    p.add_argument(
        "--corpus", required=True, help="human text: JSONL or Parquet files, globs; each file a domain"
    )
    p.add_argument("--output", required=True, type=local_path, metavar="DIR")
    add_column_flags(p)
    p.add_argument("--against", help="globs of training files: what no item may stand in")
    p.add_argument("--anchor", metavar="DIR", help="an anchor set: no item may stand in it either")
    p.add_argument("--power", type=share, default=POWER, help=f"default {POWER:g}")
    p.add_argument(
        "--difference",
        type=share,
        default=DIFFERENCE,
        help=f"difference of accuracies to be seen with that power; default {DIFFERENCE:g}",
    )
    p.add_argument("--seed", type=int, default=7)
    return p


def _score() -> JobParser:
    p = JobParser("tails score", _SCORE)
    p.add_argument("--items", required=True, metavar="DIR", help="what `wellspring tails build` wrote")
    p.add_argument(
        "--scorer",
        required=True,
        help="a model (as for `curate`), or two as A,B, each with its own tokenizer",
    )
    p.add_argument("--output", required=True, metavar="FILE.json")
    p.add_argument("--seed", type=int, default=7, help="of the bootstrap; default 7")
    return p


ACTIONS = {
    "build": Action(_build, "a human corpus into paired items, rare ones and a frequent control"),
    "score": Action(_score, "one model on the items, or two side by side"),
}
