"""What a file is: by its first bytes, unpacked where it is compressed; by its name where they don't say."""

import json
import re

WARC, ARC, JSONL, PARQUET = "warc", "arc", "jsonl", "parquet"

HEAD_BYTES = 1 << 16
"""What is looked at: enough for the first line of most files."""
BOM = b"\xef\xbb\xbf"
# The last of these words in a name decides, so that `a.jsonl.parquet` is Parquet and the `.txt`,
# `.open` or `.gz` after a word don't matter.
_WORD = re.compile(r"\.(warc|wet|wat|arc|jsonl|json|ndjson|parquet)(?=\.|$)", re.IGNORECASE)
_READERS = {
    "warc": WARC, "wet": WARC, "wat": WARC, "arc": ARC,
    "jsonl": JSONL, "json": JSONL, "ndjson": JSONL, "parquet": PARQUET,
}  # fmt: skip
_UNPACK = "unpack it"
# (place, first bytes, what they are, what to do)
_NOT_READ: tuple[tuple[int, bytes, str, str], ...] = (
    (0, b"PK\x03\x04", "a ZIP archive", _UNPACK),
    (0, b"PK\x05\x06", "a ZIP archive", _UNPACK),
    (257, b"ustar", "a tar archive", _UNPACK),
    (0, b"7z\xbc\xaf\x27\x1c", "a 7z archive", _UNPACK),
    (0, b"Rar!\x1a\x07", "a RAR archive", _UNPACK),
    (0, b"\x02\x21\x4c\x18", "compressed by lz4's old format", f"{_UNPACK} (lz4 -d)"),
    (0, b"\xff\x06\x00\x00sNaPpY", "compressed by snappy", _UNPACK),
    (0, b"\x89LZO\x00\r\n\x1a\n", "compressed by lzop", _UNPACK),
    (0, b"LZIP", "compressed by lzip", f"{_UNPACK} (lzip -d)"),
    (0, b"\x1f\x9d", "compressed by compress (.Z)", f"{_UNPACK} (uncompress)"),
    (0, b"ORC", "ORC", "write Parquet from it"),
    (0, b"Obj\x01", "Avro", "write Parquet from it"),
    (0, b"ARROW1", "an Arrow (Feather) file", "write Parquet from it"),
    (0, b"FEA1", "a Feather file", "write Parquet from it"),
    (0, b"\xff\xff\xff\xff", "an Arrow stream", "write Parquet from it"),
    (0, b"PARE", "Parquet with an encrypted footer", "write it without encryption"),
    (0, b"SQLite format 3\x00", "an SQLite database", "write JSON lines from it"),
    (0, b"\x89HDF\r\n", "HDF5", "write Parquet from it"),
    (0, b"\x93NUMPY", "a NumPy array", "write JSON lines from it"),
)
_BYTE_ORDER_MARKS = (
    (b"\xff\xfe\x00\x00", "UTF-32"), (b"\x00\x00\xfe\xff", "UTF-32"),
    (b"\xff\xfe", "UTF-16"), (b"\xfe\xff", "UTF-16"),
)  # fmt: skip
# Which of four bytes are zero in the ASCII characters that every format begins with.
_ZEROS = {
    (False, True, True, True): "UTF-32LE", (True, True, True, False): "UTF-32BE",
    (False, True, False, True): "UTF-16LE", (True, False, True, False): "UTF-16BE",
}  # fmt: skip
_OBJECT = re.compile(rb'\{\s*(?:"|\})')
_OBJECT_LINE = re.compile(rb'(?:^|\n)[ \t]*\{[ \t]*"[^"\n]*"[ \t]*:')
_MARKUP = re.compile(rb"<(?:!doctype|html|head|\?xml)\b", re.IGNORECASE)
_CONTROLS = bytes(b for b in range(1, 32) if b not in b"\t\n\v\f\r\x1b")
_BLANK = b" \t\r\n"


