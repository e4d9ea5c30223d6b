"""From labelled, measured text to a classifier: what it weighs, where it flags, where it abstains.

The text model's own scores are optimistic on text that it was fitted on. Whatever is set on scores
(the combination with the scorer's signals, the calibration of the probability, the shortest length) is set
on scores of documents whose whole collection was left out; the thresholds on scores of human documents by
models that saw nothing of their prompts.
"""

from collections.abc import Iterator, Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy import sparse
from sklearn.linear_model import LogisticRegression

from wellspring.schemas.classifier import SignalTerm
from wellspring.schemas.label import FEWEST_OF_A_LABEL
from wellspring.schemas.measurements import Measurements
from wellspring.signals.calibration.labelled import LabelledText
from wellspring.signals.calibration.left_out import Scheme, training_masks
from wellspring.signals.calibration.text_fitting import (
    TextFit,
    cell_weights,
    feature_matrix,
    fit_text,
    text_scores,
)
from wellspring.signals.stats.hashing import stable_hash
from wellspring.signals.verdict.classifier import CLIP, term_value

TERMS: dict[str, tuple[str, str]] = {
    "cross_entropy_difference": (
        "a model of machine text predicts it better than one of human text",
        "a model of machine text predicts it no better than one of human text",
    ),
    "binoculars": (
        "more surprising than two models expect of each other",
        "no more surprising than two models expect of each other",
    ),
    "burstiness": ("sentence lengths vary much", "sentence lengths vary little"),
    "surprisal_kurtosis": ("surprise comes in rare jumps", "surprise is spread evenly"),
}
"""Signals that may enter beside the text, with what a high and a low value of each means. Chosen on
left-out collections: the dozen others of the scorer added nothing to these four."""
_TERM_C = 0.1
_DEFINED = 0.99
_PARTS = 5


class Measured(NamedTuple):
    """Labelled texts with the scorer's and the text's own measurements, one each."""

    texts: list[LabelledText]
    measurements: list[Measurements]


class LogOdds(NamedTuple):
    """A `schemas.classifier.Combination` before its thresholds are set."""

    intercept: float
    text_weight: float
    terms: list[SignalTerm]


def refuse_too_few(texts: Sequence[LabelledText]) -> None:
    """Raises:
    ValueError: a label is missing, or there are fewer than 60 documents of one.
    """
    synthetic = sum(text.synthetic for text in texts)
    for label, count in (("human", len(texts) - synthetic), ("synthetic", synthetic)):
        if count < FEWEST_OF_A_LABEL:
            raise ValueError(
                f"{count} {label} documents are too few: at least {FEWEST_OF_A_LABEL} are needed"
            )


