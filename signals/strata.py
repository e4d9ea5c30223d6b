"""Crawl windows and strata: which documents may share a training batch."""

from collections.abc import Sequence
from datetime import UTC, datetime

from schemas.document import Document
from schemas.reject import Reject
from signals.evidence import registered_domain

STRATUM_FIELDS = ("source", "language", "dump", "domain")
UNKNOWN = "unknown"


def stratum_of(document: Document | Reject, fields: Sequence[str]) -> dict[str, str]:
    """The document's values of `fields` (of `STRATUM_FIELDS`), in their order; "unknown" for none."""
    values = {
        "source": document.source,
        "language": document.language,
        "dump": document.dump,
        "domain": registered_domain(document.url),
    }
    return {field: values[field] or UNKNOWN for field in fields}


def crawl_time(date: str | None) -> int | None:
    """Seconds since 1970 of an ISO 8601 date, UTC where it names no zone; None where it is none."""
    if date is None:
        return None
    try:
        parsed = datetime.fromisoformat(date)
    except ValueError:
        return None
    if parsed.tzinfo is None:
        parsed = parsed.replace(tzinfo=UTC)
    return int(parsed.timestamp())


def crawl_month(date: str | None) -> str | None:
    """The month of an ISO 8601 date in UTC, as YYYY-MM; None where it is none."""
    seconds = crawl_time(date)
    if seconds is None:
        return None
    try:
        moment = datetime.fromtimestamp(seconds, UTC)
    except ValueError:  # the first or last hours of the calendar, outside it in UTC
        return None
    return f"{moment.year:04}-{moment.month:02}"
