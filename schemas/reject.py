"""A reject: a record that became no document, or a file that could not be read to its end."""

import msgspec

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
