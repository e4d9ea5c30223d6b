"""`wellspring simulate`: what recursive training does to a corpus, generation by generation."""

import argparse
import sys
from collections.abc import Callable, Iterable, Sequence
from contextlib import ExitStack
from pathlib import Path

import msgspec

from wellspring.pages.simulation import Simulation, regime_table, simulation_page
from wellspring.pipelines.command.arguments import UsageError
from wellspring.pipelines.command.column_flags import columns_of
from wellspring.pipelines.command.input_files import input_files
from wellspring.pipelines.command.own_output import own_folder
from wellspring.pipelines.flags.simulate import NGRAM, TRANSFORMER, parser
from wellspring.schemas.document import Document
from wellspring.schemas.encoding import json_bytes
from wellspring.schemas.reject import FILE
from wellspring.schemas.simulation import SimulatedGeneration
from wellspring.signals.collapse.corpus_split import CorpusSplit, SmallCorpusError, split_corpus
from wellspring.signals.collapse.ngram_learner import NgramLearner
from wellspring.signals.collapse.recursive_training import Learner, check_regime
from wellspring.signals.collapse.simulation import simulate
from wellspring.transforms.formats.own_texts import read_own_rows, refusal
from wellspring.transforms.formats.rows import COLUMNS, Columns
from wellspring.transforms.storage.public_path import public_path
from wellspring.transforms.storage.whole_file import write_whole

_WRITTEN = ("simulation.json", "report.html")
_KEPT_TEXT = ("pool.jsonl", "held_out.jsonl")
_WORDS = 100_000
_SEEDS = {NGRAM: 5, TRANSFORMER: 1}


def run(argv: Sequence[str] | None = None) -> int:
    """The job. Exit code 0.

    Raises:
        UsageError: the arguments are wrong, or the corpus can't be read or is too small.
    """
    flags = parser().parse_args(argv)
    for flag in ("keep_models", "start"):
        if getattr(flags, flag) is not None and flags.learner != TRANSFORMER:
            raise UsageError(f"--{flag} goes with --learner=transformer")
    try:
        regimes = list(dict.fromkeys(check_regime(name) for name in flags.regimes.split(",")))
    except ValueError as error:
        raise UsageError(f"--regimes={flags.regimes}: {error}") from error
    with ExitStack() as stack:
        inputs = input_files("--corpus", [flags.corpus])
        stack.enter_context(own_folder("simulate", flags.output, inputs, writes=_WRITTEN))
        if flags.keep_models is not None:
            kept = own_folder("simulate", flags.keep_models, inputs, writes=_KEPT_TEXT, flag="--keep_models")
            stack.enter_context(kept)
        return _run(flags, inputs, regimes)


def _run(flags: argparse.Namespace, inputs: Sequence[str], regimes: Sequence[str]) -> int:
    texts = read_texts(inputs, columns_of(flags))
    try:
        split = split_corpus(texts, flags.words or _WORDS, asked=flags.words is not None)
    except SmallCorpusError as error:
        raise UsageError(f"--corpus={flags.corpus}: {error}") from error

    learner_of: Callable[[CorpusSplit, int], Learner] = NgramLearner
    if flags.learner == TRANSFORMER:
        from wellspring.signals.collapse.transformer_learner import transformer_learners

        try:
            learner_of = transformer_learners(split, flags.keep_models, flags.start)
        except (OSError, ValueError) as error:
            first = str(error).partition("\n")[0]
            raise UsageError(f"--start={flags.start}: {first}") from error
        if flags.keep_models is not None:
            _keep_text(split, flags.keep_models)
    lines: list[SimulatedGeneration] = []
    unknown = 0.0
    for seed in range(flags.seeds or _SEEDS[flags.learner]):
        learner = learner_of(split, seed)
        unknown = learner.unknown
        for regime in regimes:
            for line in simulate(learner, regime, flags.generations, seed):
                lines.append(line)
                _say(
                    f"seed {seed}, {regime}, generation {line.generation}: rare words kept "
                    f"{line.rare_kept:.0%}, tail coverage {line.tail_coverage:.0%}, "
                    f"perplexity {line.perplexity:,.0f}"
                )
    lines.sort(key=lambda line: (regimes.index(line.regime), line.generation, line.seed))
    result = Simulation(
        corpus=public_path(flags.corpus), learner=flags.learner, words=split.words, documents=len(texts),
        unknown=unknown, start=flags.start, lines=lines,
    )  # fmt: skip
    encoded = json_bytes(lines, indent=1)
    write_whole(f"{flags.output}/simulation.json", encoded + b"\n")
    page = f"{flags.output}/report.html"
    write_whole(page, simulation_page(result).encode())
    print(f"{regime_table(lines)}\nthe page is {page}")
    return 0


def _keep_text(split: CorpusSplit, folder: Path) -> None:
    """What `wellspring tails build` needs to ask the kept models what they could have learned."""
    for name, documents in zip(_KEPT_TEXT, (split.pool, split.test), strict=True):
        lines = [msgspec.json.encode({"id": each.key, "text": each.text}) + b"\n" for each in documents]
        write_whole(folder / name, b"".join(lines))


def read_texts(paths: Iterable[str], columns: Columns = COLUMNS) -> list[str]:
    """The real texts of files; lines labelled synthetic are left out, and it is said how many.

    Raises:
        UsageError: a file is no text that can be read.
    """
    texts, synthetic, rejects = [], 0, 0
    try:
        for row, outcome in read_own_rows(paths, columns):
            if isinstance(outcome, Document):
                synthetic += row.get("label") == "synthetic"
                if row.get("label") != "synthetic":
                    texts.append(outcome.text)
            elif outcome.kind == FILE:
                raise UsageError(f"--corpus: {refusal(outcome)}")
            else:
                rejects += 1
    except OSError as error:
        raise UsageError(f"--corpus can't be read: {error}") from error
    if synthetic or rejects:
        _say(f"{len(texts):,} texts; left out: {synthetic:,} labelled synthetic, {rejects:,} without text")
    return texts


def _say(line: str) -> None:
    print(line, file=sys.stderr, flush=True)


if __name__ == "__main__":
    from wellspring.pipelines.cli import command

    command(["simulate", *sys.argv[1:]])
