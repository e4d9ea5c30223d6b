"""Parquet: fields, types, limits, damage."""

import datetime
import io
import json

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.transforms.formats.archives import TEXT, documents, file_rejects, outcomes, record_rejects
from wellspring.schemas.reject import Reject
from wellspring.transforms.formats.limits import Limits
from wellspring.transforms.formats.read_file import read_file
from wellspring.transforms.formats.rows import Columns


def parquet(columns: dict[str, object], **options: object) -> bytes:
    sink = io.BytesIO()
    pq.write_table(pa.table(columns), sink, **options)
    return sink.getvalue()


def test_rows_become_documents_over_several_batches() -> None:
    data = parquet({"id": [f"r{n}" for n in range(200)], "text": [TEXT.format(n) for n in range(200)]})
    found = documents(outcomes(data, "part.0.parquet"))
    assert [(d.id, d.text, d.offset, d.source) for d in found] == [
        (f"r{n}", TEXT.format(n), n, "part") for n in range(200)
    ]


def test_types_of_columns() -> None:
    when = datetime.datetime(2021, 2, 3, 4, 5, 6, tzinfo=datetime.timezone(datetime.timedelta(hours=1)))
    far = pa.array([2**58], pa.timestamp("ms"))
    data = parquet(
        {"id": [5], "text": [TEXT], "date": [when], "created": [datetime.date(2020, 1, 2)],
         "metadata": [{"k": "v"}], "far": far, "raw": [b"\xff"], "score": [float("nan")]}
    )  # fmt: skip
    (d,) = documents(outcomes(data, "a.parquet"))
    assert d.id == "5"
    assert d.date == "2021-02-03T03:05:06Z"
    assert d.created == "2020-01-02T00:00:00Z"
    metadata = json.loads(d.metadata)
    assert metadata["k"] == "v"
    assert set(metadata) == {"k", "far", "raw", "score"}


def test_rejects() -> None:
    data = parquet({"text": [None, "", "short", "a" * 2000, TEXT]})
    found = outcomes(data, "a.parquet", Limits(max_record_bytes=1000))
    assert [r.reason for r in record_rejects(found)] == ["no_text", "empty", "too_short", "too_large"]
    assert len(documents(found)) == 1


@pytest.mark.parametrize(
    "kind",
    [pa.binary(), pa.large_binary(), pa.large_string(), pa.string_view(), pa.binary_view(),
     pa.dictionary(pa.int32(), pa.string()), pa.dictionary(pa.int8(), pa.binary())],
)  # fmt: skip
def test_every_type_that_holds_text(kind: pa.DataType) -> None:
    values = [TEXT.format(1), None, "ein Satz mit Umlauten: \u00e4\u00f6\u00fc, " + TEXT]
    column = pa.array(values).dictionary_encode() if pa.types.is_dictionary(kind) else pa.array(values)
    names = pa.array(["a", "b", "c"], pa.string()).cast(pa.binary())
    metadata = pa.array([b'{"k": 1}', None, b"\xff"], pa.binary())
    columns = {"text": column.cast(kind), "id": names, "source": names, "metadata": metadata}
    found = outcomes(parquet(columns), "a.parquet")
    assert [(d.id, d.source, d.text) for d in documents(found)] == [
        ("a", "a", values[0]),
        ("c", "c", values[2]),
    ]
    assert [(r.reason, r.id) for r in record_rejects(found)] == [("no_text", "b")]
    assert json.loads(documents(found)[0].metadata) == {"k": 1}


def test_bytes_that_are_no_utf8_are_rejects_of_their_own() -> None:
    found = outcomes(parquet({"text": [TEXT.encode(), b"\xff" * 99]}), "a.parquet")
    assert len(documents(found)) == 1
    assert [(r.reason, r.offset) for r in record_rejects(found)] == [("undecodable", 1)]


def test_a_file_without_text_is_one_reject_that_lists_its_columns() -> None:
    columns = {"content": [TEXT] * 3, "url": ["u"] * 3, "n": [1] * 3}
    for data, names in (
        (parquet(columns), Columns()),
        (parquet({**columns, "text": [[TEXT]] * 3}), Columns()),
        (parquet({**columns, "text": [TEXT] * 3}), Columns(text="n")),
    ):
        (reject,) = list(read_file(io.BytesIO(data), "a.parquet", columns=names))
        assert isinstance(reject, Reject)
        assert (reject.kind, reject.reason) == ("file", "no_text")
        assert "--text_column" in reject.detail and "content, url, n" in reject.detail
    found = list(read_file(io.BytesIO(parquet(columns)), "a.parquet", columns=Columns("content", "url")))
    assert [(d.text, d.id, d.url) for d in documents(found)] == [(TEXT, "u", "u")] * 3


def test_text_that_is_no_utf8_is_mended() -> None:
    raw = pa.array([TEXT.encode() + b"\xff", TEXT.encode()], pa.binary())
    text = pa.Array.from_buffers(pa.string(), 2, raw.buffers())
    found = outcomes(parquet({"text": text}), "a.parquet")
    assert [d.text for d in documents(found)] == [TEXT + "�", TEXT]


def test_oversized_metadata_is_dropped_and_said() -> None:
    (d,) = documents(outcomes(parquet({"text": [TEXT], "html": ["x" * 100_000]}), "a.parquet"))
    assert json.loads(d.metadata)["metadata_dropped_bytes"] > 100_000


DATA = parquet({"text": [TEXT.format(n) for n in range(3000)]}, row_group_size=500, compression="none")


def test_a_cut_file_is_one_file_reject() -> None:
    for cut in (0, 3, 10, len(DATA) // 2, len(DATA) - 1):
        found = outcomes(DATA[:cut], "a.parquet")
        assert [r.reason for r in file_rejects(found)] == ["corrupt"]
        assert documents(found) == []


@settings(max_examples=60, deadline=5000)
@given(place=st.floats(0, 0.999), change=st.binary(min_size=1, max_size=8))
@pytest.mark.slow
def test_changed_bytes_never_raise(place: float, change: bytes) -> None:
    position = int(place * len(DATA))
    found = outcomes(DATA[:position] + change + DATA[position + len(change) :], "a.parquet")
    assert len(file_rejects(found)) <= 1
