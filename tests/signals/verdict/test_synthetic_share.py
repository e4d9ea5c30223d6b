from collections import Counter

import pytest

from tests.signals.verdict.test_classifier import TERM, profile
from wellspring.schemas.classifier import LeftOut, Operating
from wellspring.schemas.label import ABSTAIN, LIKELY_HUMAN, SYNTHETIC, Label
from wellspring.signals.verdict.prevalence import adjusted_count, estimated_share, least_share
from wellspring.signals.verdict.profiles import SEED
from wellspring.signals.verdict.synthetic_share import ErrorRates, error_rates, share_counts, synthetic_shares

OPERATING = Operating(true_positives=60, synthetic=100, false_positives=3, human=100)
LEFT_OUT = LeftOut(human=list(range(100, 0, -1)), synthetic=list(range(1, 101)))
RATES = ErrorRates(OPERATING, LEFT_OUT, None)


def judged(probability: float | None, flagged: bool = False) -> Label:
    verdict = ABSTAIN if probability is None else SYNTHETIC if flagged else LIKELY_HUMAN
    return Label(
        provenance="human_unverified",
        verdict=verdict,
        confidence="LOW",
        probability=probability,
        reasons=[],
    )


def counted(*seen: tuple[str, str | None, Label]) -> Counter[tuple[str, str, str]]:
    counts: Counter[tuple[str, str, str]] = Counter()
    for source, date, label in seen:
        for key, count in share_counts(source, date, label):
            counts[key] += count
    return counts


def test_each_source_and_month_is_estimated_by_itself():
    seen = [("web", "2026-01-05", judged(i / 100, i > 80)) for i in range(101)]
    seen += [("web", "2026-01-31T23:30:00-05:00", judged(0.995, True))] * 3
    seen += [("books", None, judged(0.2)), ("books", "yesterday", judged(None)), ("books", None, judged(0.7))]
    shares = synthetic_shares(counted(*seen).items(), RATES)
    assert [(s.source, s.month, s.documents, s.abstained) for s in shares] == [
        ("books", None, 2, 1),
        ("web", "2026-01", 101, 0),
        ("web", "2026-02", 3, 0),
    ]
    january = shares[1]
    estimated = estimated_share([1] * 99 + [2], LEFT_OUT)  # 1.0 shares the last bin with 0.99
    adjusted = adjusted_count(20, 101, OPERATING, estimated.misfit)
    assert january.counted == 20 / 101
    assert (january.estimated, january.low, january.high, january.misfit) == estimated
    assert (january.adjusted, january.adjusted_low, january.adjusted_high) == adjusted
    assert january.at_least == least_share(20, 101, OPERATING)
    assert january.reason is None


def test_parts_of_a_run_add_up_in_any_order():
    seen = [
        (f"s{i % 2}", f"2026-{i % 3 + 1:02}-09", judged(i / 60 if i % 7 else None, i % 5 == 0))
        for i in range(60)
    ]
    whole = synthetic_shares(counted(*seen).items(), RATES)
    parts = [item for first in (40, 20, 0) for item in counted(*seen[first : first + 20]).items()]
    assert synthetic_shares(parts, RATES) == whole
    assert synthetic_shares(reversed(list(counted(*seen).items())), RATES) == whole


def test_names_in_a_source_are_not_taken_for_a_month():
    shares = synthetic_shares(counted(("2026-01 99", None, judged(0.1))).items(), RATES)
    assert [(s.source, s.month) for s in shares] == [("2026-01 99", None)]


def test_other_counts_are_passed_over():
    assert (
        synthetic_shares([(("labelled", "web", "human_verified"), 3), (("tokens", "", ""), 9)], RATES) == []
    )


def test_where_all_abstained_nothing_is_said():
    (share,) = synthetic_shares(counted(("web", "2026-01-05", judged(None))).items(), RATES)
    assert (share.documents, share.abstained, share.counted, share.estimated) == (0, 1, None, None)
    assert share.reason == "the profile abstained on every document"


@pytest.mark.parametrize(
    ("used", "scorer", "reason"),
    [
        (SEED, "abc", "profile seed judges by votes, of unmeasured error rates"),
        (profile(), "abc", "profile made carries no error rates of left-out text"),
        (
            profile([TERM], operating=OPERATING, left_out=LEFT_OUT),
            None,
            "judged by the text alone: the error rates of profile made are those of verdicts with scorer abc",
        ),
    ],
)
def test_without_error_rates_that_hold_only_the_count_is_given(used, scorer, reason):
    rates = error_rates(used, scorer)
    (share,) = synthetic_shares(counted(("web", None, judged(0.9, True))).items(), rates)
    assert (share.counted, share.adjusted, share.estimated, share.at_least) == (1.0, None, None, None)
    assert share.reason == reason


@pytest.mark.parametrize(("terms", "scorer"), [([TERM], "abc"), (None, None)])
def test_a_profile_with_left_out_text_gives_its_rates(terms, scorer):
    used = profile(terms, operating=OPERATING, left_out=LEFT_OUT)
    assert error_rates(used, scorer) == RATES


def test_verdicts_that_told_nothing_apart_give_no_adjusted_count():
    blind = ErrorRates(
        Operating(true_positives=1, synthetic=100, false_positives=1, human=100), LEFT_OUT, None
    )
    (share,) = synthetic_shares(counted(("web", None, judged(0.9, True))).items(), blind)
    assert share.adjusted is None
    assert share.reason == "on left-out text the verdicts told nothing apart"
    assert share.estimated is not None
