"""10,000 malformed records for each reader, by hypothesis: each is a document or a reject, nothing raises,
and what comes after it is still read. The records are the same on every run."""

import gzip
import io
import json
import string
import time

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from tests.transforms.formats.archives import TEXT, file_rejects, members, outcomes, record_rejects
from wellspring.schemas.document import Document
from wellspring.schemas.reject import Reject
from wellspring.transforms.storage.find_files import read_path_list

pytestmark = pytest.mark.slow

RECORDS = 4_000
A_FILE = 50
MOST_SECONDS = 20.0
"""Of processor time for a file, some hundred times what the slowest takes."""

fuzzed = settings(
    max_examples=RECORDS // A_FILE,
    derandomize=True,
    deadline=None,
    database=None,
    phases=(Phase.explicit, Phase.generate),  # a file of 50 records takes minutes to shrink
    suppress_health_check=list(HealthCheck),
)

# One random seed a file rather than a strategy a record: hypothesis takes longer to draw than we to read.
noise = st.binary(min_size=1, max_size=40)
values = (
    st.sampled_from(["", "0", "-1", "1e3", "NaN", "9" * 30, "\0", "\ud800", "..", "<urn:uuid:>", "a" * 5000])
    | st.text(max_size=12)
    | st.integers(-(10**25), 10**25)
    | st.floats()
    | st.none()
    | st.booleans()
    | st.lists(st.integers(), max_size=2)
    | st.dictionaries(st.text(max_size=3), st.none() | st.text(max_size=3), max_size=2)
)
FIELDS = ("text", "id", "source", "added", "created", "url", "date", "dump", "metadata", "other", "")


def read(data: bytes, path: str) -> list[Document | Reject]:
    """What a reader makes of a file, bounded and fit to be written; its memory is in test_bombs.py."""
    start = time.process_time()
    found = outcomes(data, path)
    assert time.process_time() - start < MOST_SECONDS
    assert len(file_rejects(found)) <= 1
    for outcome in found:
        for value in (outcome.id, outcome.url, outcome.source, outcome.file_path):
            assert value is None or len(value.encode()) < 5 * 4096
        if isinstance(outcome, Document):
            outcome.text.encode()
            assert isinstance(json.loads(outcome.metadata), dict)
        else:
            assert outcome.reason in KNOWN_REASONS
            outcome.detail.encode()
    return found


KNOWN_REASONS = frozenset(
    "corrupt damaged empty http_status malformed no_text not_html segmented too_large too_short truncated "
    "undecodable".split()
)

rows = st.dictionaries(st.sampled_from(FIELDS), values, max_size=6)
cuts = st.integers(0, 60)


@st.composite
def json_line(draw: st.DrawFn) -> bytes:
    """JSON of odd fields, half of it cut or with bytes of noise in it; never blank, without a line end."""
    line = json.dumps(draw(rows)).encode()
    how = draw(st.sampled_from(["whole", "cut", "noise", "wrapped", "deep", "bytes"]))
    if how == "cut":
        line = line[: draw(cuts)]
    elif how == "noise":
        at = draw(cuts)
        line = line[:at] + draw(noise) + line[at:]
    elif how == "wrapped":
        line = b"[" + line + b"]"
    elif how == "deep":
        line = b'{"text":' + b"[" * 5000 + b"]" * draw(st.integers(0, 5000)) + b"}"
    elif how == "bytes":
        line = draw(noise)
    line = line.replace(b"\n", b"?")
    return line if line.strip() else b"?"


GOOD_LINE = json.dumps({"id": "good", "text": TEXT.format(1)}).encode()


@fuzzed
@given(
    st.lists(json_line(), min_size=A_FILE - 1, max_size=A_FILE - 1), st.sampled_from([bytes, gzip.compress])
)
def test_jsonl(lines: list[bytes], encode: type[bytes]) -> None:
    found = read(encode(b"\n".join([b"{}", *lines, GOOD_LINE, b""])), "a.jsonl")
    assert not file_rejects(found)
    assert [outcome.offset for outcome in found] == list(range(A_FILE + 1))
    assert isinstance(found[-1], Document)


