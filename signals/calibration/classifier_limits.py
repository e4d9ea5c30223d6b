"""Where a classifier flags and where it keeps silent: thresholds, shortest text, the range of prose."""

import re
from collections.abc import Sequence

import msgspec
import numpy as np
from numpy.typing import NDArray

from wellspring.schemas.classifier import Range, Threshold
from wellspring.schemas.measurements import Measurements
from wellspring.signals.calibration.classifier_fitting import Fitting
from wellspring.signals.calibration.error_bound import (
    CONFIDENCE,
    BoundedThreshold,
    bounded_threshold,
    upper_bound,
)
from wellspring.signals.calibration.labelled import LabelledText
from wellspring.signals.calibration.text_fitting import feature_matrix, text_scores
from wellspring.signals.stats.hashing import stable_hash
from wellspring.signals.stats.roc import roc_auc_interval
from wellspring.signals.verdict.prose import prose_shape

BANDS: tuple[tuple[int, int | None], ...] = ((0, 74), (75, 149), (150, 299), (300, None))
"""Words: each has thresholds of its own where the text allows."""
HIGH_SHARE = 0.1
"""HIGH confidence asks for a tenth of the false-positive rate, or for the least that can be promised."""
LENGTHS = (10, 20, 30, 50, 75, 100, 150)
_OUTSIDE = 0.001
_WORD = re.compile(r"\S+")
_MOST_TRIED = 300
_FULL_BAND = 1000


def band_name(low: int, high: int | None) -> str:
    """A range of lengths in words."""
    return f"{low} to {high} words" if high is not None else f"{low} words and more"


def cut_to_words(text: str, words: int) -> str:
    """The first words of a text, white space between them as it stands."""
    for count, match in enumerate(_WORD.finditer(text), start=1):
        if count == words:
            return text[: match.end()]
    return text


def short_versions(texts: Sequence[LabelledText], words: Sequence[int], min_words: int) -> list[LabelledText]:
    """Copies of texts cut to the lengths of the bands below 150 words, to fill each up to 1,000 texts:
    labelled text is rarely so short, a crawl's often is.

    Args:
        words: the length of each text.
    """
    short = []
    for low, high in BANDS:
        if high is None or high >= LENGTHS[-1]:
            continue
        low = max(low, min_words)
        wanted = _FULL_BAND - sum(low <= count <= high for count in words)
        longer = [text for text, count in zip(texts, words, strict=True) if count > high]
        longer.sort(key=lambda text: stable_hash(text.id, "cut"))
        for text in longer[: max(wanted, 0)]:
            length = low + stable_hash(text.id, f"cut {low}") % (high - low + 1)
            cut = msgspec.structs.replace(
                text, id=f"{text.id} cut to {length}", text=cut_to_words(text.text, length)
            )
            short.append(cut)
    return short


def thresholds(
    words: Sequence[int], probabilities: NDArray[np.float64], whole: int, max_fpr: float
) -> list[Threshold]:
    """A threshold for each band of length, from human texts that were not fitted on, one a prompt.

    A band with too few texts for the promise takes that of all whole texts; where those are too few as
    well, the highest score seen, and `bound` says how little that promises.

    Args:
        whole: the first so many are whole texts, the others copies cut short.
    """
    of_all = bounded_threshold(probabilities[:whole].tolist(), max_fpr) or BoundedThreshold(
        float(probabilities[:whole].max(initial=0.5)), upper_bound(0, whole) if whole else 1.0, whole
    )
    counts = np.asarray(words)
    result = []
    for low, high in BANDS:
        inside = (counts >= low) & (counts <= (high if high is not None else np.inf))
        own = bounded_threshold(probabilities[inside].tolist(), max_fpr)
        found = own or of_all
        result.append(
            Threshold(
                min_words=low,
                max_words=high,
                probability=found.threshold,
                max_fpr=max_fpr,
                bound=found.bound,
                confidence=CONFIDENCE,
                human=found.documents,
                stratum=band_name(low, high) if own else "all lengths",
            )
        )
    return result


def shortest_judged(fitting: Fitting) -> int:
    """Words from which on text is judged: the least of the tried lengths at which every left-out
    collection that is told apart at full length (95% bound of the ROC AUC above 0.5) is told apart too.
    """
    lengths_of: list[set[int]] = []
    for fitted, scored in fitting.folds("collection"):
        if not fitting.both_labels(scored):
            continue
        chosen, model = np.flatnonzero(scored), fitting.fit(fitted)
        if not _is_separable(text_scores(fitting.matrix[chosen], model), fitting, chosen):
            continue
        better = set()
        for length in LENGTHS:
            tried = _some(fitting, chosen, length)
            cut = feature_matrix(cut_to_words(fitting.texts[i].text, length) for i in tried)
            if _is_separable(text_scores(cut, model), fitting, tried):
                better.add(length)
        lengths_of.append(better)
    always = set.intersection(*lengths_of) if lengths_of else set()
    return min(always, default=LENGTHS[-1])


def _some(fitting: Fitting, chosen: NDArray[np.int64], length: int) -> NDArray[np.int64]:
    """At most 300 of each label, by hash, of those that are longer."""
    ordered = sorted(chosen.tolist(), key=lambda i: stable_hash(fitting.texts[i].id, "length"))
    long = [i for i in ordered if len(fitting.texts[i].text.split()) >= length]
    by_label = [[i for i in long if fitting.texts[i].synthetic is label] for label in (True, False)]
    return np.array(by_label[0][:_MOST_TRIED] + by_label[1][:_MOST_TRIED], dtype=np.int64)


def _is_separable(scores: NDArray[np.float64], fitting: Fitting, chosen: NDArray[np.int64]) -> bool:
    labels = fitting.synthetic[chosen]
    if not labels.any() or labels.all():
        return False
    prompts = np.unique([fitting.texts[i].prompt for i in chosen], return_inverse=True)[1]
    return roc_auc_interval(scores, labels, prompts).low > 0.5


def prose_ranges(texts: Sequence[LabelledText], measurements: Sequence[Measurements]) -> list[Range]:
    """The ranges that one in a thousand of the labelled texts lies outside of; outside them the classifier
    was shown nothing and abstains.
    """
    shapes = np.array([prose_shape(text.text) for text in texts])
    functions, letters, short_lines = shapes.T
    ranges = [
        Range(
            signal="function_words",
            low=float(np.quantile(functions, _OUTSIDE)),
            high=1.0,
            reason="too few function words for running English: a list, names, code or another language",
        ),
        Range(
            signal="letters",
            low=float(np.quantile(letters, _OUTSIDE)),
            high=1.0,
            reason="too few letters for prose: code, a table or numbers",
        ),
        Range(
            signal="short_lines",
            low=0.0,
            high=float(np.quantile(short_lines, 1 - _OUTSIDE)),
            reason="most of it in lines of a few words: a list, a menu or verse",
        ),
    ]
    predictable = [m.bits_per_byte for m in measurements if m.bits_per_byte is not None]
    if predictable:
        ranges.append(
            Range(
                signal="bits_per_byte",
                low=float(np.quantile(predictable, _OUTSIDE)),
                high=float(np.quantile(predictable, 1 - _OUTSIDE)),
                reason="unlike the text it was calibrated on, repeated, known by heart or garbled",
            )
        )
    return ranges
