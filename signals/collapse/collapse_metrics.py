"""What a chain of models has lost: its types, its tail, its fit to real text."""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from wellspring.signals.entropy import unigram_entropy
from wellspring.signals.stats.hill_numbers import hill_numbers

RARE_MASS = 0.1
"""Of a text, the share that its rare types make up."""
ENOUGH = 0.1
"""Of a type's real probability, what a model must give it to count as covered."""


class HeldOutScores(NamedTuple):
    """A model on the words of real text that no model was trained on.

    `log_probabilities` is of each of its words, in nats; `type_probabilities` of each of real text's types,
    0 where it isn't defined.
    """

    log_probabilities: NDArray[np.float64]
    type_probabilities: NDArray[np.float64]


class RealText(NamedTuple):
    """What models are compared with. Types are numbered; those of generation 0's text come first."""

    training: NDArray[np.int64]
    """How often each of its types occurs in generation 0's text, (types,), each at least once."""
    held_out: NDArray[np.int64]
    """The type of each held-out word, -1 where generation 0's text lacks it."""
    probabilities: NDArray[np.float64]
    """What `type_probabilities` are in real text, (types,); > 0 where the held-out text has the type."""
    size: int
    """Words that outputs are rarefied to."""


class Measured(NamedTuple):
    """See `schemas.simulation.SimulatedGeneration`."""

    hill_0: float
    hill_1: float
    hill_2: float
    entropy_bits: float
    tail_coverage: float
    tail_recall: float
    missing_mass: float
    rare_kept: float
    perplexity: float
    log_probability_rare: float
    log_probability_rest: float


def rarest(counts: NDArray[np.int64]) -> NDArray[np.bool_]:
    """Which types are rare: the largest set of the least frequent ones, whole counts together, that makes
    up at most a tenth of the text; at least those seen least often. Types with count 0 are not.
    """
    by_count = np.bincount(counts)
    mass = np.cumsum(np.arange(len(by_count)) * by_count)
    fits = np.flatnonzero(mass <= RARE_MASS * mass[-1])
    least = int(np.flatnonzero(by_count[1:])[0]) + 1
    return (counts > 0) & (counts <= max(int(fits[-1]), least))


def measure(
    real: RealText, trained_on: NDArray[np.int64], output: NDArray[np.int64], scores: HeldOutScores
) -> Measured:
    """One model.

    Args:
        trained_on, output: types of the words of its training set and of its own text; types from
            `len(real.training)` on are words that real text doesn't have.
    """
    types = len(real.training)
    present = np.bincount(trained_on, minlength=types)[:types] > 0
    known = real.held_out >= 0
    held_out = np.bincount(real.held_out[known], minlength=types)
    held_out_rare = rarest(held_out)
    rare_words = np.zeros(len(real.held_out), dtype=bool)
    rare_words[known] = held_out_rare[real.held_out[known]]
    ratio = scores.type_probabilities[held_out_rare] / real.probabilities[held_out_rare]
    counts = np.bincount(output)
    hill = hill_numbers(counts, real.size)
    return Measured(
        hill_0=hill.d0,
        hill_1=hill.d1,
        hill_2=hill.d2,
        entropy_bits=unigram_entropy(counts),
        tail_coverage=float((ratio >= ENOUGH).mean()),
        tail_recall=float(np.minimum(ratio, 1.0).mean()),
        missing_mass=float(held_out[~present].sum() / held_out.sum()),
        rare_kept=float(present[rarest(real.training)].mean()),
        perplexity=float(np.exp(-scores.log_probabilities.mean())),
        log_probability_rare=float(scores.log_probabilities[rare_words].mean()),
        log_probability_rest=float(scores.log_probabilities[~rare_words].mean()),
    )


def collapse_profile(first: Measured, now: Measured) -> float:
    """How many times more probability rare types lost than the rest since the first generation."""
    rare = first.log_probability_rare - now.log_probability_rare
    rest = first.log_probability_rest - now.log_probability_rest
    return float(np.exp(rare - rest))
