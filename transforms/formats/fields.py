"""The fields of a document out of whatever the input holds: text, dates, ids, metadata."""

import datetime
import json
import re
from collections.abc import Mapping
from pathlib import PurePosixPath

import msgspec
import xxhash

from wellspring.schemas.document import Document
from wellspring.schemas.reject import RECORD, Reject
from wellspring.signals.text.invisible_runs import METADATA_KEY, InvisibleText, without_invisible_runs
from wellspring.transforms.formats.limits import Limits

MAX_ID_CHARACTERS = 512
MAX_URL_CHARACTERS = 4096
MAX_DETAIL_CHARACTERS = 300
# C0 without tab, line feed and carriage return, and DEL: no text needs them, and NUL ends strings
# in half of the tools that open a corpus. But they part words: a form feed ends a page.
_CONTROLS = bytes(b for b in (*range(32), 127) if b not in b"\t\n\r")
_CONTROL_RUN = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]+")
_DUMP = re.compile(r"CC-MAIN-\d{4}(?:-\d{4}|-\d{2})?(?!\d)")


def clean_text(text: str) -> str:
    """Text that is always valid UTF-8: surrogate pairs joined, lone surrogates replaced by U+FFFD, and no
    control characters (C0 but tab, LF, CR; DEL). Between two characters that aren't white space a run of
    them is one white space: a line feed where a form feed or vertical tab is among them, a space elsewhere.
    Everything else stays as it is.
    """
    return _cleaned(text)[0]


def _cleaned(text: str) -> tuple[str, bytes]:
    """The text, and the same in UTF-8."""
    try:
        raw = text.encode()
    except UnicodeEncodeError:
        text = text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")
        raw = text.encode()
    if len(raw.translate(None, _CONTROLS)) < len(raw):
        text = _CONTROL_RUN.sub(_parting, text)
        raw = text.encode()
    return text, raw


def _parting(found: re.Match[str]) -> str:
    """What stands in place of a run of control characters."""
    text, begin, end = found.string, found.start(), found.end()
    before, after = text[max(begin - 1, 0) : begin], text[end : end + 1]
    if not before.strip() or not after.strip():
        return ""
    return "\n" if "\v" in found[0] or "\f" in found[0] else " "


def normalised(text: str) -> tuple[str, InvisibleText | None]:
    """All that is ever changed of a text: `clean_text`, then its long runs of characters that can't be seen
    are taken out, which are given back, too.
    """
    text, raw = _cleaned(text)
    seen, invisible = without_invisible_runs(raw)
    return (text, None) if invisible is None else (seen.decode(), invisible)


def bounded(value: str, characters: int) -> str:
    """A short string from outside, cleaned and cut to a length, for a column that is not the text."""
    return clean_text(value[: characters + 1])[:characters]


def iso_date(value: object) -> str | None:
    """A date as `YYYY-MM-DDTHH:MM:SSZ` in UTC, or None where it can't be read as one.

    Takes datetimes, dates, ISO 8601 strings (with fractions, offsets, or the date alone) and the 14
    digits of ARC files. A time without a zone is taken as UTC.
    """
    if isinstance(value, str):
        value = value.strip()
        if len(value) > 40:
            return None
        try:
            value = datetime.datetime.fromisoformat(
                f"{value[:8]}T{value[8:]}" if len(value) == 14 and value.isdecimal() else value
            )
        except ValueError:
            return None
    elif isinstance(value, datetime.date) and not isinstance(value, datetime.datetime):
        value = datetime.datetime(value.year, value.month, value.day)
    if not isinstance(value, datetime.datetime):
        return None
    if value.tzinfo is not None:
        try:
            value = value.astimezone(datetime.UTC)
        except OverflowError:  # within a day of year 1 or 9999
            return None
    return value.replace(tzinfo=None, microsecond=0).isoformat() + "Z"


def content_id(url: str | None, date: str | None, text: str) -> str:
    """The id of a document that came without one: 32 hex digits over url, date and text."""
    digest = xxhash.xxh3_128()
    for part in (url or "", date or "", text):
        raw = part.encode()
        digest.update(len(raw).to_bytes(8, "little"))
        digest.update(raw)
    return digest.hexdigest()


