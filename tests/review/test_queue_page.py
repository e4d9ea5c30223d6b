from datetime import UTC, datetime, timedelta

import pytest

from tests.review.held_run import held_run
from wellspring.review.history import WAITING
from wellspring.review.queue import Entry, HoldQueue, intervals_beyond
from wellspring.review.queue_page import ROWS, Filters, Held, queue_page, read_filters, seconds_since

Rows = list[tuple[HoldQueue, Entry]]


@pytest.fixture(scope="module")
def rows(tmp_path_factory: pytest.TempPathFactory) -> Rows:
    folder = tmp_path_factory.mktemp("queue")
    old = (datetime.now(UTC) - timedelta(days=9)).isoformat()
    new = (datetime.now(UTC) - timedelta(hours=3)).isoformat()
    one = held_run(folder / "one", batches=70, documents=2, words=5, sources=("a", "b"), finished=old)
    two = held_run(folder / "two", batches=6, documents=3, words=5, finished=new)
    queues = [HoldQueue(str(one)), HoldQueue(str(two))]
    decided = queues[1].entries()[0].audit.batch_id
    queues[1].approve(decided, by="Ada")
    return [(queue, entry) for queue in queues for entry in queue.entries()]


def _found(rows: Rows, **filters: object) -> list[str]:
    """The ids on all pages."""
    asked = Filters(**filters)  # type: ignore[arg-type]
    pages = queue_page(Held(rows), asked).pages
    shown = [queue_page(Held(rows), asked._replace(page=page)) for page in range(1, pages + 1)]
    return [entry.audit.batch_id for page in shown for _, entry in page.rows]


def test_every_batch_is_on_exactly_one_page(rows: Rows) -> None:
    found = _found(rows, state="any")
    assert sorted(found) == sorted(entry.audit.batch_id for _, entry in rows)
    held = Held(rows)
    page = queue_page(held, Filters(state="any"))
    assert (len(page.rows), page.found, page.pages) == (ROWS, 76, 2)
    assert held.counts == {"waiting": 75, "approved": 1}
    past_the_last, last = (queue_page(held, Filters(state="any", page=number)) for number in (99, 2))
    assert past_the_last == last


@pytest.mark.parametrize(
    ("filters", "wanted"),
    [
        ({}, lambda q, e: e.state == WAITING),
        ({"state": "approved"}, lambda q, e: e.state == "approved"),
        ({"source": "a"}, lambda q, e: e.audit.source == "a"),
        ({"signal": "cross_entropy_bits"}, lambda q, e: e.state == WAITING),
        ({"signal": "log_rank"}, lambda q, e: False),
        ({"margin": 0.3}, lambda q, e: e.state == WAITING and e.audit.value - e.audit.limit >= 0.3),
        ({"days": 2.0}, lambda q, e: e.audit.documents == 2),
        ({"text": "WEB-"}, lambda q, e: e.state == WAITING and e.audit.source == "web-archive"),
    ],
)
def test_filters_find_what_a_plain_loop_finds(rows: Rows, filters: dict, wanted: object) -> None:
    expected = {e.audit.batch_id for q, e in rows if wanted(q, e)}  # type: ignore[operator]
    assert set(_found(rows, **filters)) == expected


def test_a_run_and_part_of_an_id_are_filters(rows: Rows) -> None:
    queue, entry = rows[-1]
    assert set(_found(rows, run=queue.key, state="any")) == {e.audit.batch_id for q, e in rows if q is queue}
    assert _found(rows, text=entry.audit.batch_id[3:15], state="any") == [entry.audit.batch_id]


@pytest.mark.parametrize(
    ("sort", "key"),
    [
        ("margin", lambda q, e: -intervals_beyond(e.audit)),
        ("age", lambda q, e: q.manifest.finished),
        ("window", lambda q, e: e.audit.window_start),
        ("suspected", lambda q, e: -e.audit.suspected_share),
        ("documents", lambda q, e: -e.audit.documents),
        ("source", lambda q, e: e.audit.source),
    ],
)
def test_sorted_as_asked(rows: Rows, sort: str, key: object) -> None:
    by_id = {e.audit.batch_id: key(q, e) for q, e in rows}  # type: ignore[operator]
    values = [by_id[batch_id] for batch_id in _found(rows, sort=sort, state="any")]
    assert values == sorted(values)
    assert len(set(values)) > 1


def test_the_oldest_is_of_those_that_wait(rows: Rows) -> None:
    assert Held(rows).oldest == rows[0][0].manifest.finished
    assert Held([row for row in rows if row[1].state != WAITING]).oldest is None
    assert queue_page(Held([]), Filters()).rows == []


@pytest.mark.parametrize(
    "query",
    [
        {"state": "gone", "sort": "'; drop", "page": "-1"},
        {"page": "1e9", "margin": "nan", "days": "-3"},
        {"page": "٣" * 9, "margin": "inf", "days": "many"},
        {"page": "0"},
    ],
)
def test_an_address_that_makes_no_sense_asks_for_the_whole_queue(query: dict[str, str]) -> None:
    assert read_filters(query) == Filters()


def test_an_address_gives_its_filters_back() -> None:
    from urllib.parse import parse_qsl, urlsplit

    asked = Filters(state="any", source="a&b=c\u202e", margin=0.25, days=3.0, text="<x>", sort="age", page=4)
    again = read_filters(dict(parse_qsl(urlsplit(asked.address(page=4)).query)))
    assert again == asked
    assert asked.address().count("page=") == 0  # other filters begin at the first page
    assert Filters().address() == "/"


def test_ages() -> None:
    now = datetime(2026, 1, 2, tzinfo=UTC)
    assert seconds_since("2026-01-01T00:00:00+00:00", now) == 86_400
    assert seconds_since("2026-01-01T23:59:00", now) == 60
    assert seconds_since("2027-01-01T00:00:00+00:00", now) == 0
    assert seconds_since("yesterday", now) == 0
