import numpy as np

from wellspring.signals.collapse.tail_injection import COPIES, tail_passages

REAL = np.array([[0, 0, 5, 6, 0, 0, 0, 0], [0, 7, 0, 0, 0, 8, 9, 5]], dtype=np.int32)
PROTECTED = np.array([False] * 5 + [True] * 5)


def passages(present: list[int], count: int, length: int = 3) -> list[list[int]]:
    counts = np.array(present + [0] * (10 - len(present)))
    return tail_passages(REAL, REAL.astype(np.int64), counts, PROTECTED, length, count, "key").tolist()


def test_the_passage_with_most_missing_types_comes_first() -> None:
    assert passages([], 1) == [[8, 9, 5]]


def test_types_that_are_present_are_not_looked_for_before_the_missing() -> None:
    # 5 to 9 all have copies but 7.
    assert any(7 in each for each in passages([0, 0, 0, 0, 0, 1, 1, 0, 1, 1], 1))


def test_every_missing_type_gets_a_copy_where_the_count_allows_and_then_more() -> None:
    found = passages([], 3)
    assert {5, 6, 7, 8, 9} <= {token for each in found for token in each}
    many = np.array(passages([], 100))
    for protected in range(5, 10):
        assert (many == protected).sum() >= COPIES


def test_nothing_is_taken_where_nothing_is_missing() -> None:
    assert passages([COPIES] * 10, 5) == []


def test_a_passage_is_real_text_within_a_row_and_types_of_inner_tokens_do_not_count() -> None:
    rows = {tuple(row[i : i + 3]) for row in REAL.tolist() for i in range(6)}
    assert {tuple(each) for each in passages([], 100)} <= rows
    inner = np.where(REAL == 9, -1, REAL).astype(np.int64)
    found = tail_passages(REAL, inner, np.zeros(10, dtype=np.int64), PROTECTED, 3, 1, "key")
    assert found.tolist()[0] != [0, 8, 9]  # 8 alone is worth less than 5 and 6


def test_it_gains_more_types_than_passages_at_random() -> None:
    rows = np.arange(400, dtype=np.int32).reshape(4, 100) % 37
    protected = np.arange(37) % 5 == 0
    found = tail_passages(rows, rows.astype(np.int64), np.zeros(37, int), protected, 7, 4, "key")
    covered = {token for token in found.ravel().tolist() if protected[token]}
    assert len(covered) == protected.sum()
