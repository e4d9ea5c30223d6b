"""Parquet: fields, types, limits, damage."""

import datetime
import io
import json

import pyarrow as pa
import pyarrow.parquet as pq
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.transforms.formats.archives import TEXT, documents, file_rejects, outcomes, record_rejects
from transforms.formats.limits import Limits


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
    (reject,) = record_rejects(outcomes(parquet({"content": [TEXT]}), "a.parquet"))
    assert reject.reason == "no_text"


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
def test_changed_bytes_never_raise(place: float, change: bytes) -> None:
    position = int(place * len(DATA))
    found = outcomes(DATA[:position] + change + DATA[position + len(change) :], "a.parquet")
    assert len(file_rejects(found)) <= 1
