"""The columns of every table that a job writes: meaning, unit, and when it is null."""

import re
from typing import NamedTuple

import msgspec

from docs.generator.fields import Field, explained, fields_of
from docs.generator.markdown import code, page, table
from wellspring.schemas.anchor import AnchorDocument
from wellspring.schemas.arrow import arrow_schema
from wellspring.schemas.audit import Audit
from wellspring.schemas.document import DeclinedDocument, HeldDocument, PublishedDocument
from wellspring.schemas.measurements import LanguageModelSignals, Measurements
from wellspring.schemas.reject import Reject
from wellspring.schemas.training_set import KeptOut, SetDocument

_ENDS = {"low": "Lower", "high": "Upper"}
_NOT_SCORED = "no model scored it"


class Table(NamedTuple):
    """A kind of Parquet file: where it lies, and the struct that a row of it is."""

    where: str
    struct: type[msgspec.Struct]
    beyond: type[msgspec.Struct] | None = None
    """Its columns come first in the table and are documented on their own."""


PAGES: dict[str, tuple[str, str, tuple[Table, ...]]] = {
    "documents": (
        "Documents",
        "What a run publishes, holds and sets aside.",
        (
            Table("RUN/documents/provenance=LABEL/*.parquet", PublishedDocument),
            Table("RUN/hold/batch=ID/documents.parquet", HeldDocument, PublishedDocument),
            Table("RUN/declined/*.parquet", DeclinedDocument, HeldDocument),
        ),
    ),
    "measurements": (
        "Measurements",
        "What was measured on each document, before any threshold.",
        (Table("RUN/measurements/*.parquet", Measurements),),
    ),
    "audits": (
        "Audits",
        "What was measured on each training batch, and what was decided.",
        (Table("RUN/audits/*.parquet", Audit),),
    ),
    "rejects": (
        "Rejects",
        "Every record that became no document, and every file that could not be read to its end.",
        (Table("RUN/rejects/*.parquet", Reject),),
    ),
    "training-sets": (
        "Training sets",
        "What `wellspring mix` writes.",
        (
            Table("SET/documents/*.parquet", SetDocument, HeldDocument),
            Table("SET/lineage/kept_out.parquet", KeptOut),
        ),
    ),
    "anchor-sets": (
        "Anchor sets",
        "What `wellspring anchor add` writes. Each version has [rejects](rejects.md) of its own.",
        (Table("ANCHOR/versions/N/documents-*.parquet", AnchorDocument),),
    ),
}


def pages() -> dict[str, str]:
    """{path under reference/: page} for every table."""
    return {
        f"tables/{name}.md": page(title, intro, *(_section(each) for each in tables))
        for name, (title, intro, tables) in PAGES.items()
    }


def columns(declared: type[msgspec.Struct]) -> list[Field]:
    """The documented columns of a table.

    The ends of an interval take theirs from the column between them, and the language-model signals of
    `measurements/` from the struct that they were made as.
    """
    fields = fields_of(declared)
    names = {field.name: field for field in fields}
    signals = {field.name: field for field in fields_of(LanguageModelSignals)}
    return [_completed(field, names, signals if declared is Measurements else {}) for field in fields]


def _completed(field: Field, names: dict[str, Field], signals: dict[str, Field]) -> Field:
    base, _, end = field.name.rpartition("_")
    if field.meaning:
        return field
    if end in _ENDS and base in names:
        null = f"`{base}` is, or too few documents"
        return field._replace(
            meaning=f"{_ENDS[end]} end of its 95% interval.", unit=names[base].unit, null=null
        )
    if field.name in signals:
        signal = signals[field.name]
        null = f"{_NOT_SCORED}, or {signal.null}" if signal.null else _NOT_SCORED
        return field._replace(meaning=signal.meaning, unit=signal.unit, null=null)
    return field


def _section(each: Table) -> str:
    arrow = arrow_schema(each.struct)
    before = {field.name for field in columns(each.beyond)} if each.beyond else set()
    rows = [
        (
            code(field.name),
            field.meaning,
            str(arrow.field(field.name).type).replace("list<item: string>", "list of string"),
            field.unit,
            field.null if field.nullable else "never",
        )
        for field in columns(each.struct)
        if field.name not in before
    ]
    head = ("column", "meaning", "type", "unit", "null when")
    first = "The columns of the table above, then:" if each.beyond else ""
    if each.beyond and each.struct is SetDocument:
        first = "The columns of [held documents](documents.md), then:"
    heading = f"## `{each.where}`"
    parts = [heading, _introduced(each.struct), first, table(head, rows)]
    return "\n\n".join(part for part in parts if part)


def _introduced(struct: type[msgspec.Struct]) -> str:
    """The struct's docstring; names of modules in it become names of the public package."""
    return re.sub(r"`(schemas|signals|transforms)\.", r"`wellspring.\1.", explained(struct.__doc__ or ""))
