"""Rows as the bytes of a Parquet file: the same rows, the same bytes. Imports no Beam."""

from collections.abc import Sequence

import msgspec
import pyarrow as pa
import pyarrow.parquet as pq

from wellspring.schemas.arrow import table

_ROW_GROUP_ROWS = 10_000


def parquet_bytes(rows: Sequence[msgspec.Struct], schema: pa.Schema) -> bytes:
    """Rows as a Parquet file of that schema, compressed with zstd: the same rows, the same bytes."""
    return table_bytes(table(rows, schema))


def table_bytes(rows: pa.Table) -> bytes:
    """The same for rows that are an Arrow table already."""
    sink = pa.BufferOutputStream()
    pq.write_table(rows, sink, compression="zstd", row_group_size=_ROW_GROUP_ROWS)
    return bytes(sink.getvalue())
