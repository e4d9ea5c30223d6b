"""An anchor set's documents against texts that they must not be met in."""

import sys
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path, PurePosixPath

from wellspring.pipelines.command.arguments import UsageError
from wellspring.pipelines.command.input_files import input_files
from wellspring.pipelines.flags.anchor import AGAINST, BENCHMARKS, SYNTHETIC
from wellspring.schemas.anchor import AnchorCheck
from wellspring.schemas.document import Document
from wellspring.schemas.reject import FILE, Reject
from wellspring.signals.matching.anchor_index import AnchorIndex
from wellspring.signals.matching.contamination import Contamination
from wellspring.transforms.formats.detect import JSONL, PARQUET, format_by_name
from wellspring.transforms.formats.own_texts import read_own_texts
from wellspring.transforms.storage.public_path import public_path

_AT_ONCE = 1000
_NO_TEXT = ("empty", "too_short")
"""Rejects of records that hold nothing to compare."""


def patterns_of(arguments: Mapping[str, Sequence[str]]) -> dict[str, list[str]]:
    """What the flags name, by kind of text; kinds that none names are left out."""
    named = {kind: list(arguments[f"against_{kind}"]) for kind in AGAINST}
    return {kind: patterns for kind, patterns in named.items() if patterns}


def check_against(
    index: AnchorIndex, against: str, patterns: Sequence[str]
) -> tuple[AnchorCheck, dict[str, str]]:
    """Reads the texts that patterns name, and says which documents of the index are met in them, and how.

    Raises:
        UsageError: nothing matches a pattern, or a file can't be read whole: a part of the texts must not
            pass for all.
    """
    contamination = Contamination(index)
    texts = 0
    paths = _files(f"--against_{against}", patterns, synthetic=against == SYNTHETIC)
    chunk: list[Document] = []
    for path in paths:
        for document in _documents(path, against):
            chunk.append(document)
            if len(chunk) == _AT_ONCE:
                contamination.look_at(*_named(chunk))
                texts += len(chunk)
                chunk = []
                print(f"{texts:,} {against} texts compared", file=sys.stderr)
    contamination.look_at(*_named(chunk))
    check = AnchorCheck(
        against=against, patterns=[public_path(pattern) for pattern in patterns], texts=texts + len(chunk)
    )
    return check, contamination.reasons(any_run=against == BENCHMARKS)


def _documents(path: str, against: str) -> Iterator[Document]:
    documents = 0
    for record in read_own_texts([path]):
        if isinstance(record, Document):
            documents += 1
            yield record
        elif record.reason not in _NO_TEXT:
            raise UsageError(f"--against_{against}: {_place(record)}: {record.reason}: {record.detail}")
    if not documents:
        raise UsageError(f"--against_{against}: {path} has no text")


def _place(reject: Reject) -> str:
    return reject.file_path if reject.kind == FILE else f"{reject.file_path}, record {reject.offset}"


def _named(documents: Sequence[Document]) -> tuple[list[str], list[str]]:
    ids = [f"{document.id!r} in {document.file_path.rpartition('/')[2]}" for document in documents]
    return ids, [document.text for document in documents]


def _files(flag: str, patterns: Sequence[str], *, synthetic: bool) -> list[str]:
    """The files of texts that patterns name; of a run those of its documents, or of the synthetic ones.

    Raises:
        UsageError: a pattern stands for none.
    """
    files: list[str] = []
    for pattern in patterns:
        folder = Path(pattern)
        if (folder / "documents").is_dir():
            wanted = "documents/provenance=synthetic_*" if synthetic else "documents"
            pattern = f"{pattern.rstrip('/')}/{wanted}"
        found = input_files(flag, [pattern])
        if folder.is_dir():  # beside its texts others put what they say of them
            others = [path for path in found if not _holds_texts(path)]
            found = [path for path in found if _holds_texts(path)]
            if not found:
                raise UsageError(f"{flag}: {pattern} holds no Parquet and no JSONL file of texts")
            for path in others:
                print(f"{flag}={pattern}: passed over: {path}", file=sys.stderr)
        files += found
    return files


def _holds_texts(path: str) -> bool:
    name = PurePosixPath(path).name
    return name.endswith(".parquet") or (".jsonl" in name and format_by_name(name) in (JSONL, PARQUET))
