import html
import math
import re

import msgspec
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from wellspring.review.document_page import CHARACTERS, CLASSES, class_of, legend, shown_text, sides
from wellspring.schemas.document import HeldDocument
from wellspring.signals.entropy import pack_ids
from wellspring.signals.lm.surprisal_levels import UNSCORED, surprisal_levels

_BASE = HeldDocument(
    id="a",
    text="",
    source="s",
    added=None,
    created=None,
    metadata="{}",
    dump=None,
    url=None,
    date=None,
    language="en",
    file_path="f",
    token_count=0,
    verdict="ABSTAIN",
    confidence="LOW",
    probability=None,
    reasons=[],
    batch_id="b",
    provenance="human_unverified",
)


def _document(text: str, ends: list[int] | None, levels: bytes | None) -> HeldDocument:
    packed = None if ends is None else pack_ids(ends)
    return msgspec.structs.replace(_BASE, text=text, token_ends=packed, token_surprisals=levels)


def _plain(markup: str) -> str:
    return html.unescape(re.sub(r"<[^>]+>", "", markup))


@pytest.mark.parametrize(
    ("probability", "expected"),
    [(0.9, 0), (0.55, 0), (0.4, 1), (0.07, 1), (0.05, 2), (0.005, 2), (0.003, 3), (0.0003, 3), (0.0002, 4)],
)
def test_a_token_s_class_is_its_probability_s(probability: float, expected: int) -> None:
    level = surprisal_levels(np.array([-math.log(probability)], dtype=np.float32), 1)[0]
    assert class_of(level) == expected


def test_unscored_tokens_have_no_class() -> None:
    assert class_of(UNSCORED) is None
    assert class_of(UNSCORED - 1) == len(CLASSES) - 1


def test_each_token_stands_in_its_colour() -> None:
    document = _document("The <b> end", [3, 7, 11], bytes([UNSCORED, 0, 254]))
    shown = shown_text(document, 0)
    assert str(shown.html) == (
        'The<span class="t0" title="0.0 bits, 100%"> &lt;b&gt;</span>'
        f'<span class="t4" title="22.9+ bits, 1 in {2 ** (254 / 16 / math.log(2)):,.0f}"> end</span>'
    )
    assert shown.note == ""


@given(
    st.text(max_size=80),
    st.lists(st.integers(0, 80), max_size=40),
    st.integers(0, 90),
)
@pytest.mark.slow
def test_no_character_is_lost_or_shown_twice(text: str, places: list[int], start: int) -> None:
    ends = sorted(place for place in places if place <= len(text))
    document = _document(text, ends, bytes(range(len(ends))))
    shown = shown_text(document, start)
    plain = _document(text, None, None)
    assert _plain(str(shown.html)) == _plain(str(shown_text(plain, start).html))
    assert shown.end == len(text)


@pytest.mark.parametrize(
    ("ends", "levels"),
    [([3], b"\x01\x02"), ([5, 3], b"\x01\x02"), ([3, 99], b"\x01\x02")],
)
def test_tokens_that_do_not_fit_the_text_leave_it_plain(ends: list[int], levels: bytes) -> None:
    shown = shown_text(_document("abcdef", ends, levels), 0)
    assert str(shown.html) == "abcdef"
    assert "don't fit" in shown.note


def test_a_document_without_surprisals_is_plain_and_says_so() -> None:
    shown = shown_text(_document("a < b", None, None), 0)
    assert str(shown.html) == "a &lt; b"
    assert "No scorer ran" in shown.note
    assert legend(_BASE, np.zeros(256, dtype=np.int64)) == []


def test_a_long_text_is_shown_in_parts_that_join() -> None:
    text = "".join(chr(97 + i % 26) for i in range(2 * CHARACTERS + 17))
    document = _document(text, list(range(7, len(text), 7)), bytes(len(range(7, len(text), 7))))
    parts, start = [], 0
    while start < len(text):
        shown = shown_text(document, start)
        assert shown.end - shown.start <= CHARACTERS
        parts.append(_plain(str(shown.html)))
        start = shown.end
    assert len(parts) == 3 and "".join(parts) == text
    assert shown_text(document, 10**8).html == ""


def test_invisible_characters_are_marked_and_lines_kept() -> None:
    shown = str(shown_text(_document("a\u202eb\n\tc\r", None, None), 0).html)
    mark = '<span class="hidden-character">{}</span>'
    assert shown == f"a{mark.format(chr(92) + 'u202e')}b\n\tc{mark.format(chr(92) + 'u000d')}"


def test_the_legend_counts_each_token_once() -> None:
    document = _document("abcd", [1, 2, 3, 4], bytes([UNSCORED, 0, 0, 254]))
    batch = np.bincount([UNSCORED, 0, 0, 254, 254, 254], minlength=256)
    shares = legend(document, batch)
    assert [share.tokens for share in shares] == [2, 0, 0, 0, 1]
    assert shares[0].share == pytest.approx(2 / 3) and shares[4].in_batch == pytest.approx(3 / 5)
    assert sum(share.share for share in shares) == pytest.approx(1)


def test_before_and_after() -> None:
    assert sides([5, 2, 9], 5) == (None, 2)
    assert sides([5, 2, 9], 2) == (5, 9)
    assert sides([5, 2, 9], 9) == (2, None)