header_value = st.text(
    st.characters(exclude_characters="\r\n", max_codepoint=0x24F, exclude_categories=("Cs",)), max_size=20
) | st.sampled_from(["9" * 30, "-1", "text/html; charset=\0", "gzip, br, zstd", "chunked", "a" * 5000, "<>"])
http_headers = st.lists(
    st.tuples(
        st.sampled_from(["Content-Type", "Content-Encoding", "Transfer-Encoding", "Content-Length", "X"]),
        header_value | st.sampled_from(["text/html", "gzip", "br", "zstd", "deflate"]),
    ),
    max_size=4,
)
bodies = (
    noise
    | st.sampled_from([b"<html><p>" + b"A sentence of some length. " * 5, b"", b"<" * 3000, b"<!--" * 999])
    | st.sampled_from(
        [gzip.compress(b"<p>" + b"word " * 99)[:-9], b"\xff\xfe" + b"<\0p\0>\0" * 9, b"5\r\nab"]
    )
)


@st.composite
def http_block(draw: st.DrawFn) -> bytes:
    status = draw(
        st.sampled_from(["HTTP/1.1 200 OK", "HTTP/1.1 2x0", "HTTP/", "", "HTTP/1.1 99999", "GET /"])
    )
    headers = "".join(f"{name}: {value}\r\n" for name, value in draw(http_headers))
    end = draw(st.sampled_from(["\r\n", "\n", ""]))
    return f"{status}\r\n{headers}{end}".encode() + draw(bodies)


@st.composite
def warc_record(draw: st.DrawFn, kinds: tuple[str, ...]) -> bytes:
    """A record whose frame holds (type and length are right) and nothing else need to."""
    kind = draw(st.sampled_from(kinds))
    block = draw(http_block()) if kind == "response" else draw(bodies)
    names = ("WARC-Date", "WARC-Record-ID", "WARC-Target-URI", "Content-Type", "WARC-Truncated", "X-\x01")
    fields = [(name, draw(header_value)) for name in draw(st.lists(st.sampled_from(names), max_size=5))]
    lines = [f"WARC-Type: {kind}", f"Content-Length: {len(block)}", *(f"{n}: {v}" for n, v in fields)]
    head = "\r\n".join(["WARC/1.0", *lines]).encode()
    return head + b"\r\n\r\n" + block + b"\r\n\r\n"


def archive_of(*kinds: str) -> st.SearchStrategy[list[bytes]]:
    return st.lists(warc_record(kinds), min_size=A_FILE, max_size=A_FILE)


GOOD_RECORD = (
    f"WARC/1.0\r\nWARC-Type: conversion\r\nWARC-Record-ID: <urn:uuid:good>\r\nContent-Length: {len(TEXT)}"
    f"\r\n\r\n{TEXT}\r\n\r\n"
).encode()


@fuzzed
@given(archive_of("conversion"), st.booleans())
def test_wet(records: list[bytes], compressed: bool) -> None:
    check_archive(records, compressed)


@fuzzed
@given(archive_of("response", "resource", "conversion"), st.booleans())
def test_warc(records: list[bytes], compressed: bool) -> None:
    check_archive(records, compressed)


def check_archive(records: list[bytes], compressed: bool) -> None:
    join = members if compressed else lambda *all: b"".join(all)
    found = read(join(*records, GOOD_RECORD), "a.warc.gz" if compressed else "a.warc")
    assert not file_rejects(found)
    assert len(found) == A_FILE + 1
    assert isinstance(found[-1], Document)
    assert found[-1].id == "good"


@fuzzed
@given(
    archive_of("conversion", "response"),
    st.lists(st.tuples(st.integers(0, A_FILE - 1), st.floats(0, 0.999), noise), min_size=10, max_size=20),
)
def test_archives_with_bytes_changed(records: list[bytes], changes: list[tuple[int, float, bytes]]) -> None:
    """Where compressed records lose bytes, the good one at the end is read, and the file is reported for
    every record that is gone."""
    packed = [bytearray(gzip.compress(record, mtime=0)) for record in records]
    for number, place, change in changes:
        at = int(place * len(packed[number]))
        packed[number][at : at + len(change)] = change
    found = read(b"".join(packed) + gzip.compress(GOOD_RECORD, mtime=0), "a.warc.gz")
    if len(found) < A_FILE + 1:
        assert file_rejects(found)
    good = [outcome for outcome in found if isinstance(outcome, Document) and outcome.id == "good"]
    assert good or file_rejects(found)


