import msgspec
import pyarrow as pa
import pytest

from wellspring.schemas.arrow import arrow_schema, table
from wellspring.schemas.document import HeldDocument, PublishedDocument


class Row(msgspec.Struct):
    name: str
    count: int
    share: float | None
    reasons: list[str]


def test_the_schema_has_the_fields_in_order_and_knows_which_may_be_null():
    schema = arrow_schema(Row)
    assert schema.names == ["name", "count", "share", "reasons"]
    assert [field.nullable for field in schema] == [False, False, True, False]
    assert schema.field("reasons").type == pa.list_(pa.string())


def test_rows_come_back_as_they_went_in():
    rows = [Row("a", 1, None, []), Row("b", 2, 0.5, ["x", "y"])]
    assert [Row(**r) for r in table(rows, arrow_schema(Row)).to_pylist()] == rows
    assert table([], arrow_schema(Row)).num_rows == 0


def test_a_null_where_none_may_be_is_refused():
    with pytest.raises(ValueError, match="column name can't be null, but 1 rows"):
        table([Row(None, 1, None, [])], arrow_schema(Row))


def test_a_type_without_a_column_is_named():
    class Odd(msgspec.Struct):
        place: complex

    with pytest.raises(TypeError, match="Odd.place"):
        arrow_schema(Odd)


def test_a_held_document_is_a_published_one_with_its_label_and_what_the_page_colours():
    more = ["provenance", "token_ends", "token_surprisals"]
    assert arrow_schema(HeldDocument).names == [*arrow_schema(PublishedDocument).names, *more]
