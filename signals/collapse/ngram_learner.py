"""The n-gram learner of a simulation: words are its tokens, real text's words its vocabulary."""

import numpy as np
from numpy.typing import NDArray

from wellspring.signals.collapse.collapse_metrics import HeldOutScores
from wellspring.signals.collapse.corpus_split import CorpusSplit, SplitText, drawn
from wellspring.signals.collapse.generation_text import Rows, TrainingSet
from wellspring.signals.collapse.ngram_model import NgramModel

ROW_TOKENS = 200
PASSAGE = 7
"""Words of a passage: a rare word with three on either side, as a concordance shows it."""


class NgramLearner:
    """Bigram models of one seed's text. `recursive_training.Learner` says what each member is."""

    passage = PASSAGE
    measured_share = 1.0

    def __init__(self, split: CorpusSplit, seed: int) -> None:
        """The vocabulary is closed: words that the training text lacks are left out of the held-out text,
        since no model of the chain could know them. `unknown` is their share of it.
        """
        words = [word for each in drawn(split.pool, split.words, seed) for word in each.words]
        words = words[: min(len(words), split.words) // ROW_TOKENS * ROW_TOKENS]
        self._ids = {word: number for number, word in enumerate(dict.fromkeys(words))}
        self.real = _rows([self._ids[word] for word in words])
        self._tuning = self._known(split.tuning)
        self._test = self._known(split.test)
        self.unknown = 1 - self._test.size / sum(len(each.words) for each in split.test)
        self.held_out = self._test.ravel().astype(np.int64)

    def fit(self, training: TrainingSet, seed: int, regime: str, generation: int) -> NgramModel:
        """A model of the training set; nothing of it is drawn."""
        return NgramModel(training, self._tuning, len(self._ids))

    def types_of(self, rows: Rows) -> NDArray[np.int64]:
        """The tokens themselves."""
        return rows.astype(np.int64)

    def real_probabilities(self, scores: HeldOutScores) -> NDArray[np.float64]:
        """Relative frequencies in the held-out text."""
        return np.bincount(self.held_out, minlength=len(self._ids)) / len(self.held_out)

    def score(self, model: NgramModel) -> HeldOutScores:
        """On the held-out words; p(x) is its mean over their contexts."""
        return HeldOutScores(model.log_probabilities(self._test), model.type_probabilities(self._test))

    def _known(self, texts: list[SplitText]) -> Rows:
        return _rows([self._ids[word] for each in texts for word in each.words if word in self._ids])


def _rows(ids: list[int]) -> Rows:
    """Whole rows of 200; what is left over at the end is dropped."""
    whole = len(ids) // ROW_TOKENS * ROW_TOKENS
    return np.array(ids[:whole], dtype=np.int32).reshape(-1, ROW_TOKENS)
