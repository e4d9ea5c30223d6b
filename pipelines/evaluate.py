"""`wellspring evaluate`: how right the verdicts of `wellspring score` are on labelled text."""

import argparse
import itertools
import sys
from collections.abc import Iterable, Mapping, Sequence

from wellspring.pages.accuracy import accuracy_sections, accuracy_table, group_table
from wellspring.pages.html import Html, document, text
from wellspring.pipelines.command.arguments import UsageError
from wellspring.pipelines.command.column_flags import columns_of
from wellspring.pipelines.command.input_files import input_files_once, listed
from wellspring.pipelines.command.labelled_input import read_labelled
from wellspring.pipelines.command.own_output import own_folder, refuse_two_readers
from wellspring.pipelines.flags.evaluate import parser
from wellspring.pipelines.score import ScoredLine
from wellspring.schemas.accuracy import Accuracy, Judged
from wellspring.schemas.encoding import json_bytes
from wellspring.schemas.label import SYNTHETIC
from wellspring.signals.calibration.accuracy import accuracy
from wellspring.signals.calibration.judged import judged_text
from wellspring.signals.calibration.labelled import LabelledText, independent
from wellspring.transforms.formats.own_texts import read_json_lines
from wellspring.transforms.storage.whole_file import STANDARD, messages_beside, write_whole

_WRITTEN = ("accuracy.json", "report.html")
_GROUPS = ("source", "domain", "generator", "length")


def run(argv: Sequence[str] | None = None) -> int:
    """Prints the tables; exit code 0."""
    arguments = parser().parse_args(argv)
    named = _named(arguments.scored)
    refuse_two_readers("evaluate", [*named.values(), arguments.labelled])
    scored = {name: input_files_once("--scored", [pattern]) for name, pattern in named.items()}
    texts = input_files_once("--labelled", listed(arguments.labelled))
    if arguments.output in (None, STANDARD):
        _evaluate(arguments, scored, texts)
        return 0
    inputs = [*itertools.chain(*scored.values()), *texts]
    with own_folder("evaluate", arguments.output, inputs, writes=_WRITTEN):
        _evaluate(arguments, scored, texts)
    return 0


def _evaluate(
    arguments: argparse.Namespace, scored: Mapping[str, Sequence[str]], texts: Sequence[str]
) -> None:
    try:
        labelled = independent(read_labelled(texts, "--labelled", columns_of(arguments)))
        results = {
            name: accuracy(judged_texts(read_scored(paths), labelled, ", ".join(paths)))
            for name, paths in scored.items()
        }
    except ValueError as error:
        raise UsageError(f"{error}") from error
    print(_tables(results), file=messages_beside(arguments.output or ""))
    if arguments.output:
        _write(arguments.output, results)


def _named(argument: str) -> dict[str, str]:
    if "=" not in argument or listed(argument) == [argument] != [""]:
        return {"scored": argument}
    pairs = [part.partition("=") for part in argument.split(",")]
    if not all(name and path for name, _, path in pairs) or len({name for name, _, _ in pairs}) < len(pairs):
        raise UsageError(f"--scored={argument}: write NAME=FILE,NAME=FILE, each name once")
    return {name: path for name, _, path in pairs}


def read_scored(paths: Iterable[str]) -> dict[str, ScoredLine]:
    """The lines of files that `wellspring score` wrote, by id; lines without an id are left out.

    Raises:
        UsageError: a file can't be read. ValueError: it is of another form.
    """
    scored: dict[str, ScoredLine] = {}
    try:
        for path in paths:
            for number, line in read_json_lines(path, ScoredLine):
                if line.id is not None and scored.setdefault(line.id, line) != line:
                    raise ValueError(f"{path}, line {number}: two texts have the id {line.id!r}")
    except OSError as error:
        raise UsageError(f"--scored can't be read: {error}") from error
    except ValueError as error:
        raise ValueError(f"{error}; give what `wellspring score` wrote") from error
    return scored


def judged_texts(
    scored: Mapping[str, ScoredLine], labelled: Sequence[LabelledText], path: str
) -> list[Judged]:
    """Labelled texts with what was said of them.

    Raises:
        ValueError: a labelled text was not scored.
    """
    missing = [each.id for each in labelled if each.id not in scored]
    if missing:
        raise ValueError(
            f"{path} lacks {len(missing):,} of {len(labelled):,} labelled texts, {missing[0]!r} first: score "
            "the same file"
        )
    judged = []
    for each in labelled:
        line = scored[each.id]
        judged.append(
            judged_text(
                each,
                words=line.measurements.words if line.measurements else len(each.text.split()),
                probability=line.probability,
                flagged=line.verdict == SYNTHETIC,
            )
        )
    return judged


def _tables(results: Mapping[str, Accuracy]) -> str:
    parts = [accuracy_table(results)]
    for name, result in results.items():
        if not result.judged.human or not result.judged.synthetic:
            parts.append(
                f"{name}: {result.judged.human:,} human and {result.judged.synthetic:,} synthetic texts were "
                "judged: AUC, precision and calibration take both labels"
            )
        parts += [f"\n{name}, {group_table(result, by)}" for by in _GROUPS]
    return "\n".join(parts)


def _write(folder: str, results: Mapping[str, Accuracy]) -> None:
    """Both files, or accuracy.json alone where standard output is to have it."""
    encoded = json_bytes(dict(results), indent=1) + b"\n"
    if folder == STANDARD:
        write_whole(STANDARD, encoded)
        return
    write_whole(f"{folder}/accuracy.json", encoded)
    body = [
        Html(f"<h1>Accuracy of {text(', '.join(results), 500)}</h1>"),
        *accuracy_sections(results, list(results)[-1]),
    ]
    page = f"{folder}/report.html"
    write_whole(page, document("Accuracy", body).encode())
    print(f"\nthe page is {page}")


if __name__ == "__main__":
    from wellspring.pipelines.cli import command

    command(["evaluate", *sys.argv[1:]])
