import hashlib
import io

import pyarrow.parquet as pq
import pytest

from wellspring.schemas.arrow import arrow_schema
from wellspring.schemas.reject import Reject
from wellspring.transforms.storage.parquet_bytes import parquet_bytes
from wellspring.transforms.storage.publish import publish, remove_folder
from wellspring.transforms.storage.storage import UNFINISHED

REJECT = Reject(kind="record", reason="empty", detail="no text", source="s", file_path="f", offset=3)


def test_a_file_appears_whole_under_its_name_and_leaves_nothing_else(tmp_path):
    record = publish(str(tmp_path), "documents/a=b/part.parquet", b"content", 7)
    assert (tmp_path / "documents/a=b/part.parquet").read_bytes() == b"content"
    assert record.path == "documents/a=b/part.parquet"
    assert (record.rows, record.sha256) == (7, hashlib.sha256(b"content").hexdigest())
    assert not list((tmp_path / UNFINISHED).iterdir())


def test_publishing_again_replaces(tmp_path):
    publish(str(tmp_path), "x.json", b"one", 1)
    publish(str(tmp_path), "x.json", b"two", 1)
    assert (tmp_path / "x.json").read_bytes() == b"two"


def test_a_write_that_fails_leaves_no_file_under_the_final_name(tmp_path, monkeypatch):
    from apache_beam.io.filesystems import FileSystems

    def broken(sources, destinations):
        raise OSError("No space left on device")

    monkeypatch.setattr(FileSystems, "rename", broken)
    with pytest.raises(OSError, match="No space left"):
        publish(str(tmp_path), "documents/part.parquet", b"content", 1)
    assert not (tmp_path / "documents/part.parquet").exists()


def test_the_same_rows_are_the_same_bytes_and_read_back():
    content = parquet_bytes([REJECT, REJECT], arrow_schema(Reject))
    assert content == parquet_bytes([REJECT, REJECT], arrow_schema(Reject))
    rows = pq.read_table(io.BytesIO(content)).to_pylist()
    assert [Reject(**row) for row in rows] == [REJECT, REJECT]


def test_removing_what_is_not_there_is_no_error(tmp_path):
    remove_folder(str(tmp_path / "nothing"))
