"""The batch gate's signal and limits, from human text of many sources.

Two settings. A source never seen: its human batches differ from other sources' by more than its
documents differ from each other, so its limit has to leave room for that. A source with a baseline of its
own, from earlier crawls: only its documents' spread counts, and far less synthetic text shows.
"""

import math
from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy.special import stdtrit

from schemas.profile import Direction, Gate, Limit
from signals.batch_signals import LINEAR_SIGNALS, Document
from signals.hashing import stable_hash
from signals.votes import beyond

HELD_HUMAN = 0.02
"""Share of all-human batches that a limit may hold."""
SHARES = (0.0, 0.1, 0.25, 0.5, 1.0)
_DRAWS = 200
_FEWEST_SOURCES = 3
_FEWEST_DOCUMENTS = 20
_FEWEST_IN_HALF = 50


class Pools(NamedTuple):
    """(x, w) of one signal for the documents of each source, by label: a batch's value is sum x / sum w."""

    human: dict[str, NDArray[np.float64]]
    synthetic: dict[str, NDArray[np.float64]]


class HeldShares(NamedTuple):
    """Share of batches held, by the share of synthetic text in them, mean over sources."""

    unknown_source: dict[str, float]
    own_baseline: dict[str, float]


def pools_of(
    signal: str, sources: Sequence[str], synthetic: Sequence[bool], documents: Sequence[Document]
) -> Pools:
    """The documents that have the signal, by source and label; sources with fewer than 20 human ones are
    left out."""
    pools: tuple[dict[str, list[tuple[float, float]]], ...] = ({}, {})
    for source, is_synthetic, document in zip(sources, synthetic, documents, strict=True):
        pair = LINEAR_SIGNALS[signal](document)
        if pair is not None:
            pools[is_synthetic].setdefault(source, []).append(pair)
    kept = sorted(source for source, pairs in pools[0].items() if len(pairs) >= _FEWEST_DOCUMENTS)
    human, other = ({s: np.array(pool[s]) for s in kept if s in pool} for pool in pools)
    return Pools(human, other)


def batch_values(
    human: NDArray[np.float64], synthetic: NDArray[np.float64] | None, size: int, share: float, seed: str
) -> NDArray[np.float64]:
    """Values of 200 batches of `size` documents drawn by hash, with replacement, so many synthetic."""
    machine = round(size * share)
    drawn = [_drawn(human, size - machine, f"{seed} human")]
    if machine and synthetic is not None:
        drawn.append(_drawn(synthetic, machine, f"{seed} synthetic"))
    x, w = np.concatenate(drawn, axis=1).sum(axis=1).T
    return np.asarray(x / w)


def _drawn(pool: NDArray[np.float64], count: int, seed: str) -> NDArray[np.float64]:
    picks = [
        [stable_hash(str(i), f"{seed} {draw}") % len(pool) for i in range(count)] for draw in range(_DRAWS)
    ]
    return pool[np.array(picks, dtype=np.int64).reshape(_DRAWS, count)]


def unknown_source_limit(values: Iterable[NDArray[np.float64]], direction: Direction) -> Limit:
    """The limit for a source never seen, from the human batches of others.

    A batch of a new source is one draw of N(mean, spread^2), spread over sources and batches together; the
    limit is its one-sided 98% prediction bound, with the t quantile of sources - 1.
    """
    batches = list(values)
    means = np.array([each.mean() for each in batches])
    within = np.mean([each.var() for each in batches])
    return prediction_limit(float(means.mean()), math.sqrt(means.var(ddof=1) + within), len(means), direction)


def prediction_limit(mean: float, spread: float, batches: int, direction: Direction) -> Limit:
    """The one-sided 98% prediction bound for one more value, by Student's t.

    Args:
        spread: standard deviation of the values; batches: how many gave it, >= 2.
    """
    reach = _quantile(batches) * spread * math.sqrt(1 + 1 / batches)
    return Limit(limit=_beyond_mean(mean, reach, direction), batches=batches, mean=mean, spread=spread)


def _quantile(values: int) -> float:
    return float(stdtrit(values - 1, 1 - HELD_HUMAN))


def _beyond_mean(mean: float, reach: float, direction: Direction) -> float:
    return mean + (reach if direction == "above" else -reach)


def direction_of(pools: Pools) -> Direction:
    """The side on which synthetic text lies, by the mean over sources that have both."""
    gaps = [_ratio(pools.synthetic[s]) - _ratio(pools.human[s]) for s in pools.human if s in pools.synthetic]
    return "above" if np.mean(gaps) > 0 else "below"


def _ratio(pool: NDArray[np.float64]) -> float:
    x, w = pool.sum(axis=0)
    return float(x / w)


