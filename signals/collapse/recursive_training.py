"""Generations of models, each trained on text of the ones before it, under a regime.

Generation 0 is trained on real text. Then, with N the tokens of that text,

    replace                N tokens of the last generation's text
    accumulate             all text so far: the real text and N tokens of every generation
    accumulate-subsample   N tokens of all text so far, another choice each time
    realP                  P% from the real text, another choice each time; the rest of the last generation
    cleanP, clean          as realP, as real10, by this project's recipe: see `signals.collapse.clean_recipe`

What is chosen and drawn is decided by (seed, generation, place), nothing has a state.
"""

import re
from collections.abc import Iterator
from typing import Any, NamedTuple, Protocol

import numpy as np
from numpy.typing import NDArray

from wellspring.schemas.simulation import REGIMES
from wellspring.signals.collapse.batch_gate import floors_of
from wellspring.signals.collapse.clean_recipe import HumanText, audited, clean_set
from wellspring.signals.collapse.collapse_metrics import HeldOutScores, rarest
from wellspring.signals.collapse.generation_text import Rows, TrainingSet, part
from wellspring.signals.stats.counter_draws import shuffled

CLEAN = "clean"
"""The recipe with the human share of `real10`."""
_SHARED = re.compile(rf"(real|{CLEAN})([1-9]\d?|100)")


class Model(Protocol):
    """A trained model."""

    def sample(self, rows: int, tokens: int, key: str) -> Rows:
        """Text drawn at temperature 1, shape (rows, tokens), decided by the key."""


class Learner(Protocol):
    """What trains a chain's models, with the text of one seed."""

    real: Rows
    """Generation 0's text."""
    passage: int
    """Tokens of a passage of human text."""
    held_out: NDArray[np.int64]
    """The type of each held-out word, -1 where the real text lacks it."""
    unknown: float
    """Of the held-out words, the share that the real text lacks."""
    measured_share: float
    """Outputs are rarefied to this share of the real text's words."""

    def fit(self, training: TrainingSet, seed: int, regime: str, generation: int) -> Model:
        """A model of the training set; what is drawn is decided by seed and generation."""

    def types_of(self, rows: Rows) -> NDArray[np.int64]:
        """The type of the word that begins at each token, -1 where none does; real types come first."""

    def score(self, model: Any) -> HeldOutScores:
        """One of its models on the held-out words."""

    def real_probabilities(self, scores: HeldOutScores) -> NDArray[np.float64]:
        """What `type_probabilities` are in real text; `scores` are generation 0's."""


class Generation(NamedTuple):
    """One generation as it was trained, and N tokens of its text."""

    number: int
    training: TrainingSet
    model: Model
    output: Rows
    held_share: float | None


def check_regime(name: str) -> str:
    """The name itself.

    Raises:
        ValueError: there is no such regime.
    """
    if name not in REGIMES and not _SHARED.fullmatch(name):
        raise ValueError(
            f"no regime {name!r}; they are {', '.join(REGIMES)}, and realP and cleanP for any whole P from 1 "
            "to 100"
        )
    return name


def human_share_of(regime: str) -> float | None:
    """The share of human text, 0..1, that `realP`, `clean` and `cleanP` have; None for the others."""
    if regime == CLEAN:
        return 0.1
    shared = _SHARED.fullmatch(regime)
    return int(shared[2]) / 100 if shared else None


def chain(learner: Learner, regime: str, generations: int, seed: int) -> Iterator[Generation]:
    """Generations 0, 1, ... `generations` of one regime, each with its text."""
    share = human_share_of(check_regime(regime))
    real = part(learner.real, human=True)
    training: TrainingSet = [real]
    pool: TrainingSet = [real]
    held_share = None
    rows, tokens = learner.real.shape
    human = _human_text(learner) if regime.startswith(CLEAN) else None
    for number in range(generations + 1):
        model = learner.fit(training, seed, regime, number)
        # The seed and the generation, not the regime: generation 0 writes the same text under all of them.
        key = f"{seed}/{number}"
        output = model.sample(rows, tokens, f"{key}/output")
        yield Generation(number, training, model, output, held_share)
        if number == generations:
            return
        if human is not None and share is not None:
            training, held_share = _clean(learner, human, share, model, output, key)
            continue
        pool = [*pool, part(output, human=False)]
        if regime == "replace":
            training = pool[-1:]
        elif regime == "accumulate":
            training = pool
        elif regime == "accumulate-subsample":
            training = _subsample(pool, rows, f"{key}/subsample")
        elif share is not None:
            training = _with_real(learner.real, output, share, f"{key}/real")


def _with_real(real: Rows, output: Rows, share: float, key: str) -> TrainingSet:
    count = round(share * len(real))
    parts = [
        part(output[: len(real) - count], human=False),
        part(real[np.sort(shuffled(key, len(real))[:count])], human=True),
    ]
    return [each for each in parts if each.rows.size]


def _subsample(pool: TrainingSet, count: int, key: str) -> TrainingSet:
    sizes = [len(each.rows) for each in pool]
    chosen = np.sort(shuffled(key, sum(sizes))[:count])
    ends = np.cumsum(sizes)
    parts = [
        part(each.rows[chosen[(chosen >= end - len(each.rows)) & (chosen < end)] - end], human=each.human)
        for each, end in zip(pool, ends.tolist(), strict=True)
    ]
    return [each for each in parts if each.rows.size]


def _human_text(learner: Learner) -> HumanText:
    types = learner.types_of(learner.real)
    counts = np.bincount(types[types >= 0])
    return HumanText(learner.real, types, counts, rarest(counts), learner.passage)


def _clean(
    learner: Learner, human: HumanText, share: float, model: Model, output: Rows, key: str
) -> tuple[TrainingSet, float]:
    rows, tokens = human.rows.shape
    human_rows = round(share * rows)
    needed = rows - human_rows
    floors = floors_of(human.types, human.rare)
    chosen = audited(output, learner.types_of(output), human, floors, needed)
    if chosen.held_share * rows > human_rows:
        more = np.concatenate([output, model.sample(rows, tokens, f"{key}/more")])
        chosen = audited(more, learner.types_of(more), human, floors, needed)
    return clean_set(human, chosen, human_rows * tokens, key), chosen.held_share
