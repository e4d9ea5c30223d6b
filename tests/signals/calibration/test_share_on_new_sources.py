import numpy as np
import pytest

from wellspring.schemas.accuracy import Judged
from wellspring.signals.calibration.share_on_new_sources import TRUE_SHARES, check_shares


def judged(source: str, synthetic: bool, probabilities, collection: str | None = None) -> list[Judged]:
    return [
        Judged(
            id=f"{source}-{synthetic}-{i}",
            prompt=f"{source}-{i}",
            source=source,
            collection=collection or source,
            domain=None,
            generator="model" if synthetic else None,
            words=200,
            synthetic=synthetic,
            probability=None if probability is None else float(probability),
            flagged=probability is not None and probability > 0.8,
        )
        for i, probability in enumerate(probabilities)
    ]


def drawn(seed: int, mean: float, count: int = 300):
    return 1 / (1 + np.exp(-np.random.default_rng(seed).normal(mean, 2, count)))


def alike(sources: int) -> list[Judged]:
    """Sources that score alike: the error rates of the others hold for each."""
    return [
        each
        for s in range(sources)
        for synthetic in (False, True)
        for each in judged(f"s{s}", synthetic, drawn(2 * s + synthetic, 2.0 if synthetic else -2.0))
    ]


def test_of_sources_like_the_others_the_share_is_found_and_the_intervals_hold():
    rows = check_shares(alike(6))
    assert [row.true for row in rows] == list(TRUE_SHARES)
    for row in rows:
        assert row.sources == 6
        assert row.estimated.mean == pytest.approx(row.true, abs=0.03)
        assert row.adjusted.mean == pytest.approx(row.true, abs=0.04)
        assert row.estimated.error < 0.06
        assert min(row.estimated.covered, row.adjusted.covered, row.at_least_held) > 0.85
    assert rows[0].counted > 0.005  # human text is wronged
    assert rows[-1].counted < 0.45  # not all synthetic text is found


def test_a_source_whose_human_text_looks_synthetic_is_named():
    odd = judged("odd", False, drawn(90, 2.0)) + judged("odd", True, drawn(91, 4.0))
    rows = check_shares(alike(5) + odd)
    assert rows[0].worst[0] == "odd"
    assert rows[0].worst[1] > 0.5
    assert rows[0].estimated.error > rows[0].worst[1] / 6 - 1e-9


def test_sources_of_one_collection_lend_each_other_no_error_rates_where_there_are_several():
    """Two sources whose human text is wronged alike: left in, each would hide the other's error."""
    odd = [
        each
        for s, source in enumerate(("odd/a", "odd/b"))
        for synthetic in (False, True)
        for each in judged(source, synthetic, drawn(70 + 2 * s + synthetic, 1.0 + 3.0 * synthetic), "odd")
    ]
    several = check_shares(alike(2) + odd)[0]
    assert several.worst[0].startswith("odd")
    assert several.worst[1] > 0.7
    (one, *_) = check_shares(odd)
    assert one.sources == 2
    assert one.worst[1] < 0.3


@pytest.mark.parametrize(
    "texts",
    [
        [],
        judged("a", False, drawn(1, -2.0)),
        judged("a", False, drawn(1, -2.0)) + judged("a", True, drawn(2, 2.0)),
        judged("a", False, drawn(1, -2.0, 19)) + judged("b", True, drawn(2, 2.0, 19)),
        judged("a", False, [None] * 50) + judged("a", True, [None] * 50),
    ],
    ids=["nothing", "one label", "one source", "few", "abstained"],
)
def test_where_no_source_can_be_tried_nothing_is_said(texts):
    assert check_shares(texts) == []
