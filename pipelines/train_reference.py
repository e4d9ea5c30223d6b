"""`wellspring train-reference`: trains a small scorer and its tokenizer, and writes its model card."""

import argparse
import shutil
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from wellspring.pipelines.command.arguments import JobParser, read_text
from wellspring.pipelines.command.column_flags import columns_of
from wellspring.pipelines.command.input_files import input_files, listed
from wellspring.pipelines.command.own_output import own_folder
from wellspring.pipelines.flags.train_reference import SHAPE, parser

if TYPE_CHECKING:
    from wellspring.signals.lm.training import Progress

_WEIGHTS = "model.safetensors"


def run(argv: Sequence[str] | None = None) -> int:
    """The job. Returns 0.

    Raises:
        UsageError: the arguments are wrong.
    """
    flags = parser()
    args = flags.parse_args(argv)
    paths = sorted(set(input_files("--corpus", listed(args.corpus))))
    weights = _weights(flags, args.weights)

    shape = {name: getattr(args, name) or default for name, default in SHAPE.items()}
    if args.start:
        if given := [f"--{name}" for name in SHAPE if getattr(args, name)]:
            flags.error(f"--start has the shape of its model: leave out {', '.join(given)}")
        if not (Path(args.start) / "tokenizer.json").is_file():
            flags.error(f"--start={args.start}: no tokenizer.json there")

    read: list[str | Path] = [*paths, *([Path(args.start) / _WEIGHTS] if args.start else [])]
    with own_folder("train-reference", args.output, read, writes=[_WEIGHTS]):
        return _run(flags, args, paths, weights, shape)


def _run(
    flags: JobParser,
    args: argparse.Namespace,
    paths: Sequence[str],
    weights: dict[str, float],
    shape: dict[str, int],
) -> int:
    from wellspring.transforms.formats.training_corpus import read_corpus

    # First what can be wrong, then what takes long.
    notes = read_text(str(args.corpus_notes), "--corpus_notes") if args.corpus_notes else ""
    try:
        corpus = read_corpus(paths, args.label, columns_of(args))
    except (OSError, ValueError) as error:
        flags.error(f"--corpus: {error}")

    import torch
    from tokenizers import Tokenizer

    from wellspring.signals.lm import training, training_text
    from wellspring.signals.lm.model_card import measure, save, write_card

    torch.set_num_threads(args.threads)
    recipe = training.Recipe(
        layers=shape["layers"],
        width=shape["width"],
        heads=max(shape["width"] // 64, 1),
        context=shape["context"],
        vocabulary=shape["vocabulary"],
        minutes=args.minutes,
        tokens=args.tokens,
        seed=args.seed,
    )
    if args.start:
        try:
            recipe = training.going_on_from(args.start, recipe)
        except OSError as error:
            flags.error(f"--start={args.start}: {str(error).partition(chr(10))[0]}")
    documents, held_out = training_text.split_held_out(corpus)
    _say(f"{len(documents)} documents to train on, {len(held_out)} held out, of {len(paths)} registers")
    work = args.output.with_name(f"{args.output.name}.training")
    begun = work.exists()
    work.mkdir(parents=True, exist_ok=True)
    tokenizer_path = Path(args.start or work) / "tokenizer.json"
    if not args.start and not tokenizer_path.exists():
        texts = (document.text for document in training_text.weighted(documents, weights, recipe.seed, 0))
        training_text.train_tokenizer(texts, recipe.vocabulary).save(str(tokenizer_path))
        _say(f"tokenizer: {recipe.vocabulary} tokens")
    tokenizer = Tokenizer.from_file(str(tokenizer_path))
    checkpoint = work / "checkpoint.pt"
    try:
        model, done = training.train(documents, held_out, tokenizer, weights, recipe, checkpoint, _show)
    except training_text.SmallCorpusError as error:
        if not begun:
            shutil.rmtree(work)
        flags.error(f"--corpus: {error}")
    output: Path = args.output
    made = work / output.name
    save(made, model, tokenizer, recipe.context)
    measured = measure(made, held_out)
    write_card(made, recipe, done, weights, documents, measured, notes)
    # All is made before the first file of another model goes; the weights are the last.
    for path in sorted(made.iterdir(), key=lambda path: path.name == _WEIGHTS):
        path.replace(output / path.name)
    made.rmdir()
    for register, bits in measured.bits_per_byte.items():
        _say(f"{bits:6.3f} bits per byte on held-out {register}")
    _say(f"{measured.tokens_per_second:,.0f} tokens/s; model and card are in {output}")
    return 0


def _weights(flags: JobParser, text: str) -> dict[str, float]:
    try:
        pairs = (part.split("=") for part in text.split(",") if part)
        weights = {name: float(weight) for name, weight in pairs}
    except ValueError:
        flags.error(f"--weights={text}: write NAME=WEIGHT,NAME=WEIGHT, e.g. novels=0.35")
    if any(weight < 0 for weight in weights.values()):
        flags.error(f"--weights={text}: a weight is negative")
    return weights


def _show(progress: "Progress") -> None:
    loss = "" if progress.loss is None else f"  loss {progress.loss:.3f}"
    held_out = "" if progress.held_out_loss is None else f"  held out {progress.held_out_loss:.3f}"
    _say(
        f"{progress.share:5.1%}  step {progress.step}  {progress.tokens:,} tokens  "
        f"{progress.tokens / max(progress.seconds, 1e-9):,.0f} tokens/s{loss}{held_out}"
    )


def _say(line: str) -> None:
    print(line, file=sys.stderr, flush=True)


if __name__ == "__main__":
    from wellspring.pipelines.cli import command

    command(["train-reference", *sys.argv[1:]])
