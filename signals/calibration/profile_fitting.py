"""A whole profile from labelled, measured text: classifier, gate, and what both are worth."""

import math
from collections.abc import Callable, Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from wellspring.schemas.accuracy import Judged
from wellspring.schemas.classifier import Classifier, Combination, TextModel, Threshold
from wellspring.schemas.measurements import Measurements
from wellspring.schemas.profile import Gate
from wellspring.signals.batch.batch_signals import Document
from wellspring.signals.calibration.classifier_fitting import (
    Fitting,
    LogOdds,
    combined,
    left_out_probabilities,
)
from wellspring.signals.calibration.classifier_limits import (
    HIGH_SHARE,
    prose_ranges,
    short_versions,
    shortest_judged,
    thresholds,
)
from wellspring.signals.calibration.error_bound import fewest_documents, upper_bound
from wellspring.signals.calibration.gate_calibration import GateCheck, choose_gate
from wellspring.signals.calibration.judged import judged_text, left_out_of, operating_of
from wellspring.signals.calibration.labelled import LabelledText, one_per_prompt
from wellspring.signals.calibration.left_out import SCHEMES
from wellspring.signals.calibration.shortcuts import altered_areas
from wellspring.signals.calibration.text_fitting import feature_matrix, text_scores
from wellspring.signals.verdict.classifier import encode_weights, find_threshold

IN_SAMPLE = "in sample"
Measure = Callable[[Sequence[LabelledText]], list[Measurements]]


class Calibrated(NamedTuple):
    classifier: Classifier
    gate: Gate | None
    """None where the sources are too few for one; `gate_obstacle` says so."""
    gate_obstacle: str
    held: GateCheck | None
    judged: dict[str, list[Judged]]
    """By scheme: in sample, and leave one source, generator, collection out."""
    altered: dict[str, float]
    """ROC AUC of the text model on left-out collections, by what was removed from the texts."""


def fit_profile(
    fitting: Fitting,
    measure: Measure,
    *,
    max_fpr: float,
    batch_documents: int,
    language: str,
    say: Callable[[str], None],
) -> Calibrated:
    """Fits the classifier, judges the labelled text by classifiers that did not see it, sets the gate.

    Args:
        measure: measurements of texts, by the scorer that measured `fitting`'s; for shortened copies.
        say: told what is being done.

    Raises:
        ValueError: the labelled text doesn't allow it; the message says what is missing.
    """
    own = fitting.measured
    refuse_promise(own.texts, max_fpr)
    say("text model, each collection left out")
    everything = np.ones(len(fitting.texts), dtype=bool)
    scores = fitting.collection_scores(within=everything)
    model = fitting.fit(everything)
    say("shortest text that can be judged")
    min_words = shortest_judged(fitting)
    with_signals = fitting.combine(scores, everything[: fitting.own], fitting.terms)
    text_only = fitting.combine(scores, everything[: fitting.own], [])
    if text_only.text_weight == 0:
        say("the wording of no collection tells machine text of the others apart: it gets no weight")

    say("thresholds on human text, by models without its prompts")
    human = _HumanScores.of(fitting, measure, min_words)
    classifier = Classifier(
        text=TextModel(weights=encode_weights(model.weights), intercept=model.intercept),
        with_signals=_with_thresholds(with_signals, human, max_fpr) if with_signals.terms else None,
        text_only=_with_thresholds(text_only, human, max_fpr),
        min_words=min_words,
        prose=prose_ranges(own.texts, own.measurements),
        operating=None,
        left_out=None,
    )
    probabilities = {
        IN_SAMPLE: combined(with_signals, text_scores(fitting.matrix[: fitting.own], model), own.measurements)
    }
    for scheme in SCHEMES:
        say(f"classifiers with one {scheme} left out each")
        probabilities[f"leave one {scheme} out"] = left_out_probabilities(fitting, scheme, scores)
    judged = {
        name: _judged(fitting, values, classifier.main.thresholds, min_words)
        for name, values in probabilities.items()
    }
    left_out = next(
        judged[name]
        for name in reversed(judged)
        if any(each.probability is not None for each in judged[name])
    )
    classifier = classifier.model_copy(
        update={"operating": operating_of(left_out), "left_out": left_out_of(left_out)}
    )
    say("shortcuts that it might have learned")
    altered = altered_areas(fitting)
    say("the batch gate")
    gate, obstacle, held = _gate(fitting, left_out, batch_documents, language)
    return Calibrated(classifier, gate, obstacle, held, judged, altered)


