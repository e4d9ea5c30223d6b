"""A reject: a record that became no document, or a file that could not be read to its end."""

import msgspec

from wellspring.schemas.document import Document

RECORD = "record"
FILE = "file"


class Reject(msgspec.Struct, frozen=True, kw_only=True):
    """A row of `rejects/`. `reason` is a short fixed word, `detail` says the particulars.

    Rejects of kind `record` count in the conservation sum; those of kind `file` (a damaged
    file, whatever was read before the damage is kept) are counted apart.
    """

    kind: str
    """`record` or `file`."""
    reason: str
    """One short, fixed word."""
    detail: str
    """The particulars, in words."""
    source: str
    """As in `documents/`."""
    file_path: str
    """The input file, without passwords or signatures that its URL carried."""
    offset: int
    """Where the record begins in its file, from 0; for a file, how far it was
    read. Unit: as in `documents/`."""
    id: str | None = None
    """The record's own id. Null: it has none, or the record was never parsed that far."""
    url: str | None = None
    """The page's address. Null: the record has none, or was never parsed that far."""
    dump: str | None = None
    """The crawl. Null: none is named, or the record never became a document."""
    date: str | None = None
    """The record's date. Null: it has none, or the record never became a document."""
    language: str | None = None
    """The record's language. Null: the record never became a document, or the run is of an earlier
    version."""


def reject_document(document: Document, reason: str, detail: str) -> Reject:
    """The reject of a record that had become a document already."""
    return Reject(
        kind=RECORD,
        reason=reason,
        detail=detail,
        source=document.source,
        file_path=document.file_path,
        offset=document.offset,
        id=document.id,
        url=document.url,
        dump=document.dump,
        date=document.date,
        language=document.language,
    )
