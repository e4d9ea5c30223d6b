"""The readers under a fuzzer that follows coverage: what no list of odd records would think of.

    pip install atheris
    python -m tests.fuzz.readers FOLDER -max_total_time=600

FOLDER keeps the inputs that reached something new; any other option is libFuzzer's. It stops at the first
input that breaks a promise, and leaves it as `crash-*`, which given in place of FOLDER is tried again.

The promises: nothing raises; at most one reject of a whole file; every field fits its column; the good record
at the end is read, or something is said of the file; the input again gives the same again.
"""

import gzip
import io
import json
import sys
import tempfile
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

try:
    import atheris
except ImportError:
    sys.exit("the fuzzer needs atheris: pip install atheris (it is no dependency of the package)")

with atheris.instrument_imports(include=["wellspring.transforms.formats", "warcio"]):
    from tests.transforms.formats.archives import TEXT, conversion, members, response
    from wellspring.schemas.document import Document
    from wellspring.schemas.reject import FILE, Reject
    from wellspring.transforms.formats.limits import Limits
    from wellspring.transforms.formats.read_file import read_file

FORMATS = (
    *("a.jsonl", "a.warc.wet", "a.warc", "a.arc", "a.parquet"),
    *("a.bin", "a.warc.gz", "a.jsonl.gz", "a.arc.gz"),
)
LIMITS = Limits(max_record_bytes=1 << 16, min_characters=10)
GOOD = "This is the good record, the last one of its file."
GOOD_LINE = json.dumps({"id": "good", "text": GOOD}).encode()
GOOD_RECORD = conversion(1, GOOD)
ARC = (
    b"filedesc://x.arc 0.0.0.0 20080430204825 text/plain 74\n1 0 Heritrix\n"
    b"URL IP-address Archive-date Content-type Archive-length\n\n\n\n\n\n\n"
)


def good_in_arc(prefix: bytes) -> bytes:
    page = b"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\n\r\n<p>" + GOOD.encode()
    return prefix + b"\nhttp://a.example/ 1.2.3.4 20080430204826 text/html %d\n%s\n" % (len(page), page)


def one_input(data: bytes) -> None:
    """The first byte names the format; the rest is the file, or what is packed into it."""
    if not data:
        return
    path, body = FORMATS[data[0] % len(FORMATS)], data[1:]
    if path in ("a.jsonl", "a.jsonl.gz"):
        body += b"\n" + GOOD_LINE
    elif path in ("a.warc.wet", "a.warc"):
        body += GOOD_RECORD
    elif path == "a.warc.gz":
        # Of a good member, of what the fuzzer made, and of what it made as it is: bytes between members.
        half = len(body) // 2
        body = members(conversion(0), body[:half]) + body[half:] + members(GOOD_RECORD)
    elif path == "a.arc":
        body = good_in_arc(body)
    elif path == "a.arc.gz":
        body = members(ARC, body) + gzip.compress(good_in_arc(b"")[1:], mtime=0)
    if path == "a.jsonl.gz":
        body = gzip.compress(body, mtime=0)
    found = list(read_file(io.BytesIO(body), path, LIMITS))
    check(found)
    if path not in ("a.parquet", "a.bin"):
        spoken = any(isinstance(outcome, Reject) or GOOD in outcome.text for outcome in found)
        assert spoken, "lost in silence"
    assert found == list(read_file(io.BytesIO(body), path, LIMITS)), "another result the second time"


def check(found: list[Document | Reject]) -> None:
    assert sum(isinstance(o, Reject) and o.kind == FILE for o in found) <= 1
    for outcome in found:
        for value in (outcome.id, outcome.url, outcome.source, outcome.file_path):
            assert value is None or len(value.encode()) < 5 * 4096
        if isinstance(outcome, Document):
            outcome.text.encode()
            assert isinstance(json.loads(outcome.metadata), dict)
        else:
            outcome.detail.encode()


def seeds() -> list[bytes]:
    """A whole file of each format, to begin with."""
    table = io.BytesIO()
    rows = [{"id": f"p{i}", "text": TEXT.format(i), "metadata": "{}"} for i in range(3)]
    pq.write_table(pa.Table.from_pylist(rows), table, compression="none")
    page = response(b"<html><p>" + TEXT.encode() * 3, "Content-Type: text/html; charset=latin-1")
    encoded = response(gzip.compress(b"<p>" + TEXT.encode() * 2, mtime=0), "Content-Encoding: gzip")
    chunked = response(b"5\r\n<p>a \r\n0\r\n\r\n", "Transfer-Encoding: chunked", "Content-Type: text/html")
    archive = conversion(1) + page + encoded + chunked
    bodies = [
        json.dumps({"id": 1, "text": TEXT, "date": "2024-01-01", "metadata": {"a": 1}}).encode(),
        conversion(1) + conversion(2),
        archive,
        good_in_arc(ARC),
        table.getvalue(),
        archive[:700],
        archive,
        b'{"text": "' + TEXT.encode() + b'"}',
        good_in_arc(b"")[1:],
    ]
    return [bytes([number]) + body for number, body in enumerate(bodies)]


def main() -> None:
    arguments = sys.argv[1:]
    with tempfile.TemporaryDirectory() as folder:
        if not any(Path(argument).is_file() for argument in arguments):
            for number, seed in enumerate(seeds()):
                (Path(folder) / str(number)).write_bytes(seed)
            arguments = [*arguments, folder]
        atheris.Setup([sys.argv[0], *arguments, "-max_len=8192", "-timeout=20"], one_input)
        atheris.Fuzz()


if __name__ == "__main__":
    main()
