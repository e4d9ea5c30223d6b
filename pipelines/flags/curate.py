"""The flags of `wellspring curate`."""

import argparse
import re
from typing import Literal, get_args

from wellspring.pipelines.command.arguments import JobParser, positive
from wellspring.pipelines.command.column_flags import add_column_flags
from wellspring.schemas.audit import GateMode
from wellspring.schemas.batch import STRATUM_FIELDS
from wellspring.signals.lm.model_folder import REFERENCE_EN

Scoring = Literal["all", "decisive", "none"]


def parser() -> JobParser:
    """The flags of `wellspring curate`."""
    p = JobParser(
        "curate",
        "Documents in; labelled documents, audited batches and a hold queue out.",
        takes_beam_flags=True,
    )
    p.add_argument(
        "--input",
        action="append",
        required=True,
        help="path, glob, folder or list of paths (*.paths, *.paths.gz): WARC, WET, ARC, JSONL, Parquet; "
        "local, gs://, s3://, http(s)://; may be given several times",
    )
    p.add_argument("--path_prefix", default="", help="put before each line of a list of paths")
    add_column_flags(p)
    p.add_argument("--output", required=True, help="the run's folder")
    p.add_argument(
        "--profile", default=REFERENCE_EN, help="'reference-en' (default), 'seed' or a profile.json"
    )
    p.add_argument("--gate", choices=get_args(GateMode), default="monitor", help="default: monitor")
    p.add_argument(
        "--scorer",
        help="reference-en, a model's folder, gs:// path or name; A,B for two that share a tokenizer; "
        "default: the profile's own, else reference-en",
    )
    p.add_argument(
        "--scoring",
        choices=get_args(Scoring),
        default="all",
        help="decisive: run the model only where it can change a verdict; none: LM signals stay null",
    )
    p.add_argument(
        "--scorer_timeout_seconds",
        type=positive,
        default=3600,
        help="a batch that takes the scorer longer fails the job; default: 3600",
    )
    p.add_argument(
        "--scorer_accelerator",
        type=accelerator,
        help="a GPU for the scoring step alone, where the runner knows resource hints: "
        "'type:nvidia-l4;count:1;install-nvidia-driver'",
    )
    p.add_argument("--batch_documents", type=positive, default=256, help="default: 256")
    p.add_argument("--batch_by", default="source,language", help=f"of {', '.join(STRATUM_FIELDS)}")
    p.add_argument("--window_days", type=positive, default=1, help="length of a crawl window; default: 1")
    p.add_argument(
        "--reuse",
        help="a finished run over part of the input: what it read and scored is taken from it",
    )
    p.add_argument("--sources", help="sources.yaml: what is known of the sources")
    p.add_argument(
        "--forgotten",
        help="FILE,FILE, folders or globs: records that `forget` left (RUN/forgotten/1.json); what they "
        "name is rejected",
    )
    p.add_argument(
        "--hold_topic", type=_topic, help="projects/P/topics/T: a Pub/Sub message for each held batch"
    )
    p.add_argument("--limit", type=positive, help="read at most so many records of each file")
    p.add_argument("--dry_run", action="store_true", help="check the flags, list the input, write nothing")
    p.add_argument(
        "--detach", action="store_true", help="hand the job to its runner and don't wait for its end"
    )
    p.add_argument("--overwrite", action="store_true", help="replace a finished run in --output")
    p.add_argument("--strict", action="store_true", help="an input of no records is an error: exit code 2")
    return p


def accelerator(text: str) -> str:
    """argparse type: an accelerator as Dataflow's resource hint writes it."""
    if not re.fullmatch(r"type:[a-z0-9-]+;count:[1-9]\d*(;[a-z0-9:.-]+)*", text):
        raise argparse.ArgumentTypeError(
            f"{text!r} is not of the form type:nvidia-l4;count:1;install-nvidia-driver"
        )
    return text


def _topic(text: str) -> str:
    if not re.fullmatch(r"projects/[^/]+/topics/[^/]+", text):
        raise argparse.ArgumentTypeError(f"{text!r} is not of the form projects/PROJECT/topics/TOPIC")
    return text
