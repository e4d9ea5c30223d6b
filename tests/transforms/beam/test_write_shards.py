import apache_beam as beam
import pyarrow.parquet as pq
import pytest
from apache_beam.pvalue import AsSingleton
from apache_beam.testing.test_pipeline import TestPipeline
from apache_beam.testing.util import assert_that

from wellspring.schemas.reject import Reject
from wellspring.transforms.beam.write_shards import WriteShards, shard_count


def rows(n: int) -> list[tuple[str, Reject]]:
    return [
        (folder, Reject(kind="record", reason=folder, detail="", source="s", file_path=f"{i:04d}", offset=i))
        for i in range(n)
        for folder in ("a", "b")
    ]


def write(run, pairs, shards, check=lambda records: None):
    with TestPipeline("FnApiRunner") as pipeline:
        count = AsSingleton(pipeline | "Shards" >> beam.Create([shards]))
        written = (
            pipeline
            | beam.Create(pairs, reshuffle=False)
            | WriteShards(str(run), Reject, lambda row: row.file_path, count)
        )
        assert_that(written, check)


def test_every_row_is_in_one_file_of_its_folder_sorted_and_listed(tmp_path):
    def check(records):
        files = {str(p.relative_to(tmp_path)): p for p in tmp_path.rglob("*.parquet")}
        assert {r.path for r in records} == files.keys()
        for record in records:
            table = pq.read_table(files[record.path])
            assert table.num_rows == record.rows
            assert set(table["reason"].to_pylist()) == {record.path[0]}
            paths = table["file_path"].to_pylist()
            assert paths == sorted(paths)

    write(tmp_path, rows(100), 3, check)
    names = sorted(str(p.relative_to(tmp_path)) for p in tmp_path.rglob("*.parquet"))
    assert names == [f"{f}/part-0000{i}-of-00003.parquet" for f in "ab" for i in range(3)]
    total = sum(pq.read_table(p).num_rows for p in tmp_path.rglob("*.parquet"))
    assert total == 200


@pytest.mark.slow
def test_the_order_of_rows_changes_no_byte(tmp_path):
    write(tmp_path / "one", rows(50), 2)
    write(tmp_path / "two", rows(50)[::-1], 2)
    one, two = (
        {p.relative_to(tmp_path / run): p.read_bytes() for p in (tmp_path / run).rglob("*.parquet")}
        for run in ("one", "two")
    )
    assert one == two
    assert len(one) == 4


def test_no_rows_no_files(tmp_path):
    write(tmp_path, [], 2)
    assert not list(tmp_path.rglob("*.parquet"))


@pytest.mark.parametrize(
    ("documents", "shards"), [(0, 1), (1, 1), (25_000, 1), (25_001, 2), (2_500_000_000, 100_000)]
)
def test_files_hold_some_25_000_documents_each(documents, shards):
    assert shard_count(documents) == shards
