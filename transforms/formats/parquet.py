"""Parquet files to documents and rejects, one a row."""

import shutil
import tempfile
from collections.abc import Iterator
from typing import Any, BinaryIO, cast

import pyarrow as pa
import pyarrow.parquet as pq

from wellspring.schemas.reject import FILE
from wellspring.transforms.formats.fields import Place, file_source
from wellspring.transforms.formats.gzip_members import DamagedStreamError
from wellspring.transforms.formats.limits import Limits
from wellspring.transforms.formats.rows import COLUMNS, Columns, Read, row_outcome
from wellspring.transforms.formats.source_stream import StorageError

_ROWS_PER_BATCH = 64


def read_parquet(stream: BinaryIO, path: str, limits: Limits, columns: Columns = COLUMNS) -> Iterator[Read]:
    """Each row with its document or reject; offsets are row numbers from 0.

    Without a column of texts the file is one reject `no_text`, and its rows are no records.

    Rows are decoded 64 at a time. Parquet begins at its end: a stream that can't seek is copied to a
    temporary file first. A cut file has no footer and gives its file reject alone; a damaged page
    ends the reading with a file reject after the rows before it. Reasons: `no_text`, `too_large`,
    `empty`, `too_short`; of a file `corrupt`.

    Raises:
        StorageError: the storage failed, not the content.
    """
    source = file_source(path)
    number = 0
    with tempfile.TemporaryFile() as spool:
        try:
            if not stream.seekable():
                shutil.copyfileobj(stream, spool, 1 << 20)
                spool.seek(0)
                stream = cast(BinaryIO, spool)
            file = pq.ParquetFile(stream, pre_buffer=False)
            if lacking := _without_text(file.schema_arrow, columns.text):
                yield {}, Place(path, 0, source).reject("no_text", lacking, kind=FILE)
                return
            for batch in file.iter_batches(batch_size=_ROWS_PER_BATCH):
                for row in _rows(batch):
                    yield row, row_outcome(row, path, number, limits, columns)
                    number += 1
        except StorageError:
            raise
        except DamagedStreamError as error:
            yield {}, Place(path, number, source).reject(error.reason, str(error), kind=FILE)
        except (pa.ArrowException, OSError, ValueError, OverflowError, RuntimeError) as error:
            if isinstance(error.__context__, StorageError):
                raise error.__context__ from error
            message = " ".join(str(error).split())
            yield (
                {},
                Place(path, number, source).reject(
                    "corrupt", f"{type(error).__name__}: {message}, at or after row {number}", kind=FILE
                ),
            )


def _without_text(schema: pa.Schema, name: str) -> str | None:
    """What to say of a file that has no column of texts under this name."""
    kinds = [field.type for field in schema if field.name == name]
    if any(_holds_text(kind) for kind in kinds):
        return None
    lacks = f"column {name} is {kinds[0]}" if kinds else f"no column {name}"
    others = ", ".join(schema.names)
    return (
        f"{lacks}: name the texts' column (--text_column), one of {others}" if others else f"{lacks}, nor any"
    )


def _holds_text(kind: pa.DataType) -> bool:
    if pa.types.is_dictionary(kind):
        kind = kind.value_type
    of_text = (
        pa.types.is_string, pa.types.is_large_string, pa.types.is_string_view, pa.types.is_binary,
        pa.types.is_large_binary, pa.types.is_binary_view, pa.types.is_fixed_size_binary, pa.types.is_null,
    )  # fmt: skip
    return any(is_it(kind) for is_it in of_text)


def _rows(batch: pa.RecordBatch) -> Iterator[dict[str, object]]:
    """Rows as dicts; a value that Python can't hold (a timestamp past year 9999) becomes its text."""
    columns: list[list[object]] = []
    for column in batch.columns:
        try:
            columns.append(column.to_pylist())
        except (ValueError, OverflowError, UnicodeDecodeError):
            columns.append([_as_text(column[i]) for i in range(len(column))])
    names = batch.schema.names
    for values in zip(*columns, strict=True):
        yield dict(zip(names, values, strict=True))


def _as_text(value: Any) -> str | None:
    try:
        return None if not value.is_valid else str(value)
    except (ValueError, OverflowError, UnicodeDecodeError):
        if hasattr(value, "as_buffer"):
            return str(value.as_buffer().to_pybytes(), "utf-8", "replace")
        # a day out of range is 32 bits wide, a moment 64
        number = value.cast(pa.int32() if pa.types.is_date32(value.type) else pa.int64())
        return f"{number} ({value.type})"
