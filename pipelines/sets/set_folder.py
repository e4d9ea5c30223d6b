"""A training set's folder: its manifest, and its rows."""

import gzip
from collections.abc import Iterator

import msgspec
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
from apache_beam.io.filesystems import FileSystems

from wellspring.pipelines.command.arguments import UsageError, read_bytes
from wellspring.schemas.training_set import SET, SetDocument, SetManifest
from wellspring.transforms.runs.run_files import TamperedError, read_checked


def read_set(folder: str) -> SetManifest:
    """The manifest of a training set.

    Raises:
        UsageError: there is none, or it is a run's.
    """
    content = read_bytes(FileSystems.join(folder, "manifest.json"), "manifest")
    try:
        manifest = msgspec.json.decode(content, type=SetManifest)
    except msgspec.DecodeError as error:
        raise UsageError(f"{folder} is not a training set: {error}") from error
    if manifest.kind != SET:
        raise UsageError(f"{folder} is not a training set: its manifest says {manifest.kind!r}")
    return manifest


def rows_with_id(
    folder: str, manifest: SetManifest, id: str, under: str
) -> Iterator[tuple[str, SetDocument]]:
    """(file, row) of every copy of a document in the files under `documents/` or `hold/`.

    Raises:
        UsageError: a file was changed.
    """
    for path in sorted(path for path in manifest.files if path.startswith(under)):
        if not path.endswith((".parquet", ".jsonl.gz")):
            continue
        try:
            content = read_checked(folder, path, manifest.files[path])
        except TamperedError as error:
            raise UsageError(str(error)) from error
        if path.endswith(".parquet"):
            table = pq.read_table(pa.BufferReader(content))
            rows = table.filter(pc.equal(table.column("id"), id)).to_pylist()
            for row in msgspec.convert(rows, list[SetDocument]):
                yield path, row
            continue
        for line in gzip.decompress(content).splitlines():
            row = msgspec.json.decode(line, type=SetDocument)
            if row.id == id:
                yield path, row