@st.composite
def arc_record(draw: st.DrawFn) -> bytes:
    block = draw(http_block())
    word = st.text(string.ascii_letters + string.digits + ":/.-\xe9\x7f", min_size=1, max_size=20)
    url = draw(st.sampled_from(["http://example.org/", "dns:example.org", "https://", "x"]) | word)
    date = draw(st.sampled_from(["20080430204825", "0" * 14, "99999999999999", "2008"]) | word)
    return f"{url} {draw(word)} {date} {draw(word)} {len(block)}\n".encode() + block + b"\n"


_ARC_VERSION = b"1 0 Archive.org\nURL IP-address Archive-date Content-type Archive-length\n"
ARC_HEAD = b"filedesc://a.arc 0.0.0.0 20080430204825 text/plain %d\n%s\n" % (len(_ARC_VERSION), _ARC_VERSION)


@fuzzed
@given(st.lists(arc_record(), min_size=A_FILE, max_size=A_FILE), st.booleans())
def test_arc(records: list[bytes], compressed: bool) -> None:
    join = members if compressed else lambda *all: b"".join(all)
    found = read(join(ARC_HEAD, *records), "a.arc.gz" if compressed else "a.arc")
    # warcio gives up at a line that it can't take for a header: then the file says so
    assert len(record_rejects(found)) + sum(isinstance(o, Document) for o in found) == A_FILE or (
        file_rejects(found)
    )


COLUMNS = st.sampled_from(
    [
        pa.string(), pa.binary(), pa.int64(), pa.float64(), pa.bool_(), pa.timestamp("us"), pa.date32(),
        pa.list_(pa.string()), pa.struct([("a", pa.int8())]), pa.null(), pa.decimal128(9, 2),
    ]
)  # fmt: skip


@st.composite
def table(draw: st.DrawFn) -> pa.Table:
    """Rows in columns of any type under the names that the reader looks for."""
    columns: dict[str, pa.Array] = {}
    for name in draw(st.lists(st.sampled_from(FIELDS[:-1]), min_size=1, max_size=6, unique=True)):
        kind = draw(COLUMNS)
        sample = draw(st.lists(_cell(kind), min_size=5, max_size=5))
        columns[name] = pa.array([sample[i % len(sample)] for i in range(A_FILE)], kind)
    return pa.table(columns)


def _cell(kind: pa.DataType) -> st.SearchStrategy[object]:
    cells: dict[pa.DataType, st.SearchStrategy[object]] = {
        pa.string(): st.text(st.characters(exclude_categories=("Cs",)), max_size=20) | st.just("word " * 20),
        pa.binary(): noise,
        pa.int64(): st.integers(-(2**63), 2**63 - 1),
        pa.float64(): st.floats(),
        pa.bool_(): st.booleans(),
        pa.timestamp("us"): st.integers(-(2**62), 2**62),
        pa.date32(): st.integers(-(2**31), 2**31 - 1),
        pa.list_(pa.string()): st.lists(st.just("x"), max_size=2),
        pa.struct([("a", pa.int8())]): st.just({"a": 1}),
        pa.decimal128(9, 2): st.just(3),
    }
    return st.none() | cells.get(kind, st.none())


@fuzzed
@given(table())
def test_parquet(rows: pa.Table) -> None:
    file = io.BytesIO()
    pq.write_table(rows, file)
    found = read(file.getvalue(), "a.parquet")
    kinds = {field.name: field.type for field in rows.schema}
    if kinds.get("text") not in (pa.string(), pa.binary(), pa.null()):
        assert [(r.reason, r.offset) for r in file_rejects(found)] == [("no_text", 0)] and len(found) == 1
        return
    assert not file_rejects(found)
    assert [outcome.offset for outcome in found] == list(range(A_FILE))


@fuzzed
@given(
    st.lists(
        st.binary(max_size=60).map(lambda line: line.replace(b"\n", b"?")), min_size=A_FILE, max_size=A_FILE
    ),
    st.booleans(),
)
def test_path_lists(lines: list[bytes], compressed: bool) -> None:
    """Every line is a path, or the list is refused as a whole: a part of it must not pass for all."""
    content = b"\n".join(lines)
    try:
        expected = [line.decode().strip() for line in lines]
    except UnicodeDecodeError:
        expected = None
    try:
        found = list(read_path_list(io.BytesIO(gzip.compress(content) if compressed else content), "a.paths"))
    except ValueError as error:
        assert expected is None
        assert "a.paths" in str(error)
    else:
        assert expected is not None
        assert found == [name for name in expected if name and not name.startswith("#")]
