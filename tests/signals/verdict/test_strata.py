from datetime import UTC, datetime, timedelta

import pytest
from apache_beam.transforms.window import FixedWindows, WindowFn
from apache_beam.utils.timestamp import Timestamp
from hypothesis import given
from hypothesis import strategies as st

from wellspring.schemas.document import Document
from wellspring.signals.verdict.strata import crawl_month, crawl_time, crawl_window, stratum_of


def test_a_stratum_keeps_the_order_of_its_fields_and_names_the_unknown():
    document = Document(
        id="a", text="", source="web", url="https://www.example.co.uk/x", file_path="f", offset=0
    )
    assert list(stratum_of(document, ["domain", "source", "language"]).items()) == [
        ("domain", "example.co.uk"),
        ("source", "web"),
        ("language", "unknown"),
    ]


@pytest.mark.parametrize(
    ("date", "seconds"),
    [
        ("1970-01-02", 86400),
        ("1970-01-01T01:00:00Z", 3600),
        ("1970-01-01T01:00:00+01:00", 0),
        ("0001-01-01", -62135596800),
        ("yesterday", None),
        ("", None),
        (None, None),
    ],
)
def test_crawl_time(date, seconds):
    assert crawl_time(date) == seconds


@pytest.mark.parametrize(
    ("date", "month"),
    [
        ("2026-01-31", "2026-01"),
        ("2026-01-31T23:30:00-05:00", "2026-02"),
        ("0001-01-01", "0001-01"),
        ("0001-01-01T00:00:00+14:00", None),
        ("2026-01-xx", None),
        (None, None),
    ],
)
def test_crawl_month(date, month):
    assert crawl_month(date) == month


@pytest.mark.parametrize(
    ("date", "days", "window"),
    [
        ("2026-11-26", 1, ("2026-11-26", "2026-11-27")),
        ("2026-11-26T23:30:00-05:00", 1, ("2026-11-27", "2026-11-28")),
        ("1970-01-01", 7, ("1970-01-01", "1970-01-08")),
        ("1969-12-31", 7, ("1969-12-25", "1970-01-01")),
        ("9999-12-31T23:59:59", 1, ("9999-12-31", "9999-12-31")),
        ("9999-12-31T23:59:59-14:00", 1, ("9999-12-31", "9999-12-31")),
        ("0001-01-01", 1, ("0001-01-01", "0001-01-02")),
        ("0001-01-01T00:00:00+14:00", 1, ("0001-01-01", "0001-01-01")),
        ("0001-01-01", 10**12, ("0001-01-01", "1970-01-01")),
        ("2026-11-26", 10**12, ("1970-01-01", "9999-12-31")),
        ("yesterday", 1, (None, None)),
        (None, 1, (None, None)),
    ],
)
def test_crawl_window(date, days, window):
    assert crawl_window(date, days) == window


@given(st.datetimes(), st.integers(1, 5_000_000))
def test_a_crawl_window_is_the_fixed_window_of_beam(moment, days):
    window = FixedWindows(days * 86400).assign(
        WindowFn.AssignContext(Timestamp(int(moment.replace(tzinfo=UTC).timestamp())))
    )[0]
    start, end = (
        (datetime(1970, 1, 1) + timedelta(seconds=t.micros // 10**6)).date().isoformat()
        if -62_135_596_800 <= t.micros // 10**6 < 253_402_300_800
        else None
        for t in (window.start, window.end)
    )
    found = crawl_window(moment.isoformat(), days)
    assert found == (start or "0001-01-01", end or "9999-12-31")
