"""JSONL: fields, compressions, broken lines, limits, cuts."""

import gzip
import io
import json

import pytest
import zstandard
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.transforms.formats.archives import TEXT, documents, file_rejects, outcomes, record_rejects
from wellspring.schemas.document import Document
from wellspring.schemas.reject import Reject
from wellspring.transforms.formats.limits import Limits
from wellspring.transforms.formats.read_file import read_file
from wellspring.transforms.formats.rows import Columns


def line(number: int, **fields: object) -> bytes:
    return json.dumps({"id": f"d{number}", "text": TEXT.format(number), **fields}).encode() + b"\n"


@pytest.mark.parametrize(
    ("name", "encode"),
    [("a.jsonl", bytes), ("a.jsonl.gz", gzip.compress), ("a.json.gz", gzip.compress),
     ("a.jsonl.zst", zstandard.compress),
     ("a.jsonl.zst", lambda b: zstandard.compress(b[:99]) + zstandard.compress(b[99:])),
     ("no-extension", bytes), ("no-extension", gzip.compress), ("no-extension", zstandard.compress)],
)  # fmt: skip
def test_every_compression_gives_the_same(name: str, encode: object) -> None:
    found = outcomes(encode(line(0) + b"\n  \n" + line(1)), name)  # type: ignore[operator]
    assert [(d.id, d.text, d.offset) for d in documents(found)] == [
        ("d0", TEXT.format(0), 0),
        ("d1", TEXT.format(1), 3),
    ]
    assert len(found) == 2


def test_fields_go_to_their_columns_and_the_rest_to_metadata() -> None:
    data = line(
        7, source="books", added="2024-01-01", created="2020", url="http://x.org/", dump="d1", language="en",
        date="2021-05-06T07:08:09.5+02:00", metadata={"a": 1, "score": 2}, score=3, tags=["x"],
    )  # fmt: skip
    (d,) = documents(outcomes(data, "a.jsonl"))
    assert (d.source, d.added, d.created, d.url, d.dump) == (
        "books",
        "2024-01-01",
        "2020",
        "http://x.org/",
        "d1",
    )
    assert d.date == "2021-05-06T05:08:09Z"
    assert d.language is None
    assert json.loads(d.metadata) == {"a": 1, "score": 2, "column:score": 3, "tags": ["x"], "language": "en"}


def test_what_is_missing_is_filled_in() -> None:
    (d, e) = documents(
        outcomes(line(1, id=None, date="soon") + line(1, id=12, source=5), "dir/wiki.v2.jsonl")
    )
    assert (d.source, e.source) == ("wiki", "wiki")
    assert len(d.id) == 32
    assert e.id == "12"
    assert d.date is None
    assert json.loads(d.metadata) == {"date_raw": "soon"}
    assert json.loads(e.metadata) == {"source": 5}


def test_metadata_as_json_text_is_an_object_again() -> None:
    (d,) = documents(outcomes(line(1, metadata='{"a": [1]}'), "a.jsonl"))
    assert json.loads(d.metadata) == {"a": [1]}


def test_bad_lines_are_rejects_with_a_reason() -> None:
    data = b"".join(
        [b"{broken\n", b"[1]\n", b'{"id": "x"}\n', b'{"text": 5}\n', b'{"text": ""}\n', b'{"text": "hi"}\n',
         b'{"text": "\xff"}\n', b"[" * 100_000 + b"\n", line(1)]
    )  # fmt: skip
    found = outcomes(data, "a.jsonl")
    assert [r.reason for r in record_rejects(found)] == [
        "malformed", "malformed", "no_text", "no_text", "empty", "too_short", "malformed", "malformed",
    ]  # fmt: skip
    assert [r.offset for r in record_rejects(found)] == list(range(8))
    assert len(documents(found)) == 1
    assert file_rejects(found) == []


def test_lone_surrogates_and_control_characters_are_mended() -> None:
    data = b'{"text": "a\\ud800b \\ud83d\\ude00 c\\u0000d ' + TEXT.encode() + b'", "x": "\\udfff"}\n'
    (d,) = documents(outcomes(data, "a.jsonl"))
    assert d.text == "a�b \U0001f600 c d " + TEXT
    d.metadata.encode()
    assert json.loads(d.metadata)["x"] == "�"


@pytest.mark.parametrize("encode", [bytes, gzip.compress, zstandard.compress])
def test_a_line_over_the_limit_is_not_held(encode: object) -> None:
    data = line(0) + b'{"text": "' + b"a" * 5_000_000 + b'"}\n' + line(1)
    found = outcomes(encode(data), "a.jsonl", Limits(max_record_bytes=100_000))  # type: ignore[operator]
    assert [d.id for d in documents(found)] == ["d0", "d1"]
    assert [(r.reason, r.offset) for r in record_rejects(found)] == [("too_large", 1)]


@pytest.mark.parametrize("encode", [gzip.compress, zstandard.compress])
def test_a_cut_at_every_byte_is_noticed(encode: object) -> None:
    data = encode(line(0) + line(1) + line(2))  # type: ignore[operator]
    for cut in range(5, len(data)):
        found = outcomes(data[:cut], "a.jsonl.gz")
        assert [d.id for d in documents(found)] == ["d0", "d1", "d2"][: len(documents(found))], cut
        assert [r.reason for r in file_rejects(found)] == ["truncated"], cut


def test_a_cut_plain_file_is_noticed() -> None:
    found = outcomes((line(0) + line(1))[:-9], "a.jsonl")
    assert [d.id for d in documents(found)] == ["d0"]
    assert [r.reason for r in record_rejects(found)] == ["malformed"]
    assert [r.reason for r in file_rejects(found)] == ["truncated"]
    assert file_rejects(outcomes((line(0) + line(1))[:-1], "a.jsonl")) == []


@settings(max_examples=200, deadline=2000)
@given(data=st.binary(max_size=400) | st.text(max_size=200).map(lambda t: json.dumps({"text": t}).encode()))
@pytest.mark.parametrize("name", ["a.jsonl", "a.parquet", "a.arc", "a.warc", "a"])
def test_arbitrary_bytes_never_raise(name: str, data: bytes) -> None:
    assert len(file_rejects(outcomes(data, name))) <= 1


def test_other_names_for_text_and_id() -> None:
    data = b'{"body": "%s", "key": 7, "id": "x", "text": [1]}\n{"key": "y"}\n' % TEXT.encode()
    first, second = read_file(io.BytesIO(data), "a.jsonl", columns=Columns("body", "key"))
    assert isinstance(first, Document) and isinstance(second, Reject)
    assert (first.text, first.id, json.loads(first.metadata)) == (TEXT, "7", {"id": "x", "text": [1]})
    assert (second.reason, second.id, second.detail) == ("no_text", "y", "body is missing")


def test_numbers_that_only_python_writes_and_line_ends_of_windows() -> None:
    data = b'\xef\xbb\xbf{"text": "%s", "a": NaN, "b": -Infinity, "source": null}\r\n\r\n' % TEXT.encode()
    (d,) = outcomes(data, "wiki.jsonl")
    assert isinstance(d, Document)
    assert (d.text, d.source, json.loads(d.metadata)) == (TEXT, "wiki", {"a": None, "b": None})
