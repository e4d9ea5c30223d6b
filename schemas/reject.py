"""A reject: a record that became no document, or a file that could not be read to its end."""

import msgspec

from schemas.document import Document

RECORD = "record"
FILE = "file"


class Reject(msgspec.Struct, frozen=True, kw_only=True):
    """A row of `rejects/`. `reason` is a short fixed word, `detail` says the particulars.

    Rejects of kind `record` count in the conservation sum; those of kind `file` (a damaged
    file, whatever was read before the damage is kept) are counted apart.
    """

    kind: str
    reason: str
    detail: str
    source: str
    file_path: str
    offset: int
    id: str | None = None
    url: str | None = None
    dump: str | None = None
    date: str | None = None
    language: str | None = None
    """Of a record that had become a document; null in runs of an earlier version."""


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
