"""Crawl windows and strata: which documents may share a training batch."""

from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta

from wellspring.schemas.document import Document
from wellspring.schemas.reject import Reject
from wellspring.signals.verdict.evidence import registered_domain

UNKNOWN = "unknown"
_DAY_SECONDS = 24 * 60 * 60
_EPOCH = date(1970, 1, 1)
_FIRST_DAY, _LAST_DAY = (date.min - _EPOCH).days, (date.max - _EPOCH).days


def stratum_of(document: Document | Reject, fields: Sequence[str]) -> dict[str, str]:
    """The document's values of `fields` (of STRATUM_FIELDS), in their order; "unknown" for none."""
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


def crawl_window(date: str | None, days: int) -> tuple[str | None, str | None]:
    """The crawl window of a date: ISO dates of its first day and of the day after its last, in UTC.

    Windows are `days` long and counted from 1970-01-01, as Beam's `FixedWindows` counts them. One that
    reaches beyond the calendar begins with its first day or ends with its last. A date that can't be
    understood has no window: (None, None).
    """
    seconds = crawl_time(date)
    if seconds is None:
        return None, None
    size = days * _DAY_SECONDS
    start = seconds // size * size
    return _iso_day(start), _iso_day(start + size)


def _iso_day(seconds: int) -> str:
    days = min(max(seconds // _DAY_SECONDS, _FIRST_DAY), _LAST_DAY)
    return (_EPOCH + timedelta(days=days)).isoformat()


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
