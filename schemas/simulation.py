"""simulation.json: one generation of one chain of models a line of the list."""

import msgspec

LEAST_WORDS = 20_000
LEAST_DOCUMENTS = 10
"""Of the corpus."""
REGIMES = ("replace", "accumulate", "accumulate-subsample", "real10", "real50", "clean")
"""The named ones; `real` and `clean` take any percentage from 1 to 100."""


class SimulatedGeneration(msgspec.Struct, frozen=True, kw_only=True):
    """What was measured of one model: 0 is trained on real text, each later one as its regime says.

    Types are words. Rare types are the rarest of generation 0's real text, by count, that make up a tenth
    of it; held-out rare types the same of real text that no model was trained on.
    """

    regime: str
    generation: int
    seed: int
    training_tokens: int
    human_share: float
    """Of the training set's tokens, copies counted, the share that people wrote."""
    held_share: float | None
    """Of the batches of the generation before, the share that the recipe's gate held; null without a gate."""
    hill_0: float
    """Types in the model's output, at the size that all outputs are rarefied to."""
    hill_1: float
    """exp of its entropy in nats: types in effect."""
    hill_2: float
    """1 / sum of p^2: common types in effect."""
    entropy_bits: float
    """Unigram entropy of the output, plug-in."""
    tail_coverage: float
    """Of the held-out rare types, the share given at least a tenth of their real probability."""
    tail_recall: float
    """Their mean min(1, model's probability / real probability)."""
    missing_mass: float
    """Of real held-out text the share whose types are not in the training set."""
    rare_kept: float
    """Of the rare types the share that are in the training set."""
    perplexity: float
    """On real held-out text, a word."""
    log_probability_rare: float
    """Mean ln p of held-out occurrences of rare types, in their context."""
    log_probability_rest: float
    """The same of all other words."""
    collapse_profile: float
    """How many times more probability the rare types lost than the rest since generation 0: 1 is no tail
    loss, exp((rare at 0 - rare) - (rest at 0 - rest))."""
