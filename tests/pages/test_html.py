"""The shell of a page: hostile text, numbers and tables."""

import html

import pytest
from hypothesis import given
from hypothesis import strategies as st

from wellspring.pages.html import (
    ROW_LIMIT,
    Html,
    brief,
    decimal,
    document,
    integer,
    name,
    percent,
    table,
    text,
)


@given(st.text(alphabet=st.characters(exclude_categories=()), max_size=300))
def test_text_is_safe_bounded_and_encodable(value: str) -> None:
    shown = text(value)
    shown.encode()  # a lone surrogate would fail here
    assert not set(shown) & set("<>\"'")
    assert not any(0x202A <= ord(c) <= 0x202E or 0x2066 <= ord(c) <= 0x2069 or ord(c) < 32 for c in shown)


@given(st.text(alphabet=st.characters(categories=("L", "N", "P", "S")), max_size=200))
def test_visible_text_is_kept_as_it_is(value: str) -> None:
    assert html.unescape(text(value)) == value


def test_long_text_ends_in_an_ellipsis() -> None:
    assert text("a" * 200) == "a" * 200
    assert text("a" * 201) == "a" * 199 + "…"


def test_invisible_characters_are_shown() -> None:
    assert (
        text("a\u202eb\u2066c\x00\U000e0041\ud800\n") == "a\\u202eb\\u2066c\\u0000\\U000e0041\\ud800\\u000a"
    )
    assert text("می\u200cخواهم") == "می\u200cخواهم"
    assert name("x") == "<bdi>x</bdi>"


def test_numbers() -> None:
    assert (integer(1234567), brief(999_999_999), brief(12_345_678_901)) == (
        "1,234,567",
        "999,999,999",
        "12.35 bn",
    )
    assert (decimal(None), decimal(2.30951), decimal(123456.7), decimal(0.0)) == ("–", "2.31", "123,457", "0")
    assert (percent(1, 3), percent(0, 0)) == ("33.3%", "–")


def test_a_long_table_counts_the_rest() -> None:
    rows = [[integer(i)] for i in range(ROW_LIMIT + 1234)]
    page = table("many", ["n"], rows, rest="sources")
    assert page.count("<tr>") == ROW_LIMIT + 1
    assert "and 1,234 more sources, not shown here." in page
    assert "not shown" not in table("few", ["n"], rows[:ROW_LIMIT], rest="sources")


def test_a_table_without_rows_is_a_line() -> None:
    assert "<table" not in table("none", ["n"], [])


def test_a_row_must_fit_its_headers() -> None:
    with pytest.raises(ValueError, match="a row of 2 cells under 1 headers"):
        table("t", ["n"], [[Html("a"), Html("b")]])


def test_the_page_forbids_what_it_does_not_need() -> None:
    page = document("a <title>", [Html("<p>x</p>")])
    assert "default-src 'none'" in page
    assert "<title>a &lt;title&gt;</title>" in page
