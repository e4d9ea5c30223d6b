"""Whether a classifier reads how its labelled text was kept rather than how it was written.

Labelled sets have easy giveaways: synthetic texts cut in mid-sentence, human ones without line breaks, the
first words copied from the partner. Each is removed from the texts that are judged, not from those that were
fitted on; what stands on it would fall.
"""

import re
from collections.abc import Callable

import numpy as np

from wellspring.signals.calibration.classifier_fitting import Fitting
from wellspring.signals.calibration.text_fitting import feature_matrix, text_scores
from wellspring.signals.stats.roc import roc_auc
from wellspring.signals.text.sentences import split_sentences

_FIRST_WORDS = re.compile(r"\s*(?:\S+\s+){20}")


def _without_last_sentence(text: str) -> str:
    sentences = split_sentences(text).splitlines()
    return " ".join(sentences[:-1]) if len(sentences) > 1 else text


ALTERATIONS: dict[str, Callable[[str], str]] = {
    "as they are": lambda text: text,
    "line ends removed": lambda text: " ".join(text.split()),
    "last sentence removed": _without_last_sentence,
    "first twenty words removed": lambda text: _FIRST_WORDS.sub("", text, count=1) or text,
    "lower case": str.lower,
}


def altered_areas(fitting: Fitting) -> dict[str, float]:
    """{alteration: ROC AUC of the text model, mean over left-out collections}."""
    areas: dict[str, list[float]] = {name: [] for name in ALTERATIONS}
    for fitted, scored in fitting.folds("collection"):
        if not fitting.both_labels(scored):
            continue
        model = fitting.fit(fitted)
        texts = [fitting.texts[i].text for i in np.flatnonzero(scored)]
        for name, alter in ALTERATIONS.items():
            scores = text_scores(feature_matrix(alter(text) for text in texts), model)
            areas[name].append(roc_auc(scores, fitting.synthetic[scored]))
    return {name: float(np.mean(each)) for name, each in areas.items() if each}
