"""Reads a tail pack: every job that looks into one takes the same files."""

from collections.abc import Iterator

from wellspring.schemas.document import PublishedDocument
from wellspring.schemas.reject import Reject
from wellspring.signals.mix.pack_file import packed_document
from wellspring.transforms.formats.own_texts import place_of, read_own_rows, refusal


def read_pack(path: str) -> Iterator[PublishedDocument]:
    """The documents of a pack, JSON lines or Parquet, in its order.

    Raises:
        OSError: it can't be read. ValueError: a line is no document that somebody vouches for, or an id or
            text stands there twice.
    """
    ids: set[str] = set()
    for row, outcome in read_own_rows([path]):
        if isinstance(outcome, Reject):
            raise ValueError(f"tail pack {refusal(outcome)}")
        try:
            document = packed_document(row, outcome)
        except ValueError as error:
            raise ValueError(f"tail pack {place_of(outcome)}: {error}") from error
        if document.id in ids:
            raise ValueError(f"tail pack {place_of(outcome)}: id or text {document.id!r} stands there twice")
        ids.add(document.id)
        yield document
