"""`wellspring calibrate`: labelled text into a profile, with a page that says what it is worth.

    wellspring calibrate --labelled=labelled.jsonl.gz --output=profile.json

Lines are {"id", "text", "label": "human"|"synthetic"}, with "source", "domain", "generator" and
"prompt" where known. `--text_only` takes labelled text that the scorer was trained on: it enters the text
features alone.

    wellspring calibrate --profile=profile.json --baseline=runs/2026-43,runs/2026-47 --output=own.json

gives the sources of earlier runs, taken to be human, limits of their own.
"""

from wellspring.pipelines.command.arguments import JobParser, positive, share
from wellspring.pipelines.command.column_flags import add_column_flags
from wellspring.schemas.label import FEWEST_OF_A_LABEL
from wellspring.signals.lm.model_folder import REFERENCE_EN, REFERENCE_EN_MACHINE


def parser() -> JobParser:
    """The flags of `wellspring calibrate`."""
    p = JobParser("calibrate", __doc__ or "")
    p.add_argument(
        "--labelled",
        help="JSONL files of labelled text, a comma between them; at least "
        f"{FEWEST_OF_A_LABEL} human and {FEWEST_OF_A_LABEL} synthetic documents",
    )
    add_column_flags(p)
    p.add_argument("--text_only", help="more of it, that the scorer was trained on")
    p.add_argument("--output", required=True, help="profile.json; its page is written beside it as .html")
    p.add_argument(
        "--max_fpr",
        type=share,
        default=0.01,
        help="highest false positive rate to promise; default: 0.01, which takes 299 human documents",
    )
    p.add_argument(
        "--scorer",
        default=f"{REFERENCE_EN},{REFERENCE_EN_MACHINE}",
        help=f"default: {REFERENCE_EN},{REFERENCE_EN_MACHINE}",
    )
    p.add_argument("--scored", help="what `wellspring score` made of --labelled with this scorer")
    p.add_argument("--batch_documents", type=positive, default=256, help="of the runs to gate; default: 256")
    p.add_argument("--name", help="the profile's name; default: the output's")
    p.add_argument("--profile", help="a profile to add a baseline to")
    p.add_argument("--baseline", help="runs of human text under the profile, a comma between them")
    return p
