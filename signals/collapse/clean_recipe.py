"""What the regime `clean` trains a generation on: this project's recipe, with the labels known.

Of the set's tokens the same share is synthetic as under `p% real`, copies counted. What differs is which
human text and which synthetic text it is:

- provenance: labels are known, so the shares are exact, and nothing that a model wrote is ever taken for
  a rare thing worth protecting: protected are the rarest types of the human text that make up a tenth of it.
- entropy auditing: synthetic text is judged in batches of ten texts. A batch below the floor that real
  batches set, on entropy or on the number of rare types, is held, and another one takes its place; held
  batches are used only when twice the text needed holds too few that pass, as they come: to take
  those with most rare types first did a transformer no good (a choice of what a weak model made up).
- novel tail signals: nine tenths of the human tokens are short passages of the human text, each chosen
  because it holds protected types that the set lacks: first those without a copy, then a second and a
  third for each. A short passage can hold several rare types, a whole document is mostly common words.
- low-frequency weights: the other tenth is passages drawn with probability in proportion to the mean over
  their words of count^-1/2, so that rare text is drawn more often, each with the importance weight
  1 / probability (mean 1, within 1/4 to 4), so that what is common is not pushed down.
- anchoring: the text that smoothing is tuned on, or training is judged by, is human and never trained on;
  so it is under all regimes. What is not done here is to train a last stage on an anchor set.
"""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from wellspring.signals.collapse.batch_gate import BATCH_ROWS, Floors, held_batches
from wellspring.signals.collapse.generation_text import Part, Rows, TrainingSet, part
from wellspring.signals.collapse.tail_injection import tail_passages
from wellspring.signals.stats.counter_draws import uniforms

INJECTED = 0.9
"""Of the human tokens, those chosen for the types they hold."""
_LEAST_WEIGHT, _MOST_WEIGHT = 0.25, 4.0


class HumanText(NamedTuple):
    """The real text that a chain may use, with the type of the word that begins at each token (-1: none)."""

    rows: Rows
    types: NDArray[np.int64]
    counts: NDArray[np.int64]
    """How often each type occurs in it, (types,)."""
    rare: NDArray[np.bool_]
    """Which types are protected, (types,)."""
    passage: int
    """Tokens of a passage."""


class Batches(NamedTuple):
    """Synthetic rows that proceed, with their types, and the share of the judged batches that was held."""

    rows: Rows
    types: NDArray[np.int64]
    held_share: float


def audited(
    candidates: Rows, types: NDArray[np.int64], human: HumanText, floors: Floors, count: int
) -> Batches:
    """The first `count` rows whose batch passes; where those don't suffice, the first held ones."""
    held = held_batches(types, human.rare, floors)
    chosen = np.argsort(np.repeat(held, BATCH_ROWS)[: len(candidates)], kind="stable")[:count]
    return Batches(candidates[chosen], types[chosen], float(held.mean()))


def clean_set(human: HumanText, synthetic: Batches, human_tokens: int, key: str) -> TrainingSet:
    """The training set: the synthetic batches that passed, and `human_tokens` tokens of human text."""
    passages = human_tokens // human.passage
    injected_at_most = round(INJECTED * passages)
    known = synthetic.types[(synthetic.types >= 0) & (synthetic.types < len(human.rare))]
    present = np.bincount(known, minlength=len(human.rare))
    injected = tail_passages(
        human.rows, human.types, present, human.rare, human.passage, injected_at_most, f"{key}/tail"
    )
    anchored = _tilted(human, passages - len(injected), f"{key}/weights")
    parts = [part(synthetic.rows, human=False), part(injected, human=True), anchored]
    return [each for each in parts if each.rows.size]


def _tilted(human: HumanText, count: int, key: str) -> Part:
    """Passages drawn towards the rare, weighted so that the draw is undone on average (Efraimidis and
    Spirakis 2006: the smallest -ln(u) / w are a draw without replacement by weight).
    """
    width = human.passage
    whole = human.rows.shape[1] // width * width
    rows, types = human.rows[:, :whole].reshape(-1, width), human.types[:, :whole].reshape(-1, width)
    rarity = np.where(types >= 0, human.counts[types].astype(np.float64) ** -0.5, 0.0).sum(1)
    tilt = (rarity + 1e-9) / np.maximum((types >= 0).sum(1), 1)
    chosen = np.argsort(-np.log1p(-uniforms(key, len(rows))) / tilt, kind="stable")[:count]
    weights = 1 / tilt[chosen]
    weights = np.clip(weights * len(chosen) / weights.sum(), _LEAST_WEIGHT, _MOST_WEIGHT)
    return part(rows[chosen], human=True, weights=weights)
