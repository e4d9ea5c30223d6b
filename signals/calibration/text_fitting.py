"""Fitting the text model: logistic regression over hashed n-grams, with scikit-learn."""

from collections import Counter
from collections.abc import Iterable, Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy import sparse
from sklearn.linear_model import LogisticRegression

from wellspring.signals.verdict.text_features import BUCKETS, buckets_of, features

_C = 5.0
_ITERATIONS = 60
_TOLERANCE = 1e-3
_LARGEST_IDF = 6.0
_SMALLEST_IDF = 0.05


class TextFit(NamedTuple):
    """score = weights @ features + intercept."""

    weights: NDArray[np.float32]
    intercept: float


def feature_matrix(texts: Iterable[str]) -> sparse.csr_matrix:
    """The features of texts, [n, 2^18] float32."""
    rows = [features(buckets_of(text)) for text in texts]
    starts = np.cumsum([0, *(len(row.buckets) for row in rows)])
    if not rows:
        return sparse.csr_matrix((0, BUCKETS), dtype=np.float32)
    values = np.concatenate([row.values for row in rows]).astype(np.float32)
    return sparse.csr_matrix(
        (values, np.concatenate([row.buckets for row in rows]), starts), shape=(len(rows), BUCKETS)
    )


def cell_weights(sources: Sequence[str], synthetic: NDArray[np.bool_]) -> NDArray[np.float64]:
    """One weight a document, mean one: count^-1/2 of the documents of its source and label.

    Between counting documents, where the largest source decides, and counting sources, where the
    smallest one's few texts weigh as much as a thousand.
    """
    cells = list(zip(sources, synthetic.tolist(), strict=True))
    counts = Counter(cells)
    weights = np.array([counts[cell] ** -0.5 for cell in cells])
    return np.asarray(weights / weights.mean())


def rarity_scales(matrix: sparse.csr_matrix) -> NDArray[np.float32]:
    """Square root of each bucket's idf, ln(n / documents that have it): commonest n-grams, that say
    most of a text's topic-free style but in nearly every text, are turned down and none is left out.
    """
    documents = np.bincount(matrix.indices, minlength=matrix.shape[1])
    idf = np.log(matrix.shape[0] / np.maximum(documents, 1))
    return np.asarray(np.sqrt(np.clip(idf, _SMALLEST_IDF, _LARGEST_IDF)), dtype=np.float32)


def fit_text(
    matrix: sparse.csr_matrix, synthetic: NDArray[np.bool_], weights: NDArray[np.float64]
) -> TextFit:
    """Fits the text model; the columns' scales are folded into the weights.

    Args:
        matrix: of `feature_matrix`, [n, 2^18]. synthetic, weights: one a row.

    Raises:
        ValueError: all documents carry one label.
    """
    if synthetic.all() or not synthetic.any():
        raise ValueError("all documents carry one label: give human and synthetic text")
    scales = rarity_scales(matrix)
    scaled = matrix.multiply(scales[None, :]).tocsr().astype(np.float32)
    model = LogisticRegression(C=_C, max_iter=_ITERATIONS, tol=_TOLERANCE)
    model.fit(scaled, synthetic, sample_weight=weights / weights.mean())
    return TextFit((model.coef_[0] * scales).astype(np.float32), float(model.intercept_[0]))


def text_scores(matrix: sparse.csr_matrix, fit: TextFit) -> NDArray[np.float64]:
    """Scores of the rows, [n]."""
    return np.asarray(matrix @ fit.weights, dtype=np.float64) + fit.intercept
