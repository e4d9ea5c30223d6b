"""The flags of `wellspring anchor`, action by action."""

from wellspring.pipelines.command.actions import Action
from wellspring.pipelines.command.arguments import JobParser, local_path, positive
from wellspring.pipelines.command.column_flags import add_column_flags
from wellspring.signals.lm.model_folder import REFERENCE_EN

PURPOSES = ("final_stage_fine_tuning", "calibration")
SYNTHETIC, TRAINING, BENCHMARKS = "synthetic", "training", "benchmarks"
AGAINST = {
    SYNTHETIC: "known synthetic text: a glob, or a run (its documents labelled synthetic)",
    TRAINING: "training text: a glob, a run or a training set",
    BENCHMARKS: "benchmarks, with a field `text`: a glob; one run of 13 words in common is too much",
}
"""Kinds of text that an anchor set's documents are compared with."""


def _create() -> JobParser:
    p = _parser("create", "Makes an empty anchor set, and the key pair that signs it.")
    p.add_argument(
        "--key",
        type=local_path,
        help="where the private key goes, outside of the set; default: ~/.config/wellspring/keys",
    )
    return p


def _add() -> JobParser:
    p = _parser("add", "Adds attested documents as a new, signed version.")
    p.add_argument(
        "--input",
        action="append",
        required=True,
        help="JSONL, Parquet, WARC or WET: path or glob; may be given several times",
    )
    add_column_flags(p)
    p.add_argument("--attested_by", help="who attests to the human authors; or a column")
    p.add_argument("--attested_on", help="when, an ISO date; or a column, or the documents' own dates")
    p.add_argument("--licence", help="or a column")
    p.add_argument("--key", type=local_path, help="the set's private key; default: where create puts it")
    p.add_argument(
        "--profile",
        default=REFERENCE_EN,
        help="whose classifier may veto: 'reference-en' (default) or a profile.json",
    )
    _add_against(p)
    return p


def _verify() -> JobParser:
    p = _parser("verify", "Proves that nothing in an anchor set was changed; a line for each violation.")
    p.add_argument("--public_key", type=local_path, help="PEM file of the key that must have signed it")
    p.add_argument("--at_least_version", type=positive, default=1, help="an older one is a rollback")
    _add_against(p)
    return p


def _export() -> JobParser:
    p = _parser("export", "Writes the documents of an anchor set out, and logs that it did.")
    p.add_argument(
        "--output", required=True, type=local_path, help="JSON lines, gzip if the name ends in .gz"
    )
    p.add_argument("--purpose", required=True, choices=PURPOSES, help=f"of {', '.join(PURPOSES)}")
    p.add_argument("--exported_by", required=True, help="who takes it out")
    return p


def _sign() -> JobParser:
    p = _parser("sign", "Signs what `wellspring forget` took out where the key was not at hand.")
    p.add_argument("--key", type=local_path, help="the set's private key; default: where create puts it")
    return p


def _parser(action: str, description: str) -> JobParser:
    p = JobParser(f"anchor {action}", description)
    p.add_argument("--anchor", required=True, type=local_path, help="the anchor set's folder")
    return p


def _add_against(parser: JobParser) -> None:
    for kind, what in AGAINST.items():
        parser.add_argument(f"--against_{kind}", action="append", default=[], help=what)


ACTIONS = {
    "create": Action(_create, "an empty set, and the key pair that signs it"),
    "add": Action(_add, "attested documents as a new, signed version"),
    "verify": Action(_verify, "whether anything in a set was changed"),
    "export": Action(_export, "the documents in one file, with a line in the set's log"),
    "sign": Action(_sign, "what `wellspring forget` took out where the key was not at hand"),
}
