"""Trials of the batch gate's tests: batches with known shares of synthetic text, made of labelled documents
and judged by limits that know nothing of them.
"""

from collections.abc import Mapping, Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from wellspring.schemas.profile import Direction, Limit
from wellspring.signals.batch.batch_signals import LINEAR_SIGNALS, SHARES_OF_DOCUMENTS, Document
from wellspring.signals.batch.gate_limits import (
    baseline_limits,
    quantile,
    unknown_source_limit,
    unknown_source_share_limit,
)
from wellspring.signals.stats.hashing import stable_hash

SHARES = (0.0, 0.1, 0.25, 0.5, 1.0)
MOST_TESTS = 3
DRAWS = 200
_FEWEST_DOCUMENTS = 20
_FEWEST_OWN = 50
_DEFINED = 0.5
LONG_BASELINE = 20
"""Batches."""
_BASELINES = 50


class Sided(NamedTuple):
    """A signal and the side of its limit on which a batch is held."""

    signal: str
    direction: Direction

    def __str__(self) -> str:
        return f"{self.signal} {self.direction}"


class Pool(NamedTuple):
    """(x, w) of every signal for the documents of one source, shape (documents, signals, 2), by label; 0, 0
    where a document doesn't have it. A batch's value is sum x / sum w.
    """

    human: NDArray[np.float64]
    synthetic: NDArray[np.float64]


Held = dict[tuple[Sided, int], NDArray[np.bool_]]
"""Whether a test holds a batch when so many tests share the 2%: shape (shares, draws)."""


def pools_of(
    sources: Sequence[str], synthetic: Sequence[bool], documents: Sequence[Document]
) -> tuple[list[str], dict[str, Pool]]:
    """The signals that most documents have, and the documents by source; sources with fewer than 20 human
    ones are left out.
    """
    rows: dict[str, tuple[list[list[tuple[float, float]]], ...]] = {}
    for source, is_synthetic, document in zip(sources, synthetic, documents, strict=True):
        row = [of(document) or (0.0, 0.0) for of in LINEAR_SIGNALS.values()]
        rows.setdefault(source, ([], []))[is_synthetic].append(row)
    kept = {s: both for s, both in sorted(rows.items()) if len(both[0]) >= _FEWEST_DOCUMENTS}
    shape = (-1, len(LINEAR_SIGNALS), 2)
    arrays = [[np.array(side, dtype=np.float64).reshape(shape) for side in both] for both in kept.values()]
    defined = [
        all((side[:, i, 1] > 0).mean() >= _DEFINED for both in arrays for side in both if len(side))
        for i in range(len(LINEAR_SIGNALS))
    ]
    names = [name for name, known in zip(LINEAR_SIGNALS, defined, strict=True) if known]
    return names, {
        source: Pool(*(side[:, np.array(defined)] for side in both))
        for source, both in zip(kept, arrays, strict=True)
    }


def mixed_batches(pool: Pool, size: int, source: str) -> NDArray[np.float64]:
    """Values of 200 batches of each share, drawn by hash and with replacement: (shares, draws, signals)."""
    human = _running(pool.human, size, f"{source} human")
    synthetic = _running(pool.synthetic, size, f"{source} synthetic") if len(pool.synthetic) else None
    batches = []
    for share in SHARES:
        machine = round(size * share)
        total = human[size - machine]
        batches.append(total if synthetic is None else total + synthetic[machine])
    values = np.stack(batches)
    return np.asarray(values[..., 0] / values[..., 1])


def _running(documents: NDArray[np.float64], size: int, seed: str) -> NDArray[np.float64]:
    """Sums of the first 0..size documents of each draw: (size + 1, draws, signals, 2)."""
    sums = np.zeros((size + 1, DRAWS, *documents.shape[1:]))
    sums[1:] = documents[_picks(len(documents), size, seed)].cumsum(axis=0)
    return sums


def _picks(documents: int, size: int, seed: str, draws: int = DRAWS) -> NDArray[np.int64]:
    return np.array(
        [[stable_hash(str(i), f"{seed} {draw}") % documents for draw in range(draws)] for i in range(size)]
    )


class UnknownSources(NamedTuple):
    """The batches of all sources, from which the limit for one more follows."""

    signals: list[str]
    pools: dict[str, Pool]
    values: dict[str, NDArray[np.float64]]
    """Of `mixed_batches`, by source."""
    size: int

    @classmethod
    def of(cls, signals: list[str], pools: dict[str, Pool], size: int) -> "UnknownSources":
        return cls(signals, pools, {s: mixed_batches(pool, size, s) for s, pool in pools.items()}, size)

    def limit(self, test: Sided, tests: int, without: str | None = None) -> Limit | None:
        """None for a share's lower limit: there is none."""
        index = self.signals.index(test.signal)
        others = [source for source in self.pools if source != without]
        if test.signal in SHARES_OF_DOCUMENTS:
            if test.direction == "below":
                return None
            sums = np.array([self.pools[source].human[:, index].sum(axis=0) for source in others])
            return unknown_source_share_limit(
                sums[:, 0].astype(np.int64), sums[:, 1].astype(np.int64), self.size, tests
            )
        human = np.array([self.values[source][0, :, index] for source in others])
        return unknown_source_limit(
            human.mean(axis=1), float(human.var(axis=1).mean()), test.direction, tests
        )

    def held(self, source: str) -> Held:
        """What each test holds of a source by the limit that all others give."""
        found: Held = {}
        for test in all_tests(self.signals):
            for tests in range(1, MOST_TESTS + 1):
                limit = self.limit(test, tests, source)
                if limit is not None:
                    values = self.values[source][:, :, self.signals.index(test.signal)]
                    found[test, tests] = _beyond(values, limit.limit, test.direction)
        return found


