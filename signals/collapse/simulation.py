"""Chains of models measured: every generation of a regime and a seed as one line of simulation.json."""

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from wellspring.schemas.simulation import SimulatedGeneration
from wellspring.signals.collapse.collapse_metrics import Measured, RealText, collapse_profile, measure
from wellspring.signals.collapse.generation_text import Rows, TrainingSet, human_share
from wellspring.signals.collapse.recursive_training import Learner, chain


def simulate(learner: Learner, regime: str, generations: int, seed: int) -> Iterator[SimulatedGeneration]:
    """Generations 0 to `generations`, as they are measured."""
    counts = np.bincount(_words(learner, [learner.real]))
    first: Measured | None = None
    real: RealText | None = None
    for each in chain(learner, regime, generations, seed):
        scores = learner.score(each.model)
        if real is None:
            real = RealText(
                training=counts,
                held_out=learner.held_out,
                probabilities=learner.real_probabilities(scores),
                size=int(learner.measured_share * counts.sum()),
            )
        trained_on = _words(learner, [part.rows for part in each.training])
        measured = measure(real, trained_on, _words(learner, [each.output]), scores)
        first = first or measured
        yield SimulatedGeneration(
            regime=regime,
            generation=each.number,
            seed=seed,
            training_tokens=_tokens(each.training),
            human_share=human_share(each.training),
            held_share=each.held_share,
            collapse_profile=collapse_profile(first, measured),
            **measured._asdict(),
        )


def _words(learner: Learner, parts: list[Rows]) -> NDArray[np.int64]:
    types = np.concatenate([learner.types_of(rows).ravel() for rows in parts])
    return types[types >= 0]


def _tokens(training: TrainingSet) -> int:
    return sum(each.rows.size for each in training)
