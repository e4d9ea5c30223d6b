"""What a file is, by its bytes: what no reader takes is one reject that says what it is and what to do."""

import gzip
import io
import json
import tarfile
import zipfile
from pathlib import Path

import brotli
import pyarrow as pa
import pyarrow.feather
import pyarrow.ipc
import pyarrow.orc
import pyarrow.parquet as pq
import pytest

from tests.transforms.formats.archives import TEXT, conversion, documents, outcomes

ROWS = [{"id": f"d{n}", "text": TEXT.format(n)} for n in range(40)]
LINES = "".join(json.dumps(row) + "\n" for row in ROWS)
NAMES = ("a.jsonl", "a.jsonl.gz", "a.parquet", "a")


def said_of(data: bytes, name: str) -> str:
    """What the one reject says, which is of the file."""
    (reject,) = outcomes(data, name)
    assert (reject.kind, reject.reason) == ("file", "unsupported_format"), name
    return str(reject.detail)


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("encoding", ["utf-16", "utf-16-le", "utf-16-be", "utf-32", "utf-32-le", "utf-32-be"])
@pytest.mark.parametrize("content", [LINES, json.dumps(ROWS, indent=1), "WARC/1.0\r\n"])
def test_wide_text(name: str, encoding: str, content: str) -> None:
    named = encoding.upper().replace("-LE", "LE").replace("-BE", "BE")
    for data in (content.encode(encoding), gzip.compress(content.encode(encoding))):
        said = said_of(data, name)
        assert named in said and "iconv" in said
    if encoding.endswith("e"):
        assert encoding[:6].upper() in said_of(("\ufeff" + content).encode(encoding), name)


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("bom", [b"", b"\xef\xbb\xbf"])
@pytest.mark.parametrize(
    ("data", "what"),
    [(json.dumps(ROWS), "JSON array"), (json.dumps(ROWS, indent=2), "JSON array"), ("[]", "JSON array"),
     ("[\n" + ",\n".join(map(json.dumps, ROWS)) + "\n]\n", "JSON array"), ("[1, 2]\n", "JSON array"),
     (" \n [" + json.dumps({"text": "x" * 70_000}) + "]", "JSON array"), ('["a",\n"b"]', "JSON array"),
     (json.dumps(ROWS[0], indent=2), "several lines"),
     (json.dumps({"data": ROWS}, indent=1), "several lines"),
     ("\n".join(json.dumps(row, indent="\t") for row in ROWS), "several lines"),
     ('{"id": 1,\n "text": "b"}', "several lines")],
)  # fmt: skip
def test_json_that_is_no_lines(name: str, bom: bytes, data: str, what: str) -> None:
    for content in (bom + data.encode(), gzip.compress(bom + data.replace("\n", "\r\n").encode())):
        said = said_of(content, name)
        assert what in said and "jq -c" in said


@pytest.mark.parametrize("name", ["a.jsonl", "a.parquet", "a.warc.gz", "a"])
def test_archives_tables_and_other_compressions(name: str, tmp_path: Path) -> None:
    table = pa.Table.from_pylist(ROWS)
    made: dict[str, bytes] = {}
    sink = io.BytesIO()
    with zipfile.ZipFile(sink, "w") as archive:
        archive.writestr("a.jsonl", LINES)
    made["ZIP"] = sink.getvalue()
    sink = io.BytesIO()
    with tarfile.open(fileobj=sink, mode="w") as tar:
        entry = tarfile.TarInfo("a.jsonl")
        entry.size = len(LINES)
        tar.addfile(entry, io.BytesIO(LINES.encode()))
    made["tar archive"] = sink.getvalue()
    sink = io.BytesIO()
    with pa.ipc.new_file(sink, table.schema) as writer:
        writer.write_table(table)
    made["Arrow (Feather)"] = sink.getvalue()
    sink = io.BytesIO()
    with pa.ipc.new_stream(sink, table.schema) as stream:
        stream.write_table(table)
    made["Arrow stream"] = sink.getvalue()
    pyarrow.feather.write_feather(table, tmp_path / "v1", version=1)
    made["Feather"] = (tmp_path / "v1").read_bytes()
    pyarrow.orc.write_table(table, str(tmp_path / "orc"))
    made["ORC"] = (tmp_path / "orc").read_bytes()
    made["Avro"] = b"Obj\x01\x04\x14avro.codec"
    made["7z"] = b"7z\xbc\xaf\x27\x1c\x00\x04" + bytes(range(256))
    made["snappy"] = b"\xff\x06\x00\x00sNaPpY" + bytes(range(256))
    for what, data in made.items():
        assert what in said_of(data, name)
        assert what in said_of(gzip.compress(data), name)


def test_line_ends_of_old_macs() -> None:
    for data in (
        LINES.replace("\n", "\r").encode(),
        gzip.compress(LINES.strip().replace("\n", "\r").encode()),
    ):
        assert "carriage returns" in said_of(data, "a.jsonl")
    (document,) = documents(outcomes(json.dumps(ROWS[0]).encode() + b"\r", "a.jsonl"))
    assert document.id == "d0"


def test_bytes_that_are_no_text_are_no_records() -> None:
    packed = brotli.compress(LINES.encode())
    assert "brotli" in said_of(packed, "a.jsonl.br")
    assert "no text" in said_of(packed, "a.jsonl")
    assert "no text" in said_of(bytes(range(256)) * 20, "a.json")
    assert "HTML" in said_of(b"<!DOCTYPE html>\n<html><head>\n<title>404</title>\n", "a.jsonl")
    (reject,) = outcomes(packed, "a.bin")
    assert (reject.kind, reject.reason) == ("file", "unknown_format")


@pytest.mark.parametrize(
    ("before", "rejected"),
    [(b"[1]\n", 1), (b'[{"a": 1}]\n', 1), (b"{broken\n", 1), (b'{"text": "one\nline"}\n', 2), (b"{}\n", 1),
     (b'cut in its middle"}\n', 1), (b'[1] a note"}\n', 1), (bytes(2000) + b"\n", 1), (b"\xff\x01\x02\n", 1),
     (b"\xef\xbb\xbf \r\n", 0), (b"null\n", 1), (b'{"text": 1,\n', 1)],
)  # fmt: skip
def test_a_bad_first_line_costs_itself_alone(before: bytes, rejected: int) -> None:
    found = outcomes(before + LINES.encode(), "a.jsonl")
    assert [d.id for d in documents(found)] == [row["id"] for row in ROWS]
    assert len(found) - len(ROWS) == rejected


def test_a_name_that_says_otherwise() -> None:
    sink = io.BytesIO()
    pq.write_table(pa.Table.from_pylist(ROWS), sink)
    assert len(documents(outcomes(sink.getvalue(), "a.jsonl"))) == len(ROWS)
    assert len(documents(outcomes(LINES.encode(), "a.parquet"))) == len(ROWS)
    assert len(documents(outcomes(conversion(1), "a.jsonl"))) == 1
    assert len(documents(outcomes(gzip.compress(conversion(1)), "a.json.gz"))) == 1
    assert len(documents(outcomes(LINES.encode(), "a.warc"))) == len(ROWS)
