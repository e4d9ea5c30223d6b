"""The Croissant file is what MLCommons' own library takes, and reads the set's rows by."""

import gzip
import hashlib
import json

import mlcroissant
import msgspec
import pyarrow as pa
import pytest

from tests.pipelines.set_cards import CARD
from wellspring.pages.croissant import croissant
from wellspring.schemas.arrow import arrow_schema
from wellspring.schemas.document import HeldDocument
from wellspring.schemas.manifest import FileEntry
from wellspring.transforms.storage.parquet_bytes import parquet_bytes

ROWS = [
    HeldDocument(
        id=f"d{i}",
        text=f"text {i} é",
        source="a",
        added=None,
        created=None,
        metadata="{}",
        dump=None,
        url=None,
        date=None,
        language="en",
        file_path="f",
        token_count=i,
        verdict="LIKELY_HUMAN",
        confidence="LOW",
        probability=i / 10,
        reasons=["one", "two"],
        batch_id="b",
        provenance="human_verified",
    )
    for i in range(5)
]
COLUMNS = arrow_schema(HeldDocument)


def lines(rows):
    return b"".join(msgspec.json.encode(row) + b"\n" for row in rows)


def write_set(folder, ending):
    files = {}
    for shard, rows in enumerate((ROWS[:3], ROWS[3:])):
        content = parquet_bytes(rows, COLUMNS) if ending == "parquet" else lines(rows)
        content = gzip.compress(content, mtime=0) if ending.endswith("gz") else content
        path = f"documents/part-{shard:05d}-of-00002.{ending}"
        (folder / path).parent.mkdir(exist_ok=True)
        (folder / path).write_bytes(content)
        files[path] = FileEntry(rows=len(rows), sha256=hashlib.sha256(content).hexdigest())
    card = msgspec.structs.replace(CARD, files=files)
    (folder / "croissant.json").write_bytes(croissant(card, COLUMNS))


@pytest.mark.parametrize("ending", ["parquet", "jsonl", "jsonl.gz"])
def test_mlcroissant_takes_it_and_reads_all_rows(tmp_path, ending):
    write_set(tmp_path, ending)
    dataset = mlcroissant.Dataset(tmp_path / "croissant.json")
    assert not dataset.metadata.issues.errors
    assert dataset.metadata.name == CARD.name
    records = list(dataset.records("documents"))
    texts = {r["documents/id"].decode(): r["documents/text"].decode() for r in records}
    assert texts == {row.id: row.text for row in ROWS}
    assert sorted(r["documents/token_count"] for r in records) == [0, 1, 2, 3, 4]


def test_every_file_has_its_hash_and_every_column_its_field(tmp_path):
    write_set(tmp_path, "jsonl.gz")
    content = json.loads((tmp_path / "croissant.json").read_text())
    for entry in content["distribution"][:2]:
        assert entry["sha256"] == hashlib.sha256((tmp_path / entry["contentUrl"]).read_bytes()).hexdigest()
    assert content["distribution"][2]["includes"] == ["documents/*.jsonl.gz"]
    fields = content["recordSet"][0]["field"]
    of_bytes = [column.name for column in COLUMNS if column.type == pa.binary()]
    assert [field["name"] for field in fields] == [name for name in COLUMNS.names if name not in of_bytes]
    assert all(name in content["recordSet"][0]["description"] for name in of_bytes)
    assert {f["name"] for f in fields if f.get("repeated")} == {"reasons"}
    assert content["license"] == ["CC-BY-4.0", "unknown"]
    assert not mlcroissant.Dataset(tmp_path / "croissant.json").metadata.issues.errors


@pytest.mark.parametrize("files", [{}, {"documents/a.parquet": None, "documents/a.jsonl": None}])
def test_files_of_no_or_two_kinds_are_an_error(files):
    with pytest.raises(ValueError, match="all Parquet or all JSON lines"):
        croissant(msgspec.structs.replace(CARD, files=files), COLUMNS)


def test_a_column_without_a_croissant_type_is_an_error():
    card = msgspec.structs.replace(CARD, files={"documents/a.parquet": FileEntry(rows=0, sha256="0" * 64)})
    with pytest.raises(ValueError, match="column x: Croissant has no type"):
        croissant(card, pa.schema([pa.field("x", pa.date32())]))
