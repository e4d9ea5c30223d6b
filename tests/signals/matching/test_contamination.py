import pytest

from tests.signals.passages import generated, with_words_replaced
from wellspring.signals.matching.anchor_index import AnchorIndex
from wellspring.signals.matching.contamination import Contamination
from wellspring.signals.text.normalised_text import normalised_text

ANCHORS = generated(6, 200)
OTHERS = generated(30, 200, seed="other")


def words(text, begin, end):
    return " ".join(normalised_text(text).split()[begin:end])


@pytest.fixture
def contamination():
    return Contamination(AnchorIndex.from_documents((f"a{i}", text) for i, text in enumerate(ANCHORS)))


def test_copies_and_near_copies_are_named_with_the_text_they_are_met_in(contamination):
    contamination.look_at(
        ["o0", "near", "exact"], [OTHERS[0], with_words_replaced(ANCHORS[1], "x", 0.85), ANCHORS[2]]
    )
    reasons = contamination.reasons()
    assert list(reasons) == ["a1", "a2"]
    assert reasons["a1"].startswith("a near-duplicate (Jaccard 0.8")
    assert reasons["a1"].endswith("of near")
    assert reasons["a2"] == "a copy of exact"


def test_a_copy_goes_before_a_near_copy_whatever_came_first(contamination):
    contamination.look_at(["near"], [with_words_replaced(ANCHORS[1], "x", 0.85)])
    contamination.look_at(["exact", "near again"], [ANCHORS[1], with_words_replaced(ANCHORS[1], "y", 0.85)])
    assert contamination.reasons() == {"a1": "a copy of exact"}


@pytest.mark.parametrize(("quoted", "found"), [(13, False), (19, False), (20, True)])
def test_a_tenth_of_its_words_is_too_much(contamination, quoted, found):
    contamination.look_at(["t"], [f"{OTHERS[0]} {words(ANCHORS[0], 50, 50 + quoted)} {OTHERS[1]}"])
    assert ("a0" in contamination.reasons()) == found
    assert list(contamination.reasons(any_run=True)) == ["a0"]


def test_quotations_of_several_texts_add_up_without_counting_words_twice(contamination):
    first, second = words(ANCHORS[0], 0, 14), words(ANCHORS[0], 4, 18)
    contamination.look_at(["t1", "t2"], [f"{OTHERS[0]} {first}", f"{second} {OTHERS[1]}"])
    assert contamination.reasons() == {}
    contamination.look_at(["t3"], [words(ANCHORS[0], 100, 113)])
    reason = contamination.reasons()["a0"]
    assert reason.startswith("15.5% of its words stand in runs of 13 words")
    assert reason.endswith("first in t1")


def test_runs_that_more_than_ten_texts_have_do_not_count(contamination):
    verse = words(ANCHORS[0], 0, 40)
    texts = [f"{other} {verse}" for other in OTHERS[:11]]
    contamination.look_at([str(i) for i in range(10)], texts[:10])
    assert list(contamination.reasons()) == ["a0"]
    contamination.look_at(["10"], texts[10:])
    assert contamination.reasons(any_run=True) == {}


def test_texts_that_share_nothing_leave_no_reason(contamination):
    contamination.look_at([str(i) for i in range(30)], OTHERS)
    assert contamination.reasons(any_run=True) == {}
