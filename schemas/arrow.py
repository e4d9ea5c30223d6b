"""Arrow schemas derived from the structs, so that a field is declared in one place."""

import types
import typing

import msgspec
import pyarrow as pa

_ARROW_TYPES: dict[object, pa.DataType] = {
    str: pa.string(),
    int: pa.int64(),
    float: pa.float64(),
    bool: pa.bool_(),
    bytes: pa.binary(),
    list[str]: pa.list_(pa.string()),
}


def arrow_schema(struct: type[msgspec.Struct], *, without: frozenset[str] = frozenset()) -> pa.Schema:
    """The explicit Arrow schema of a struct: one column a field, in the order of declaration.

    A field annotated `T | None` is nullable, any other is not.

    Raises:
        TypeError: a field has a type that has no column form.
    """
    fields = []
    for name, annotation in typing.get_type_hints(struct).items():
        if name in without:
            continue
        nullable = False
        if isinstance(annotation, types.UnionType):
            members = [a for a in typing.get_args(annotation) if a is not type(None)]
            nullable, annotation = True, members[0] if len(members) == 1 else annotation
        if annotation not in _ARROW_TYPES:
            raise TypeError(f"{struct.__name__}.{name}: no Arrow type for {annotation!r}")
        fields.append(pa.field(name, _ARROW_TYPES[annotation], nullable=nullable))
    return pa.schema(fields)


def table(rows: typing.Sequence[msgspec.Struct], schema: pa.Schema) -> pa.Table:
    """Rows as an Arrow table of that schema; fields that the schema lacks are left out.

    Raises:
        ValueError: a row has None in a column that can't be null. (Arrow itself would let it pass.)
    """
    columns = [pa.array([getattr(row, field.name) for row in rows], type=field.type) for field in schema]
    for field, column in zip(schema, columns, strict=True):
        if column.null_count and not field.nullable:
            raise ValueError(f"column {field.name} can't be null, but {column.null_count} rows have None")
    return pa.Table.from_arrays(columns, schema=schema)
