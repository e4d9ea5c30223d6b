"""`wellspring simulate`: what recursive training does to a corpus, generation by generation.

    wellspring simulate --corpus=texts.jsonl.gz --output=FOLDER
        [--learner=ngram|transformer] [--regimes=replace,real10,clean] [--generations=5] [--seeds=5]
        [--start=reference-en]

Trains a model on real text, has it write as much, trains the next one on that, and so on, under each
regime: replace, accumulate, accumulate-subsample, realP (P% real text in each generation), clean (this
project's recipe with 10% real text) and cleanP (with P%). The folder gets simulation.json, a list of
{regime, generation, seed, ...metrics}, and report.html. It is a simulation with this learner on this
corpus, not a forecast for another model.
"""

from wellspring.pipelines.command.arguments import JobParser, local_path, positive
from wellspring.pipelines.command.column_flags import add_column_flags
from wellspring.schemas.simulation import LEAST_DOCUMENTS, LEAST_WORDS, REGIMES

NGRAM, TRANSFORMER = "ngram", "transformer"


def parser() -> JobParser:
    """The flags of `wellspring simulate`."""
    p = JobParser("simulate", __doc__ or "")
    p.add_argument(
        "--corpus",
        required=True,
        help="real text: JSONL, Parquet, WARC or WET; local, gs://, http(s)://; at least "
        f"{LEAST_WORDS:,} words in {LEAST_DOCUMENTS} documents",
    )
    add_column_flags(p)
    p.add_argument("--output", required=True, help="folder for the result")
    p.add_argument("--learner", choices=[NGRAM, TRANSFORMER], default=NGRAM)
    p.add_argument("--regimes", default=",".join(REGIMES), help=f"default: {','.join(REGIMES)}")
    p.add_argument(
        "--generations",
        type=positive,
        default=5,
        help="after generation 0, which real text trains; default 5",
    )
    p.add_argument("--seeds", type=positive, help="chains of each regime; default 5, transformer 1")
    p.add_argument(
        "--words",
        type=positive,
        help="of a generation; default 100,000, less where the corpus is smaller",
    )
    p.add_argument(
        "--keep_models", type=local_path, metavar="FOLDER",
        help="keep every model of the transformer as FOLDER/REGIME/SEED/GENERATION, and beside them "
        "pool.jsonl, which training text was drawn from, and held_out.jsonl, which no model saw",
    )  # fmt: skip
    p.add_argument(
        "--start",
        help="model that each transformer is trained on from: reference-en or a folder; default: none",
    )
    return p
