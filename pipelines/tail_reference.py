"""`wellspring tail-reference`: the rare token pairs of human text, for a scorer's tail coverage."""

import argparse
import sys
from collections.abc import Sequence

import msgspec

from wellspring.pipelines.command.arguments import UsageError
from wellspring.pipelines.command.column_flags import columns_of
from wellspring.pipelines.command.input_files import input_files, listed
from wellspring.pipelines.command.own_output import own_file
from wellspring.pipelines.flags.tail_reference import parser
from wellspring.transforms.storage.whole_file import messages_beside, write_whole


def run(argv: Sequence[str] | None = None) -> int:
    """The job. Exit code 0.

    Raises:
        UsageError: the arguments are wrong, or the text can't be read or has no rare pair.
    """
    flags = parser().parse_args(argv)
    paths = sorted(set(input_files("--corpus", listed(flags.corpus))))
    with own_file("tail-reference", flags.output, paths):
        return _run(flags, paths)


def _run(flags: argparse.Namespace, paths: Sequence[str]) -> int:
    from wellspring.signals.batch.tail_coverage import make_tail_reference
    from wellspring.signals.lm.tokenization import load_tokenizer
    from wellspring.transforms.formats.training_corpus import read_corpus

    try:
        tokenizer = load_tokenizer(flags.scorer)
        texts = [document.text for document in read_corpus(paths, "human", columns_of(flags))]
        reference = make_tail_reference(tokenizer.encode_batch(texts), tokenizer.sha256)
    except (OSError, ValueError) as error:
        raise UsageError(str(error)) from error
    write_whole(flags.output, msgspec.json.encode(reference), paths)
    print(
        f"{flags.output}: {sum(reference.seen.values()):,} rare pairs ({reference.share:.0%} of them), "
        f"of {reference.pairs:,} pairs in {len(texts):,} documents",
        file=messages_beside(flags.output),
    )
    return 0


if __name__ == "__main__":
    from wellspring.pipelines.cli import command

    command(["tail-reference", *sys.argv[1:]])