def refuse_promise(texts: Sequence[LabelledText], max_fpr: float) -> None:
    """Raises:
    ValueError: so many human texts don't allow the promise; the message says which one they do.
    """
    human = len(one_per_prompt([text for text in texts if not text.synthetic]))
    needed = fewest_documents(max_fpr)
    if human < needed:
        least = upper_bound(0, human)
        raise ValueError(
            f"--max_fpr={max_fpr:g} can't be promised from {human:,} human documents (one per prompt): it "
            f"takes {needed:,}; these allow --max_fpr={math.ceil(least * 1000) / 1000:g}"
        )


class _HumanScores(NamedTuple):
    """Human texts, one a prompt, then copies of some cut short: text scores by models that saw nothing of
    their prompts, and their measurements.
    """

    scores: NDArray[np.float64]
    measurements: list[Measurements]
    whole: int

    @classmethod
    def of(cls, fitting: Fitting, measure: Measure, min_words: int) -> "_HumanScores":
        known = dict(zip((t.id for t in fitting.measured.texts), fitting.measured.measurements, strict=True))
        human = one_per_prompt([text for text in fitting.measured.texts if not text.synthetic])
        short = short_versions(human, [known[text.id].words for text in human], min_words)
        sample = [*human, *short]
        scores = np.full(len(sample), np.nan)
        for model, unseen in fitting.fits_by_prompt():
            prompts = {fitting.texts[i].prompt for i in unseen}
            chosen = [i for i, text in enumerate(sample) if text.prompt in prompts]
            if chosen:
                scores[chosen] = text_scores(feature_matrix(sample[i].text for i in chosen), model)
        return cls(scores, [known[text.id] for text in human] + measure(short), len(human))


def _with_thresholds(log_odds: LogOdds, human: _HumanScores, max_fpr: float) -> Combination:
    probabilities = combined(log_odds, human.scores, human.measurements)
    words = [m.words for m in human.measurements]
    return Combination(
        intercept=log_odds.intercept,
        text_weight=log_odds.text_weight,
        terms=log_odds.terms,
        thresholds=thresholds(words, probabilities, human.whole, max_fpr),
        high=thresholds(words, probabilities, human.whole, max_fpr * HIGH_SHARE),
    )


def _judged(
    fitting: Fitting, probabilities: NDArray[np.float64], limits: Sequence[Threshold], min_words: int
) -> list[Judged]:
    result = []
    for text, m, value in zip(
        fitting.measured.texts, fitting.measured.measurements, probabilities.tolist(), strict=True
    ):
        known = not np.isnan(value) and m.words >= min_words
        result.append(
            judged_text(
                text,
                words=m.words,
                probability=value if known else None,
                flagged=known and value > find_threshold(limits, m.words).probability,
            )
        )
    return result


def _gate(
    fitting: Fitting, judged: Sequence[Judged], size: int, language: str
) -> tuple[Gate | None, str, GateCheck | None]:
    documents = [
        Document(m, each.probability) for m, each in zip(fitting.measured.measurements, judged, strict=True)
    ]
    try:
        gate, held = choose_gate(
            [each.source for each in judged],
            [each.collection for each in judged],
            [each.synthetic for each in judged],
            documents,
            size=size,
            language=language,
        )
    except ValueError as error:
        return None, str(error), None
    return gate, "", held
