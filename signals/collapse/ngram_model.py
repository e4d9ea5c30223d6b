"""An interpolated bigram model: fitted in one sort, tuned on real text, sampled exactly as it is scored.

    p(x | c) = a p2(x | c) + (1 - a - e) p1(x) + e / V,     a one number for each bin of c's count

p2 and p1 are relative frequencies of the weighted training text. `a` makes real held-out text likeliest,
bin by bin of how often the context was seen (Jelinek and Mercer 1980), and is found again for every model.
V is the vocabulary that all models of a chain share, e = 1/1000: a word that has died keeps a probability,
so that perplexity exists. e is not tuned, because whatever is scored is also drawn: the share that suits
held-out text grows as words die, to more than a tenth, and would bring dead words back at random.
"""

import numpy as np
from numpy.typing import NDArray

from wellspring.signals.collapse.generation_text import Rows, TrainingSet
from wellspring.signals.stats.counter_draws import uniforms

FLOOR = 0.001
_BINS = 16
_STEPS = 30


class NgramModel:
    """A fitted and tuned model; see the module."""

    def __init__(self, training: TrainingSet, tuning: Rows, vocabulary: int) -> None:
        """Args:
        training: ids 0..vocabulary-1, at least one token.
        tuning: real text that is not in it.
        """
        both = [_pairs(each.rows, vocabulary) for each in training]
        before = np.concatenate([contexts for contexts, _ in both])
        tokens = np.concatenate([following for _, following in both])
        mass = np.concatenate([np.repeat(each.weights, each.rows.shape[1]) for each in training])
        order = np.argsort(before * vocabulary + tokens, kind="stable")
        before, self._tokens, mass = before[order], tokens[order], mass[order]
        self._vocabulary = vocabulary
        # Of the training text sorted by context: how much stands before each place, where contexts begin.
        self._cumulative = np.concatenate([[0.0], np.cumsum(mass)])
        starts = np.searchsorted(before, np.arange(vocabulary + 2))
        self._context_from = self._cumulative[starts[:-1]]
        self._context_mass = self._cumulative[starts[1:]] - self._context_from
        self._unigram = np.bincount(self._tokens, mass, vocabulary) / mass.sum()
        keys = before * vocabulary + self._tokens
        first = np.flatnonzero(np.diff(keys, prepend=-1))
        self._keys, self._pair_mass = keys[first], np.add.reduceat(mass, first)
        self._bin = np.minimum(np.log2(self._context_mass + 1).astype(np.int64), _BINS - 1)
        self._share = self._tuned(tuning)[self._bin]

    def log_probabilities(self, rows: Rows) -> NDArray[np.float64]:
        """ln p of each token, shape (tokens,), row after row."""
        before, bigram, unigram = self._components(rows)
        share = self._share[before]
        mixed = share * bigram + (1 - FLOOR - share) * unigram + FLOOR / self._vocabulary
        result: NDArray[np.float64] = np.log(mixed)
        return result

    def type_probabilities(self, rows: Rows) -> NDArray[np.float64]:
        """Mean of p(x | c) over the contexts c of the rows, shape (vocabulary,): what share of them the
        model holds each type to be.
        """
        before, _ = _pairs(rows, self._vocabulary)
        contexts = np.bincount(before, minlength=self._vocabulary + 1)
        by_bigram = contexts * self._share
        context, token = np.divmod(self._keys, self._vocabulary)
        bigram = by_bigram[context] * self._pair_mass / self._context_mass[context]
        summed = np.bincount(token, bigram, self._vocabulary)
        summed += ((1 - FLOOR) * contexts.sum() - by_bigram.sum()) * self._unigram
        result: NDArray[np.float64] = summed / contexts.sum() + FLOOR / self._vocabulary
        return result

    def sample(self, rows: int, tokens: int, key: str) -> Rows:
        """Text drawn from the very distribution that `log_probabilities` scores, shape (rows, tokens).

        Every token is decided by (key, its place) and the model.
        """
        draws = uniforms(key, 2 * rows * tokens).reshape(tokens, 2, rows)
        made = np.empty((rows, tokens), dtype=np.int32)
        context = np.full(rows, self._vocabulary)
        last, whole = len(self._tokens) - 1, self._cumulative[-1]
        for at, (component, place) in enumerate(draws):
            share = self._share[context]
            follows = component < share
            low = np.where(follows, self._context_from[context], 0.0)
            width = np.where(follows, self._context_mass[context], whole)
            found = np.searchsorted(self._cumulative, low + place * width, side="right") - 1
            drawn = self._tokens[np.minimum(found, last)]
            any_type = (place * self._vocabulary).astype(np.int64)
            context = np.where(component < 1 - FLOOR, drawn, any_type)
            made[:, at] = context
        return made

    def _components(self, rows: Rows) -> tuple[NDArray[np.int64], NDArray[np.float64], NDArray[np.float64]]:
        """(context, p2, p1) of each token."""
        before, tokens = _pairs(rows, self._vocabulary)
        keys = before * self._vocabulary + tokens
        at = np.minimum(np.searchsorted(self._keys, keys), len(self._keys) - 1)
        pair_mass = np.where(self._keys[at] == keys, self._pair_mass[at], 0.0)
        seen = self._context_mass[before]
        bigram = np.divide(pair_mass, seen, out=np.zeros(len(keys)), where=seen > 0)
        return before, bigram, self._unigram[tokens]

    def _tuned(self, tuning: Rows) -> NDArray[np.float64]:
        """Of each bin the bigram's share, by expectation and maximisation on the tuning text."""
        before, bigram, unigram = self._components(tuning)
        bins = self._bin[before]
        share = np.full(_BINS, 0.5)
        # One imagined token a bin keeps the share of an empty bin defined.
        size = np.bincount(bins, minlength=_BINS) + 1.0
        for _ in range(_STEPS):
            by_bigram = share[bins] * bigram
            other = (1 - FLOOR - share[bins]) * unigram + FLOOR / self._vocabulary
            kept = np.bincount(bins, by_bigram / (by_bigram + other), _BINS) + share
            share = (1 - FLOOR) * kept / size
        share[0] = 0.0  # a context with less than one occurrence has no followers to speak of
        return share


def _pairs(rows: Rows, vocabulary: int) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """(context, token) of each token, row after row; the first context of a row is `vocabulary`."""
    before = np.full(rows.shape, vocabulary, dtype=np.int64)
    before[:, 1:] = rows[:, :-1]
    return before.ravel(), rows.ravel().astype(np.int64)
