"""`wellspring train-reference`: trains a small scorer and its tokenizer, and writes its model card.

    wellspring train-reference --corpus='text/*.jsonl.gz' --output=signals/reference_en --minutes=30

Reads files of texts (JSON lines `{"id", "text"}` or Parquet; a file's name is its register), trains until
the budget is used, and leaves config, safetensors weights in bfloat16, tokenizer and README.md in the
output folder. Work in progress lies in OUTPUT.training: started again, the job goes on from there.

    wellspring train-reference --corpus='labelled/*.jsonl.gz' --label=synthetic \\
        --start=signals/reference_en --output=signals/reference_en_machine

goes on from a trained model with the lines of one label: the second model of a pair, whose predictions
of machine text the first one's are compared with.
"""

from wellspring.pipelines.command.arguments import JobParser, above_zero, local_path, positive
from wellspring.pipelines.command.column_flags import add_column_flags

DEFAULT_WEIGHTS = (
    "novels_1830_1930=0.15,gitenberg_nonfiction=0.25,us_inaugural=0.25,us_state_of_union=0.5,python_peps=0.6,"
    "rust_rfcs=0.6,craft_pmc_articles=0.7,plos_articles=0.7,gum_open_genres=3,masc_american=2,more_open=3"
)
"""The mix of the model that ships: old prose and specifications down, everyday registers up."""
SHAPE = {"layers": 4, "width": 192, "context": 512, "vocabulary": 4096}
"""Of the model that ships."""


def parser() -> JobParser:
    """The flags of `wellspring train-reference`."""
    p = JobParser("train-reference", __doc__ or "")
    p.add_argument("--corpus", required=True, help="files of texts, globs: JSON lines {id, text} or Parquet")
    add_column_flags(p)
    p.add_argument("--output", required=True, type=local_path, help="folder for the model")
    p.add_argument(
        "--label", choices=["human", "synthetic"], help="of lines that have a label, those with this one only"
    )
    p.add_argument("--start", help="folder of a trained model to go on from, with its shape")
    p.add_argument("--minutes", type=above_zero, default=30.0, help="training time (default 30)")
    p.add_argument("--tokens", type=positive, help="budget in tokens instead: repeatable, see --seed")
    p.add_argument("--seed", type=int, default=7)
    p.add_argument("--weights", default=DEFAULT_WEIGHTS, help=f"NAME=WEIGHT,... (default {DEFAULT_WEIGHTS})")
    p.add_argument(
        "--corpus_notes", type=local_path, help="Markdown on origin and licences, quoted in the card"
    )
    for name, default in SHAPE.items():
        p.add_argument(f"--{name}", type=positive, help=f"default {default}")
    p.add_argument("--threads", type=positive, default=2)
    return p
