import math
from collections import Counter

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from wellspring.signals.verdict.text_features import BUCKETS, MAX_CHARACTERS, buckets_of, features, fold

TEXT = "“We can’t,” she said—twice.\n\nThen we could… and did."


def plain_row(buckets) -> dict[int, float]:
    """The features by a plain loop over the blocks."""
    row: dict[int, float] = {}
    for block in (buckets.words, buckets.runs):
        values = {bucket: 1 + math.log(n) for bucket, n in Counter(block.tolist()).items()}
        length = math.sqrt(sum(v * v for v in values.values()))
        for bucket, value in values.items():
            row[bucket] = row.get(bucket, 0.0) + value / length
    return row


def test_words_marks_and_pairs_are_what_a_reader_would_count():
    buckets = buckets_of("The cat, the cat.")
    words = [buckets.folded[a:b].decode() for a, b in buckets.spans]
    assert words == ["the", "cat", ",", "the", "cat", "."]
    the, cat, comma, again, cat_again, stop = buckets.words[:6].tolist()
    assert (the, cat) == (again, cat_again)
    assert len({the, cat, comma, stop}) == 4
    pairs = buckets.words[6:].tolist()
    assert len(pairs) == 5
    assert pairs[0] == pairs[3]  # "the cat", twice


def test_runs_are_the_bytes_three_and_four_at_a_time():
    runs = buckets_of("abcabc").runs.tolist()
    assert len(runs) == 4 + 3
    assert runs[0] == runs[3]
    assert len(set(runs)) == 3 + 3


@given(st.text(max_size=400))
def test_the_row_is_that_of_a_plain_loop(text):
    buckets = buckets_of(text)
    row = features(buckets)
    dense = np.zeros(BUCKETS)
    np.add.at(dense, row.buckets, row.values)
    expected = plain_row(buckets)
    assert {int(i) for i in np.flatnonzero(dense)} == set(expected)
    for bucket, value in expected.items():
        assert dense[bucket] == pytest.approx(value)


@pytest.mark.parametrize(
    "same",
    [
        '"We can\'t," she said-twice. Then we could... and did.',
        TEXT.upper(),
        TEXT.replace("\n\n", " "),
        TEXT.replace(" ", "\u00a0"),
        "\u200b".join(TEXT),
        TEXT.replace("said", "ｓａｉｄ"),
    ],
)
def test_what_tells_how_a_text_was_kept_is_folded_away(same):
    assert fold(same) == fold(TEXT)


def test_only_the_beginning_of_a_long_text_is_read():
    long = "abc def " * MAX_CHARACTERS
    assert (
        features(buckets_of(long)).buckets.tolist()
        == features(buckets_of(long[:MAX_CHARACTERS])).buckets.tolist()
    )
    assert len(buckets_of(long).folded) <= MAX_CHARACTERS


def test_an_empty_text_has_no_features():
    assert len(features(buckets_of(" \n")).buckets) == 0


def test_characters_that_grow_when_folded_stay_within_bounds():
    row = features(buckets_of("\ufdfa" * MAX_CHARACTERS))
    assert np.isfinite(row.values).all()
    assert len(fold("\ufdfa" * MAX_CHARACTERS)) <= MAX_CHARACTERS