def format_by_name(path: str) -> str | None:
    """`warc`, `arc`, `jsonl`, `parquet`, or None. A URL's query is no part of its name."""
    name = re.split(r"[?#]", path)[0] if "://" in path else path
    words = _WORD.findall(re.split(r"[/\\]", name)[-1])
    return _READERS[words[-1].lower()] if words else None


def format_by_content(head: bytes) -> str | None:
    """The same by the first bytes of what a file holds, at most `HEAD_BYTES` of them."""
    if head.startswith(b"PAR1"):
        return PARQUET
    begin = head.removeprefix(BOM).lstrip(_BLANK)
    if begin.startswith(b"WARC/"):
        return WARC
    if begin.startswith(b"filedesc://"):
        return ARC
    return JSONL if _OBJECT.match(begin) and _not_lines(begin, head) is None else None


def what_is_not_read(head: bytes, path: str) -> str | None:
    """What a file is that no reader takes, and what to do; None where nothing says so.

    Bytes that are neither text nor of a known kind are said to be that where the name promises JSON lines:
    what lies between their line feeds is no record.
    """
    for place, magic, what, advice in _NOT_READ:
        if head[place:].startswith(magic):
            return f"it is {what}: {advice}"
    if encoding := wide_text(head):
        return f"it is {encoding} text: write UTF-8 (iconv -f {encoding} -t UTF-8)"
    begin = head.removeprefix(BOM).lstrip(_BLANK)
    if said := _not_lines(begin, head):
        return said
    if _OBJECT_LINE.search(head) or format_by_name(path) != JSONL:
        return None
    if _MARKUP.match(begin):
        return "it is HTML or XML: give JSON lines"
    if _is_binary(head):
        brotli = re.search(r"\.br$", path, re.IGNORECASE)
        return f"it is compressed by brotli, as its name says: {_UNPACK}" if brotli else "it is no text"
    return None


def wide_text(head: bytes) -> str | None:
    """`UTF-16` or `UTF-32`, with its byte order where no mark says it; None for anything else."""
    for mark, encoding in _BYTE_ORDER_MARKS:
        if head.startswith(mark):
            return encoding
    if len(head) < 4:
        return None
    zeros = tuple(byte == 0 for byte in head[:4])
    return _ZEROS.get((zeros[0], zeros[1], zeros[2], zeros[3]))


def _not_lines(begin: bytes, head: bytes) -> str | None:
    """What JSON is in place of JSON lines: an array, or objects over several lines."""
    first, line_end, rest = begin.partition(b"\n")
    rest = rest.lstrip(_BLANK)
    alone = (line_end or len(head) < HEAD_BYTES) and _is_json(first)
    if begin.startswith(b"["):
        if (alone and rest) or (_OBJECT_LINE.search(head) and not re.match(rb"\[\s*[\[{]", begin)):
            return None
        return "it is a JSON array: write JSON lines, one object per line (jq -c '.[]')"
    old_mac, _, more = begin.partition(b"\r")
    if not line_end and more.strip() and not alone and begin.startswith(b"{") and _is_json(old_mac):
        return "its lines end in carriage returns alone: write line feeds (tr '\\r' '\\n')"
    if begin.startswith(b"{") and line_end and not alone:
        opened = first.rstrip().endswith((b"{", b"["))
        if opened or rest.startswith((b'"', b"]", b"}")):
            return "it is JSON over several lines: write JSON lines, one object per line (jq -c .)"
    return None


def _is_json(line: bytes) -> bool:
    try:
        json.loads(line)
    except (ValueError, RecursionError):
        return False
    return True


def _is_binary(head: bytes) -> bool:
    """Whether bytes are no text: control characters among what is no UTF-8, or many of them. Zero bytes
    don't count: a file may be filled up with them.
    """
    content = head.replace(b"\0", b"")
    controls = len(content) - len(content.translate(None, _CONTROLS))
    if not controls:
        return False
    try:
        content.decode()
    except UnicodeDecodeError as error:
        return error.end < len(content) or controls > len(content) / 50
    return controls > len(content) / 50