class Fitting:
    """One calibration's text, featurised once, and the fits that its steps share.

    `measured` is text that the scorer never saw in training: everything is fitted on it. `text_only` is
    labelled text that it may have seen: it enters the text model alone.
    """

    def __init__(self, measured: Measured, text_only: Sequence[LabelledText]) -> None:
        """Raises:
        ValueError: a label is missing, or there are fewer than 60 documents of one.
        """
        self.measured = measured
        self.texts = [*measured.texts, *text_only]
        self.synthetic = np.array([text.synthetic for text in self.texts])
        refuse_too_few(measured.texts)
        self._weights = cell_weights([text.source for text in self.texts], self.synthetic)
        self._fits: dict[bytes, TextFit] = {}
        self.own = len(measured.texts)
        self.matrix: sparse.csr_matrix = feature_matrix(text.text for text in self.texts)
        self.terms = [name for name in TERMS if self._defined(name) >= _DEFINED]

    def fit(self, documents: NDArray[np.bool_]) -> TextFit:
        """The text model of some documents: fitted once, since several steps leave out the same."""
        key = documents.tobytes()
        if key not in self._fits:
            self._fits[key] = fit_text(
                self.matrix[documents], self.synthetic[documents], self._weights[documents]
            )
        return self._fits[key]

    def folds(self, scheme: Scheme) -> Iterator[tuple[NDArray[np.bool_], NDArray[np.bool_]]]:
        """(documents to fit on, measured documents to score) of each fold that has both labels to fit on and
        something to score.
        """
        measured = np.arange(len(self.texts)) < self.own
        for _, fitted, scored in training_masks(self.texts, scheme):
            scored = scored & measured
            if scored.any() and self.both_labels(fitted):
                yield fitted, scored

    def fits_by_prompt(self) -> Iterator[tuple[TextFit, list[int]]]:
        """Five text models, and for each the measured documents that it knows nothing of: a fifth of the
        prompts, whole. A human text whose synthetic partner was fitted on looks synthetic by the words that
        they share.
        """
        part = np.array([stable_hash(text.prompt, "prompts") % _PARTS for text in self.texts])
        for number in range(_PARTS):
            inside = np.flatnonzero(part[: self.own] == number)
            yield self.fit(part != number), inside.tolist()

    def collection_scores(self, within: NDArray[np.bool_]) -> NDArray[np.float64]:
        """Text scores of the measured documents `within`, each by a model of those of other collections; NaN
        for the others, and where one collection is all there is.
        """
        scores = np.full(len(self.texts), np.nan)
        scheme: Scheme = "collection" if len({t.collection for t in self.measured.texts}) > 1 else "source"
        for fitted, scored in self.folds(scheme):
            fitted, scored = fitted & within, scored & within
            if scored.any() and self.both_labels(fitted):
                scores[scored] = text_scores(self.matrix[scored], self.fit(fitted))
        return scores[: self.own]

    def both_labels(self, documents: NDArray[np.bool_]) -> bool:
        """Whether documents of both labels are among them."""
        labels = self.synthetic[documents]
        return bool(labels.any() and not labels.all())

    def combine(
        self, scores: NDArray[np.float64], documents: NDArray[np.bool_], terms: Sequence[str]
    ) -> LogOdds:
        """Log-odds at even prevalence from left-out text scores and terms, fitted on measured documents.

        A text score that is higher for human text of collections left out has learned what these collections
        are about, not who wrote them. It gets no weight, never a negative one: turned round it would be right
        on the collections at hand, and wrong on the very texts that it was fitted on.
        """
        chosen = documents & ~np.isnan(scores)
        labels = self.synthetic[: self.own][chosen]
        if not labels.any() or labels.all():
            raise ValueError("nothing to calibrate on: leave-out needs both labels in more than one source")
        columns, shapes = [scores[chosen]], []
        for name in terms:
            values = self._values(name)[chosen]
            center, scale = float(np.nanmean(values)), float(np.nanstd(values)) or 1.0
            shapes.append((name, center, scale))
            columns.append(np.nan_to_num(np.clip((values - center) / scale, -CLIP, CLIP)))
        # Each label weighs the same: even prevalence.
        weights = self._weights[: self.own][chosen].copy()
        for label in (True, False):
            weights[labels == label] /= weights[labels == label].sum()
        spread = float(columns[0].std()) or 1.0
        columns[0] = columns[0] / spread
        model = LogisticRegression(C=_TERM_C, max_iter=1000)
        model.fit(np.stack(columns, axis=1), labels, sample_weight=weights * len(labels) / 2)
        if model.coef_[0][0] < 0:
            columns[0] = np.zeros_like(columns[0])
            model.fit(np.stack(columns, axis=1), labels, sample_weight=weights * len(labels) / 2)
        text_weight, *term_weights = model.coef_[0].tolist()
        return LogOdds(
            intercept=float(model.intercept_[0]),
            text_weight=text_weight / spread,
            terms=[
                SignalTerm(
                    signal=name,
                    weight=weight,
                    center=center,
                    scale=scale,
                    reason_high=TERMS[name][0],
                    reason_low=TERMS[name][1],
                )
                for (name, center, scale), weight in zip(shapes, term_weights, strict=True)
            ],
        )

    def _values(self, name: str) -> NDArray[np.float64]:
        return np.array(
            [np.nan if (v := getattr(m, name)) is None else v for m in self.measured.measurements],
            dtype=np.float64,
        )

    def _defined(self, name: str) -> float:
        return float((~np.isnan(self._values(name))).mean())


def combined(
    combination: LogOdds, scores: NDArray[np.float64], measurements: Sequence[Measurements]
) -> NDArray[np.float64]:
    """Probabilities by a combination; an undefined measurement adds nothing."""
    log_odds = combination.intercept + combination.text_weight * scores
    for term in combination.terms:
        values = [getattr(m, term.signal) for m in measurements]
        log_odds = log_odds + np.array([0.0 if v is None else term_value(term, v) for v in values])
    return 1 / (1 + np.exp(-log_odds))


def left_out_probabilities(
    fitting: Fitting, scheme: Scheme, collection_scores: NDArray[np.float64]
) -> NDArray[np.float64]:
    """Probabilities of the measured documents, each by a classifier fitted without its fold; NaN for a fold
    without which one label is missing.

    Under "collection" the combination is fitted on scores by models without either collection; under the
    other schemes on the shared `collection_scores` of the documents outside the fold, whose text models
    did see it: five coefficients learn next to nothing from that, and it saves hundreds of fits.
    """
    result = np.full(fitting.own, np.nan)
    for fitted, scored in fitting.folds(scheme):
        inside = scored[: fitting.own]
        scores = np.full(fitting.own, np.nan)
        scores[inside] = text_scores(fitting.matrix[scored], fitting.fit(fitted))
        inner = fitting.collection_scores(within=fitted) if scheme == "collection" else collection_scores
        combination = fitting.combine(inner, fitted[: fitting.own], fitting.terms)
        result[inside] = combined(combination, scores, fitting.measured.measurements)[inside]
    return result