def held_shares(
    pools: Pools, human: Mapping[str, NDArray[np.float64]], direction: Direction, size: int
) -> HeldShares:
    """What the two settings hold, each source judged by a limit that knows nothing of its test batches.

    Unknown source: the limit of all other sources. Own baseline: the limit of one half of its human
    documents; batches are drawn from the other half; sources with at least 50 in each.

    Args:
        human: values of the human batches of each source.
    """
    both = [source for source in pools.human if source in pools.synthetic]
    unknown: dict[str, list[float]] = {f"{share:.0%}": [] for share in SHARES}
    own: dict[str, list[float]] = {f"{share:.0%}": [] for share in SHARES}
    for source in both:
        others = [values for name, values in human.items() if name != source]
        limit = unknown_source_limit(others, direction).limit
        first, second = pools.human[source][::2], pools.human[source][1::2]
        own_limit = _own_limit(first, second, size, direction, source)
        for share in SHARES:
            mixed = batch_values(pools.human[source], pools.synthetic[source], size, share, source)
            unknown[f"{share:.0%}"].append(_held(mixed, limit, direction))
            if len(second) < _FEWEST_IN_HALF:
                continue
            fresh = batch_values(second, pools.synthetic[source], size, share, f"{source} second")
            own[f"{share:.0%}"].append(_held(fresh, own_limit, direction))
    return HeldShares(
        {share: float(np.mean(each)) for share, each in unknown.items()},
        {share: float(np.mean(each)) for share, each in own.items() if each},
    )


def _own_limit(
    first: NDArray[np.float64], second: NDArray[np.float64], size: int, direction: Direction, seed: str
) -> float:
    """The limit that the first half gives to batches resampled from the second.

    The mean of each half is itself as uncertain as a batch of so many documents: both are allowed for.
    """
    baseline = batch_values(first, None, size, 0.0, f"{seed} first")
    spread = float(baseline.std(ddof=1)) * math.sqrt(1 + size / len(first) + size / len(second))
    return _beyond_mean(float(baseline.mean()), _quantile(len(first)) * spread, direction)


def _held(values: NDArray[np.float64], limit: float, direction: Direction) -> float:
    return float(np.mean([beyond(value, limit, direction) for value in values]))


def choose_gate(
    sources: Sequence[str],
    synthetic: Sequence[bool],
    documents: Sequence[Document],
    *,
    size: int,
    language: str,
) -> tuple[Gate, dict[str, HeldShares]]:
    """The gate of the signal that tells batches of a source never seen apart best; and what each holds.

    Args:
        documents: their probabilities from a classifier that did not see their collection.

    Raises:
        ValueError: fewer than three sources have 20 human documents and synthetic ones.
    """
    tables: dict[str, HeldShares] = {}
    gates: dict[str, tuple[Direction, Limit]] = {}
    for signal in LINEAR_SIGNALS:
        pools = pools_of(signal, sources, synthetic, documents)
        if len(set(pools.human) & set(pools.synthetic)) < _FEWEST_SOURCES:
            continue
        direction = direction_of(pools)
        human = {s: batch_values(pool, None, size, 0.0, s) for s, pool in pools.human.items()}
        tables[signal] = held_shares(pools, human, direction, size)
        gates[signal] = direction, unknown_source_limit(human.values(), direction)
    if not tables:
        raise ValueError(
            f"a gate needs {_FEWEST_SOURCES} sources with {_FEWEST_DOCUMENTS} human documents and synthetic "
            "ones"
        )
    chosen = max(tables, key=lambda s: _merit(tables[s]))
    direction, limit = gates[chosen]
    return Gate(signal=chosen, direction=direction, languages={language: limit}), tables


def _merit(table: HeldShares) -> float:
    """Mean share of batches held from a quarter of synthetic text on, less the share of human ones."""
    held = table.unknown_source
    return (held["25%"] + held["50%"] + held["100%"]) / 3 - held["0%"]


def baseline_limits(
    audited: Mapping[str, Sequence[tuple[float, float]]], direction: Direction
) -> dict[str, Limit]:
    """Limits by stratum from (value, standard error) of the batches of earlier, human crawls.

    The spread of a stratum is that of its batches, or what their own intervals say where that is more;
    strata with one batch are left out.
    """
    limits = {}
    for stratum, batches in sorted(audited.items()):
        if len(batches) < 2:
            continue
        values, errors = np.array(batches, dtype=np.float64).T
        spread = max(float(values.std(ddof=1)), float(np.sqrt(np.mean(errors**2))))
        limits[stratum] = prediction_limit(float(values.mean()), spread, len(values), direction)
    return limits
