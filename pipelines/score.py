"""One's own file: measurements, probability and verdict, a line per document, in the file's order."""

import argparse
import itertools
import sys
from collections.abc import Iterator, Sequence

import msgspec

from wellspring.pipelines.command.arguments import UsageError
from wellspring.pipelines.command.column_flags import columns_of
from wellspring.pipelines.command.input_files import input_files_once
from wellspring.pipelines.command.own_output import own_file, refuse_two_readers
from wellspring.pipelines.curate_settings import check_scorer, default_scorer, load_profile, load_sources
from wellspring.pipelines.flags.score import parser
from wellspring.schemas.batch import MeasuredDocument
from wellspring.schemas.document import Document
from wellspring.schemas.label import ABSTAIN, LOW
from wellspring.schemas.measurements import Measurements
from wellspring.schemas.reject import FILE, Reject
from wellspring.schemas.sources import SourceEntry
from wellspring.signals.lm.measuring import measure_documents, with_language
from wellspring.signals.lm.scorer import Scorer
from wellspring.signals.lm.scorer_fingerprint import scorer_fingerprint
from wellspring.signals.lm.scoring import score_documents
from wellspring.signals.lm.tokenization import Tokenizer, load_tokenizer
from wellspring.signals.provenance import label
from wellspring.signals.verdict.evidence import find_evidence
from wellspring.signals.verdict.judging import Judge, judge_of
from wellspring.transforms.formats.own_texts import read_own_texts, refusal
from wellspring.transforms.storage.whole_file import compressed_file, messages_beside

# Documents scored together: enough for passes of one length, few enough to see progress.
_CHUNK = 256


class ScoredLine(msgspec.Struct, frozen=True, kw_only=True):
    """A line of the output. A record that can't be measured has `measurements` null and says why."""

    id: str | None
    probability: float | None
    verdict: str
    confidence: str
    label: str | None
    reasons: list[str]
    measurements: Measurements | None


def run(argv: Sequence[str] | None = None) -> int:
    """Scores a file; exit code 0."""
    arguments = parser().parse_args(argv)

    settings = [name for name in (arguments.profile, arguments.sources) if name]
    refuse_two_readers("score", [arguments.input, *settings])
    inputs = input_files_once("--input", [arguments.input])
    with own_file("score", arguments.output, [*inputs, *settings]):
        return _run(arguments, inputs)


def _run(arguments: argparse.Namespace, inputs: Sequence[str]) -> int:
    profile, _ = load_profile(arguments.profile)
    records = read_own_texts(inputs, columns_of(arguments))
    first = list(itertools.islice(records, _CHUNK))
    _refuse_unreadable(first)  # before a model is loaded for it
    scorer_name = arguments.scorer or default_scorer(profile)
    try:
        warnings = check_scorer(profile, scorer_fingerprint(scorer_name))
        sources, judge = load_sources(arguments.sources), judge_of(profile)
        tokenizer, scorer = load_tokenizer(scorer_name), Scorer.load(scorer_name)
    except (FileNotFoundError, ValueError) as error:
        raise UsageError(str(error)) from error
    for warning in warnings:
        print(f"warning: {warning}", file=sys.stderr)

    output, say = arguments.output, messages_beside(arguments.output)
    documents = abstained = 0
    with compressed_file(output, inputs) as file:
        records = itertools.chain(first, records)
        while chunk := list(itertools.islice(records, _CHUNK)):
            for said in _unreadable(chunk):
                print(f"warning: {said}", file=sys.stderr)
            for line in score_records(chunk, tokenizer, scorer, judge, sources):
                file.write(msgspec.json.encode(line) + b"\n")
                documents += 1
                abstained += line.verdict == ABSTAIN
            print(f"{documents:,} documents scored", file=sys.stderr)
    if not documents:
        print("warning: --input holds no record", file=sys.stderr)
    print(f"{documents:,} documents, {abstained:,} of them with verdict ABSTAIN, in {output}", file=say)
    return 0


def _refuse_unreadable(first: Sequence[Document | Reject]) -> None:
    refused = _unreadable(first)
    if refused and len(refused) == len(first):
        raise UsageError(f"--input: {refused[0]}")


def _unreadable(records: Sequence[Document | Reject]) -> list[str]:
    """What is said of files that can't be read at all."""
    return [refusal(record) for record in records if isinstance(record, Reject) and record.kind == FILE]


def score_records(
    records: Sequence[Document | Reject],
    tokenizer: Tokenizer,
    scorer: Scorer,
    judge: Judge,
    sources: Sequence[SourceEntry],
) -> Iterator[ScoredLine]:
    """A line for each record, in order: what can't be read or scored abstains and says why."""
    documents = [with_language(r) for r in records if isinstance(r, Document)]
    measured = measure_documents(documents, tokenizer)
    scored = iter(score_documents([m for m in measured if isinstance(m, MeasuredDocument)], scorer))
    measured_in_order = iter(measured)
    for record in records:
        result: MeasuredDocument | Reject = record if isinstance(record, Reject) else next(measured_in_order)
        if isinstance(result, MeasuredDocument):
            result = next(scored)
        yield _line(result, judge, sources)


def _line(result: MeasuredDocument | Reject, judge: Judge, sources: Sequence[SourceEntry]) -> ScoredLine:
    if isinstance(result, Reject):
        return ScoredLine(
            id=result.id,
            probability=None,
            verdict=ABSTAIN,
            confidence=LOW,
            label=None,
            reasons=[f"rejected: {result.reason}: {result.detail}"],
            measurements=None,
        )
    verdict = judge(result.document.text, result.measurements)
    labelled = label(verdict, find_evidence(result.document, sources))
    return ScoredLine(
        id=result.document.id,
        probability=labelled.probability,
        verdict=labelled.verdict,
        confidence=labelled.confidence,
        label=labelled.provenance,
        reasons=labelled.reasons,
        measurements=result.measurements,
    )


if __name__ == "__main__":
    from wellspring.pipelines.cli import command

    command(["score", *sys.argv[1:]])