def bare_record_id(record_id: str | None) -> str | None:
    """`<urn:uuid:X>` without its wrapping, None when there is nothing inside."""
    return (record_id or "").strip().strip("<>").removeprefix("urn:uuid:").strip() or None


def dump_named_in(text: str) -> str | None:
    """The last Common Crawl dump (`CC-MAIN-2024-10`) that a path or a warcinfo field names."""
    found = _DUMP.findall(text)
    return found[-1] if found else None


def file_source(path: str) -> str:
    """The source of a JSONL or Parquet record that names none: the file's name up to its first dot."""
    name = PurePosixPath(path.replace("\\", "/")).name.lstrip(".")
    return bounded(name.split(".")[0], MAX_ID_CHARACTERS) or "unnamed"


def archive_source(dump: str | None) -> str:
    return "common-crawl" if dump is not None else "web-archive"


def metadata_json(fields: Mapping[str, object], limits: Limits) -> str:
    """A JSON object as text, at most `limits.max_metadata_bytes` long.

    A longer one is replaced by `{"metadata_dropped_bytes": n}`: cut JSON is no JSON.
    """
    try:
        encoded = msgspec.json.encode(fields, enc_hook=str).decode()
    except (UnicodeEncodeError, TypeError, ValueError):  # lone surrogates, odd keys, huge integers
        encoded = clean_text(json.dumps(fields, ensure_ascii=False, default=str, skipkeys=True))
    size = len(encoded.encode())
    if size > limits.max_metadata_bytes:
        return f'{{"metadata_dropped_bytes":{size}}}'
    return encoded


class Place(msgspec.Struct, frozen=True):
    """Where a record lies, and whose it is: what a document and a reject of it have in common."""

    file_path: str
    offset: int
    source: str
    id: str | None = None
    url: str | None = None

    def reject(self, reason: str, detail: str, kind: str = RECORD) -> Reject:
        return Reject(
            kind=kind,
            reason=reason,
            detail=bounded(detail, MAX_DETAIL_CHARACTERS),
            source=self.source,
            file_path=self.file_path,
            offset=self.offset,
            id=None if self.id is None else bounded_id(self.id),
            url=None if self.url is None else bounded(self.url, MAX_URL_CHARACTERS),
        )

    def document(
        self,
        text: str,
        limits: Limits,
        *,
        date: str | None,
        dump: str | None,
        metadata: Mapping[str, object],
        added: str | None = None,
        created: str | None = None,
    ) -> Document | Reject:
        """The document, or the reject of a text that is too large, empty or too short."""
        # A character is at most four bytes: most texts need no encoding to know that they fit.
        if len(text) * 4 > limits.max_record_bytes:
            size = len(text.encode(errors="replace"))
            if size > limits.max_record_bytes:
                return self.reject(
                    "too_large", f"text of {size} bytes, the limit is {limits.max_record_bytes}"
                )
        text, invisible = normalised(text)
        if invisible is not None:
            metadata = {**metadata, METADATA_KEY: msgspec.to_builtins(invisible)}
        length = len(text.strip())
        if length == 0:
            return self.reject("empty", "no text in the record")
        if length < limits.min_characters:
            return self.reject("too_short", f"{length} characters, the least is {limits.min_characters}")
        url = bounded(self.url, MAX_URL_CHARACTERS) if self.url else None
        return Document(
            id=bounded_id(self.id) if self.id else content_id(url, date, text),
            text=text,
            source=self.source,
            added=added,
            created=created,
            metadata=metadata_json(metadata, limits),
            dump=dump,
            url=url,
            date=date,
            file_path=self.file_path,
            offset=self.offset,
        )


def bounded_id(identity: str) -> str:
    """An id as it is, or its hash where it is too long to be one: cutting it would make two equal."""
    cleaned = clean_text(identity)
    return cleaned if len(cleaned) <= MAX_ID_CHARACTERS else content_id(None, None, cleaned)
