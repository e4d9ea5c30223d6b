"""The queue as its page shows it: which batches, in what order, fifty at a time."""

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from typing import NamedTuple
from urllib.parse import urlencode

from wellspring.review.history import STATES, WAITING
from wellspring.review.queue import Entry, HoldQueue, intervals_beyond
from wellspring.schemas.audit import Audit

ROWS = 50
ANY = "any"
_LONGEST = 200

Row = tuple[HoldQueue, Entry]


class Filters(NamedTuple):
    """What the address asks for; empty means any."""

    state: str = WAITING
    run: str = ""
    source: str = ""
    signal: str = ""
    margin: float | None = None
    """At least so far beyond the limit, in the signal's unit."""
    days: float | None = None
    """Waiting for at least so many days."""
    text: str = ""
    """Part of the batch's id or stratum."""
    sort: str = "margin"
    page: int = 1

    def address(self, **changed: object) -> str:
        """The queue's address with these filters, some of them changed. Another filter starts at page 1."""
        values = self._replace(page=1)._replace(**changed)  # type: ignore[arg-type]
        default = Filters()
        query = {
            name: f"{value:g}" if isinstance(value, float) else value
            for name, value in values._asdict().items()
            if value != getattr(default, name) and value is not None
        }
        return f"/?{urlencode(query)}" if query else "/"


_SORTS: dict[str, tuple[str, Callable[[Row], tuple[object, ...]]]] = {
    "margin": ("surest beyond the limit", lambda row: (-intervals_beyond(row[1].audit),)),
    "age": ("waiting longest", lambda row: (row[0].manifest.finished,)),
    "window": ("crawled first", lambda row: (row[1].audit.window_start or "9",)),
    "suspected": ("most suspected documents", lambda row: (-row[1].audit.suspected_share,)),
    "documents": ("most documents", lambda row: (-row[1].audit.documents,)),
    "source": ("source", lambda row: (row[1].audit.source or "", row[1].audit.window_start or "9")),
}
SORTS = {name: words for name, (words, _) in _SORTS.items()}


class Held:
    """All held batches at one moment, and what follows from them whatever the filters.

    Made once for as long as nothing is decided: with 10,000 batches every pass over them can be felt.
    """

    def __init__(self, rows: Sequence[Row]) -> None:
        self.rows = rows
        self.queues = {queue.key: queue for queue, _ in rows}
        counts = Counter(entry.state for _, entry in rows)
        self.counts = {state: counts[state] for state in STATES if counts[state] or state == WAITING}
        """Batches by state."""
        self.sources = sorted({entry.audit.source or "" for _, entry in rows})
        self.signals = sorted({entry.audit.signal for _, entry in rows})
        waiting = {queue.key for queue, entry in rows if entry.state == WAITING}
        self.oldest = min((self.queues[key].manifest.finished for key in waiting), default=None)
        """When the run of the batch that waits longest ended."""
        self._sorted: dict[str, list[Row]] = {}

    def by(self, sort: str) -> list[Row]:
        """All of them, in one of the orders of `SORTS`."""
        if sort not in self._sorted:
            key = _SORTS[sort][1]
            self._sorted[sort] = sorted(self.rows, key=lambda row: (*key(row), row[1].audit.batch_id))
        return self._sorted[sort]


class QueuePage(NamedTuple):
    """One page of the queue."""

    rows: list[Row]
    found: int
    pages: int


def read_filters(query: Mapping[str, str]) -> Filters:
    """Filters from an address; what makes no sense is left out."""
    state, sort = query.get("state", WAITING), query.get("sort", "margin")
    return Filters(
        state=state if state in (*STATES, ANY) else WAITING,
        run=query.get("run", "")[:_LONGEST],
        source=query.get("source", "")[:_LONGEST],
        signal=query.get("signal", "")[:_LONGEST],
        margin=_positive(query.get("margin", "")),
        days=_positive(query.get("days", "")),
        text=query.get("text", "").strip()[:_LONGEST],
        sort=sort if sort in _SORTS else "margin",
        page=max(1, int(page)) if (page := query.get("page", "1")).isdecimal() and len(page) < 7 else 1,
    )


def _positive(value: str) -> float | None:
    try:
        number = float(value)
    except ValueError:
        return None
    return number if 0 < number < 1e6 else None


def queue_page(held: Held, filters: Filters) -> QueuePage:
    """The batches that pass the filters, sorted; a page past the last one is the last one."""
    now = datetime.now(UTC)
    ages = {key: seconds_since(q.manifest.finished, now) / 86_400 for key, q in held.queues.items()}
    found = [row for row in held.by(filters.sort) if _wanted(row, filters, ages[row[0].key])]
    pages = max(1, -(-len(found) // ROWS))
    first = ROWS * (min(filters.page, pages) - 1)
    return QueuePage(rows=found[first : first + ROWS], found=len(found), pages=pages)


def _wanted(row: Row, filters: Filters, age: float) -> bool:
    queue, entry = row
    audit = entry.audit
    return (
        filters.state in (ANY, entry.state)
        and filters.run in ("", queue.key)
        and filters.source in ("", audit.source)
        and filters.signal in ("", audit.signal)
        and (filters.margin is None or beyond_limit(audit) >= filters.margin)
        and (filters.days is None or age >= filters.days)
        and (
            not filters.text
            or filters.text in audit.batch_id
            or filters.text.casefold() in audit.stratum.casefold()
        )
    )


def beyond_limit(audit: Audit) -> float:
    """How far the value lies beyond its limit, >= 0 for a held batch."""
    return -(audit.margin or 0.0)


def seconds_since(moment: str, now: datetime | None = None) -> float:
    """Seconds since an ISO 8601 moment, UTC where it names no zone; 0 where it is none or lies ahead."""
    try:
        parsed = datetime.fromisoformat(moment)
    except ValueError:
        return 0.0
    if parsed.tzinfo is None:
        parsed = parsed.replace(tzinfo=UTC)
    return max(0.0, ((now or datetime.now(UTC)) - parsed).total_seconds())
