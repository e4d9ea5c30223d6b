"""Which reader a file needs: by its name, and by its first bytes where the name doesn't say."""

import re
import zlib

from transforms.formats.gzip_members import MAGIC
from transforms.formats.jsonl import ZSTD_MAGIC

WARC, ARC, JSONL, PARQUET = "warc", "arc", "jsonl", "parquet"

_LZ4_MAGIC = b"\x04\x22\x4d\x18"
# The last of these words in a name decides, so that `a.jsonl.parquet` is Parquet and the `.txt`,
# `.open` or `.gz` after a word don't matter.
_WORD = re.compile(r"\.(warc|wet|wat|arc|jsonl|json|ndjson|parquet)(?=\.|$)", re.IGNORECASE)
_READERS = {
    "warc": WARC, "wet": WARC, "wat": WARC, "arc": ARC,
    "jsonl": JSONL, "json": JSONL, "ndjson": JSONL, "parquet": PARQUET,
}  # fmt: skip


def format_by_name(path: str) -> str | None:
    """`warc`, `arc`, `jsonl`, `parquet`, or None. A URL's query is no part of its name."""
    name = re.split(r"[?#]", path)[0] if "://" in path else path
    words = _WORD.findall(re.split(r"[/\\]", name)[-1])
    return _READERS[words[-1].lower()] if words else None


def format_by_content(head: bytes) -> str | None:
    """The same by the first bytes of a file, a few hundred are enough."""
    if head.startswith(b"PAR1"):
        return PARQUET
    if head.startswith(_LZ4_MAGIC):
        return WARC
    if head.startswith(ZSTD_MAGIC):
        return JSONL
    if head.startswith(MAGIC):
        try:
            head = zlib.decompressobj(wbits=31).decompress(head, 512)
        except zlib.error:
            return None
    head = head.removeprefix(b"\xef\xbb\xbf").lstrip()
    for mark, name in ((b"WARC/", WARC), (b"filedesc://", ARC), (b"{", JSONL)):
        if head.startswith(mark):
            return name
    return None
