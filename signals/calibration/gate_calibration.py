"""The batch gate's tests and limits, from human text of many sources.

Two settings. A source never seen: its human batches differ from other sources' by more than its
documents differ from each other, so a limit has to leave room for that. A source with a baseline of its
own, from earlier crawls: only its documents' spread counts, and far less synthetic text shows.

Each has up to three tests, since no signal sees everything: models made to chat have a wording of their
own; continuations by plain models don't, but lie closer to what a model expects and repeat themselves
more. A batch is held by any of them. They share what they may hold of human batches (Bonferroni), and
each stays a signal with a limit that a reviewer can look at. A distance over all signals at once
(Hotelling's) held less: it spends its power on directions in which nothing moves.
"""

import itertools
from collections.abc import Mapping, Sequence
from typing import NamedTuple

from wellspring.schemas.profile import Gate, GateTest, Limit
from wellspring.signals.batch.batch_signals import Document
from wellspring.signals.batch.gate_limits import HELD_HUMAN
from wellspring.signals.calibration.gate_trials import (
    MOST_TESTS,
    Held,
    Sided,
    UnknownSources,
    all_tests,
    held_by_long_baseline,
    held_by_own_baseline,
    mean_over_sources,
    pools_of,
    shares_held,
)

_FEWEST_SOURCES = 3
_WORTH_A_TEST = 0.01
"""Another test has to hold so much more."""
_ASKED_UNKNOWN, _ASKED_OWN = ("50%", "100%"), ("25%", "50%")
"""The shares of synthetic text at which a setting's tests are compared: below the first, hardly anything
shows; beyond the last, everything."""
SourceShares = dict[str, dict[str, float]]
"""{source: {share of synthetic text: share of its batches held}}."""


class SettingCheck(NamedTuple):
    """What the tests of one setting hold, each source judged by limits that know nothing of its batches."""

    tests: list[Sided]
    alone: dict[str, dict[str, float]]
    """Each test that holds anything to speak of, by itself: mean over sources, by share."""
    chosen: SourceShares
    """All chosen tests together."""
    blind: SourceShares
    """The tests that would have been chosen without the source's collection; empty with one collection."""


class GateCheck(NamedTuple):
    """The two settings; `own_baseline` has no tests where no source has 100 human documents."""

    unknown_source: SettingCheck
    own_baseline: SettingCheck
    long_baseline: SourceShares
    """What the tests of `own_baseline` hold with a baseline of 20 batches."""


def choose_gate(
    sources: Sequence[str],
    collections: Sequence[str],
    synthetic: Sequence[bool],
    documents: Sequence[Document],
    *,
    size: int,
    language: str,
) -> tuple[Gate, GateCheck]:
    """The gate of the tests that tell batches apart best; and what they hold.

    Args:
        collections: of the sources: what was made by one hand.
        documents: their probabilities from a classifier that did not see their collection.
        size: documents per batch.

    Raises:
        ValueError: fewer than three sources have 20 human documents and synthetic ones.
    """
    signals, pools = pools_of(sources, synthetic, documents)
    both = [source for source, pool in pools.items() if len(pool.synthetic)]
    if len(both) < _FEWEST_SOURCES or not signals:
        raise ValueError(f"a gate needs {_FEWEST_SOURCES} sources with 20 human documents and synthetic ones")
    collection_of = dict(zip(sources, collections, strict=True))
    others = UnknownSources.of(signals, pools, size)
    unknown = _check({source: others.held(source) for source in both}, signals, collection_of, _ASKED_UNKNOWN)
    trials = {source: held_by_own_baseline(signals, pools[source], size, source) for source in both}
    own = _check(
        {source: held for source, held in trials.items() if held}, signals, collection_of, _ASKED_OWN
    )
    limits = {test: others.limit(test, len(unknown.tests)) for test in unknown.tests}
    first, *also = [
        _gate_test(test, own.tests, limits.get(test), language)
        for test in dict.fromkeys([*own.tests, *unknown.tests])
    ]
    gate = Gate(
        signal=first.signal,
        direction=first.direction,
        languages=first.languages,
        own_baseline=first.own_baseline,
        also=also,
    )
    long = {source: held_by_long_baseline(signals, pools[source], size, source) for source in both}
    return gate, GateCheck(unknown, own, shares_held(long, own.tests) if own.tests else {})


def _gate_test(test: Sided, own: Sequence[Sided], limit: Limit | None, language: str) -> GateTest:
    return GateTest(
        signal=test.signal,
        direction=test.direction,
        languages={language: limit} if limit else {},
        # Where no source could show it, a baseline serves the tests of sources never seen.
        own_baseline=test in own if own else True,
    )


def _check(
    held: Mapping[str, Held], signals: Sequence[str], collection_of: Mapping[str, str], asked: Sequence[str]
) -> SettingCheck:
    if not held:
        return SettingCheck([], {}, {}, {})
    tried = [test for test in all_tests(signals) if all((test, 1) in each for each in held.values())]
    alone = {test: mean_over_sources(shares_held(held, [test])) for test in tried}
    candidates = [test for test in tried if alone[test]["100%"] > _seen(alone[test])] or tried
    tests = _choose(held, candidates, asked)
    blind: SourceShares = {}
    for collection in sorted({collection_of[source] for source in held}):
        inside = {source: each for source, each in held.items() if collection_of[source] == collection}
        outside = {source: each for source, each in held.items() if source not in inside}
        if outside:
            blind |= shares_held(inside, _choose(outside, candidates, asked))
    return SettingCheck(
        tests=tests,
        alone={str(test): alone[test] for test in candidates},
        chosen=shares_held(held, tests),
        blind=blind,
    )


def _seen(row: Mapping[str, float]) -> float:
    """What a test has to hold of batches of nothing but synthetic text to be worth looking at."""
    return max(0.1, 2 * row["0%"])


def _choose(held: Mapping[str, Held], candidates: Sequence[Sided], asked: Sequence[str]) -> list[Sided]:
    """The best set of tests, the one that does most alone first; a larger set has to be worth it."""
    order = sorted(candidates, key=lambda test: _merit(held, [test], asked), reverse=True)
    best = order[:1]
    for size in range(2, MOST_TESTS + 1):
        sets = [
            list(tests)
            for tests in itertools.combinations(order, size)
            if len({test.signal for test in tests}) == size
        ]
        larger = max(sets, key=lambda tests: _merit(held, tests, asked), default=best)
        if _merit(held, larger, asked) > _merit(held, best, asked) + _WORTH_A_TEST:
            best = larger
    return best


def _merit(held: Mapping[str, Held], tests: Sequence[Sided], asked: Sequence[str]) -> float:
    """Mean share of batches held at the shares of synthetic text asked about, less the share of human ones,
    and ten times what that is above the promise.
    """
    row = mean_over_sources(shares_held(held, tests))
    caught = sum(row[share] for share in asked) / len(asked)
    return caught - row["0%"] - 10 * max(0.0, row["0%"] - HELD_HUMAN)
