"""A row with dolma's field names, from a JSONL line or a Parquet row, to a document or a reject."""

import datetime
import uuid
from collections.abc import Mapping

import msgspec

from wellspring.schemas.document import Document
from wellspring.schemas.reject import Reject
from wellspring.transforms.formats.fields import MAX_ID_CHARACTERS, Place, bounded, file_source, iso_date
from wellspring.transforms.formats.limits import Limits

_MAX_VALUE_CHARACTERS = 200
_FIELDS = ("source", "added", "created", "url", "date", "dump", "metadata")


class Columns(msgspec.Struct, frozen=True):
    """The names that a file has for its text and its ids."""

    text: str = "text"
    id: str = "id"
    once: bool = False
    """Whether a line of JSON in which a key stands twice is refused."""


COLUMNS = Columns()
Read = tuple[Mapping[str, object], Document | Reject]
"""A row as the file has it, and what became of it; an empty one where there was none to read."""


def row_outcome(
    row: Mapping[str, object], path: str, offset: int, limits: Limits, columns: Columns = COLUMNS
) -> Document | Reject:
    """Fields by dolma's names; what is not one of them, or has a type that its column can't hold, goes
    into the metadata under its own name. A `metadata` object's keys come first: a column of the same
    name is kept as `column:<name>`.

    A text that is missing or no string is the reject `no_text`, bytes that are no UTF-8 are `undecodable`.
    An integer id is taken as its digits.
    """
    taken = (*_FIELDS, columns.text, columns.id)
    rest: dict[str, object] = {name: value for name, value in row.items() if name not in taken}
    strings: dict[str, str | None] = {}
    for name in (columns.id, "source", "url", "dump", "added", "created"):
        value = _as_text(row.get(name))
        if name == columns.id and isinstance(value, int | uuid.UUID) and not isinstance(value, bool):
            value = str(value)
        elif isinstance(value, datetime.date):
            value = iso_date(value)
        if isinstance(value, str) and value:
            strings[name] = value
        else:
            strings[name] = None
            if value is not None and value != "":
                rest[name] = value
    source = bounded(strings["source"] or "", MAX_ID_CHARACTERS) or file_source(path)
    place = Place(path, offset, source, strings[columns.id], strings["url"])
    text = _as_text(row.get(columns.text))
    if isinstance(text, bytes):
        return place.reject("undecodable", f"{columns.text} is bytes that are no UTF-8")
    if not isinstance(text, str):
        if text is not None:
            return place.reject("no_text", f"{columns.text} is {type(text).__name__}")
        return place.reject("no_text", f"{columns.text} is {'null' if columns.text in row else 'missing'}")
    written = _as_text(row.get("date"))
    date = iso_date(written)
    if date is None and written not in (None, ""):
        rest["date_raw"] = bounded(str(written), _MAX_VALUE_CHARACTERS)
    metadata = _metadata_object(_as_text(row.get("metadata")))
    for name, value in rest.items():
        if value is not None:
            metadata[f"column:{name}" if name in metadata else name] = value
    return place.document(
        text,
        limits,
        date=date,
        dump=_short(strings["dump"]),
        metadata=metadata,
        added=_short(strings["added"]),
        created=_short(strings["created"]),
    )


def _as_text(value: object) -> object:
    """Bytes as the text that they hold, where it is UTF-8: older writers of Parquet declare no strings."""
    if isinstance(value, bytes):
        try:
            return value.decode()
        except UnicodeDecodeError:
            return value
    return value


def _short(value: str | None) -> str | None:
    return None if value is None else bounded(value, _MAX_VALUE_CHARACTERS)


def _metadata_object(value: object) -> dict[str, object]:
    """The object itself, or as JSON text (as our own Parquet has it); anything else under its name."""
    if isinstance(value, str):
        try:
            decoded = msgspec.json.decode(value)
        except (msgspec.DecodeError, UnicodeEncodeError, RecursionError):
            decoded = None
        if isinstance(decoded, dict):
            return decoded
    if isinstance(value, Mapping):
        return {str(name): item for name, item in value.items()}
    return {} if value is None or value == "" else {"metadata": value}