def _beyond(
    values: NDArray[np.float64], limits: NDArray[np.float64] | float, direction: Direction
) -> NDArray[np.bool_]:
    return np.asarray(values < limits if direction == "below" else values > limits)


def held_by_own_baseline(signals: Sequence[str], pool: Pool, size: int, source: str) -> Held:
    """What each test holds of a source by the limit of its own human text; nothing for too short a source.

    In each draw a batch's human documents are dealt out by hash, without replacement, and the rest of the
    source's human text is the baseline: at least half of it, so that the human documents of a batch may
    have to be repeated. Both are allowed for: what is uncertain about the baseline's mean, and that a batch
    of repeated documents varies like a smaller one. Shares of documents are left out: a source with
    hardly a hit doesn't tell how they vary.
    """
    count = len(pool.human)
    rest = max(count // 2, count - size)
    if count < 2 * _FEWEST_OWN or not len(pool.synthetic):
        return {}
    picks = _picks(len(pool.synthetic), size, f"{source} own synthetic")
    factor = 1 / min(size, count - rest) + 1 / rest
    scores = np.empty((len(SHARES), DRAWS, len(signals)))
    for draw in range(DRAWS):
        order = sorted(range(count), key=lambda i: stable_hash(str(i), f"{source} own {draw}"))
        baseline, dealt = pool.human[order[:rest]], pool.human[order[rest:]]
        mean, spread = _mean_and_spread(baseline)
        for row, share in enumerate(SHARES):
            machine = round(size * share)
            human = dealt[np.arange(size - machine) % len(dealt)]
            total = human.sum(axis=0) + pool.synthetic[picks[:machine, draw]].sum(axis=0)
            scores[row, draw] = (total[:, 0] / total[:, 1] - mean) / (spread * np.sqrt(factor))
    found: Held = {}
    for test in all_tests(signals):
        if test.signal in SHARES_OF_DOCUMENTS:
            continue
        side = scores[:, :, signals.index(test.signal)] * (1 if test.direction == "above" else -1)
        for tests in range(1, MOST_TESTS + 1):
            found[test, tests] = side > quantile(rest - 1, tests)
    return found


def held_by_long_baseline(signals: Sequence[str], pool: Pool, size: int, source: str) -> Held:
    """The same with a baseline as a running crawl has it: 20 batches, by the limits that
    `calibrate --baseline` sets.

    Few labelled sources are that long. So the source's human documents stand for all that it ever wrote:
    baseline and batches are both drawn from them by hash, with replacement.
    """
    if not len(pool.synthetic):
        return {}
    values = mixed_batches(pool, size, f"{source} long")
    picks = _picks(len(pool.human), size * LONG_BASELINE, f"{source} baseline", _BASELINES)
    batches = pool.human[picks.T].reshape(_BASELINES, LONG_BASELINE, size, len(signals), 2)
    audited = _values_and_errors(batches)
    found: Held = {}
    for test in all_tests(signals):
        if test.signal in SHARES_OF_DOCUMENTS:
            continue
        index = signals.index(test.signal)
        for tests in range(1, MOST_TESTS + 1):
            limits = [
                baseline_limits({source: each}, test.direction, tests)[source].limit
                for each in audited[:, :, index]
            ]
            # Each batch has one of the baselines: what a baseline of 20 batches happens to be like counts.
            own = np.resize(limits, DRAWS)
            found[test, tests] = _beyond(values[:, :, index], own, test.direction)
    return found


def _values_and_errors(batches: NDArray[np.float64]) -> NDArray[np.float64]:
    """(value, cluster-robust standard error) of batches, (..., documents, signals, 2) in."""
    x, w = batches[..., 0], batches[..., 1]
    weight, known = w.sum(axis=-2), (w > 0).sum(axis=-2)
    value = x.sum(axis=-2) / weight
    squares = ((x - value[..., None, :] * w) ** 2).sum(axis=-2)
    return np.stack([value, np.sqrt(squares * known / (known - 1)) / weight], axis=-1)


def _mean_and_spread(documents: NDArray[np.float64]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Ratio of each signal, and the standard deviation of one document's share in it."""
    x, w = documents[..., 0], documents[..., 1]
    known = (w > 0).sum(axis=0)
    mean = x.sum(axis=0) / w.sum(axis=0)
    squares = ((x - mean * w) ** 2).sum(axis=0) / (known - 1)
    spread = np.sqrt(squares) / (w.sum(axis=0) / known)
    return mean, np.where(spread > 0, spread, np.nan)  # nothing is beyond NaN


def all_tests(signals: Sequence[str]) -> list[Sided]:
    """Each signal on each side."""
    return [Sided(signal, direction) for signal in signals for direction in ("above", "below")]


def shares_held(held: Mapping[str, Held], tests: Sequence[Sided]) -> dict[str, dict[str, float]]:
    """{source: {share of synthetic text: share of its batches held by any of the tests}}."""
    table = {}
    for source, of_source in held.items():
        together = np.any([of_source[test, len(tests)] for test in tests], axis=0)
        table[source] = {
            f"{share:.0%}": float(part) for share, part in zip(SHARES, together.mean(axis=1), strict=True)
        }
    return table


def mean_over_sources(table: Mapping[str, Mapping[str, float]]) -> dict[str, float]:
    """The mean over sources; empty without any."""
    if not table:
        return {}
    return {f"{s:.0%}": float(np.mean([row[f"{s:.0%}"] for row in table.values()])) for s in SHARES}
