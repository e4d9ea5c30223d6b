"""Against a model written out as plain loops: what it scores, what it draws, how it is tuned."""

import itertools
from collections import Counter, defaultdict

import numpy as np
import pytest
from scipy.stats import chisquare

from wellspring.signals.collapse.generation_text import Part, part
from wellspring.signals.collapse.ngram_model import FLOOR, NgramModel
from wellspring.signals.stats.counter_draws import uniforms

VOCABULARY = 12


def text(key: str, rows: int, width: int = 30) -> np.ndarray:
    """Tokens of which the higher are rarer, half of them decided by the one before, the last never there."""
    draws = uniforms(key, 2 * rows * width).reshape(width, 2, rows)
    made = np.zeros((rows, width), dtype=np.int32)
    for at, (follows, place) in enumerate(draws):
        made[:, at] = place**2 * (VOCABULARY - 1)
        if at:
            made[:, at] = np.where(follows < 0.5, (3 * made[:, at - 1] + 1) % (VOCABULARY - 1), made[:, at])
    return made


@pytest.fixture(scope="module")
def model() -> NgramModel:
    return NgramModel([part(text("train", 40), human=True)], text("tune", 10), VOCABULARY)


def every_token(context: int | None) -> np.ndarray:
    """Rows that end in each token after a context; rows of one token where there is none."""
    tokens = np.arange(VOCABULARY, dtype=np.int32)[:, None]
    return tokens if context is None else np.hstack([np.full_like(tokens, context), tokens])


@pytest.mark.parametrize("context", [None, *range(VOCABULARY)])
def test_it_is_a_distribution_in_every_context(model: NgramModel, context: int | None) -> None:
    rows = every_token(context)
    p = np.exp(model.log_probabilities(rows)).reshape(rows.shape)[:, -1]
    assert p.sum() == pytest.approx(1)
    assert p.min() >= FLOOR / VOCABULARY * 0.999


def test_it_mixes_the_frequencies_of_plain_counts(model: NgramModel) -> None:
    rows = text("train", 40)
    unigrams = Counter(rows.ravel().tolist())
    followers: dict[int, Counter[int]] = defaultdict(Counter)
    for row in rows.tolist():
        for before, token in itertools.pairwise(row):
            followers[before][token] += 1
    context, p1 = 2, np.array([unigrams[x] / rows.size for x in range(VOCABULARY)])
    p2 = np.array([followers[context][x] / followers[context].total() for x in range(VOCABULARY)])
    scored = np.exp(model.log_probabilities(every_token(context))).reshape(-1, 2)[:, 1] - FLOOR / VOCABULARY
    share = np.linalg.lstsq(np.stack([p2, p1], axis=1), scored, rcond=None)[0]
    assert share.sum() == pytest.approx(1 - FLOOR)
    assert np.stack([p2, p1], axis=1) @ share == pytest.approx(scored, abs=1e-12)


def test_what_is_drawn_has_the_probabilities_that_are_scored(model: NgramModel) -> None:
    drawn = model.sample(40_000, 2, "draw")
    starts = np.exp(model.log_probabilities(every_token(None)))
    assert chisquare(np.bincount(drawn[:, 0], minlength=VOCABULARY), starts * len(drawn)).pvalue > 0.001
    for context in (0, 3):
        after = drawn[drawn[:, 0] == context, 1]
        p = np.exp(model.log_probabilities(every_token(context))).reshape(-1, 2)[:, 1]
        assert chisquare(np.bincount(after, minlength=VOCABULARY), p * len(after)).pvalue > 0.001


def test_types_get_the_mean_of_their_probabilities_over_contexts(model: NgramModel) -> None:
    rows = text("test", 5)
    wanted = np.zeros(VOCABULARY)
    for row in rows.tolist():
        for context in [None, *row[:-1]]:
            scored = np.exp(model.log_probabilities(every_token(context)))
            wanted += scored.reshape(VOCABULARY, -1)[:, -1]
    assert model.type_probabilities(rows) == pytest.approx(wanted / rows.size)


def test_its_shares_make_the_tuning_text_likeliest(model: NgramModel) -> None:
    tuning = text("tune", 10)
    best = model.log_probabilities(tuning).sum()
    for step in (-0.03, 0.03):
        other = NgramModel([part(text("train", 40), human=True)], tuning, VOCABULARY)
        other._share = np.clip(other._share + step, 0, 1 - FLOOR)
        assert other.log_probabilities(tuning).sum() < best


def test_a_weight_of_two_is_a_second_copy() -> None:
    rows, tuning = text("train", 20), text("tune", 5)
    weighted = NgramModel([part(rows, human=True, weights=np.full(20, 2.0))], tuning, VOCABULARY)
    twice: list[Part] = [part(rows, human=True), part(rows, human=False)]
    copied = NgramModel(twice, tuning, VOCABULARY)
    test = text("test", 5)
    assert weighted.log_probabilities(test) == pytest.approx(copied.log_probabilities(test))
    assert np.array_equal(weighted.sample(3, 50, "k"), weighted.sample(3, 50, "k"))
    assert not np.array_equal(weighted.sample(3, 50, "k"), weighted.sample(3, 50, "l"))
