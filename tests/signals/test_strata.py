import pytest

from schemas.document import Document
from signals.strata import crawl_month, crawl_time, stratum_of


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
