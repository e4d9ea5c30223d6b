"""The combination of the text model with the scorer's signals."""

import msgspec
import numpy as np
import pytest

from tests.signals.classified_text import labelled
from wellspring.schemas.measurements import Measurements
from wellspring.signals.calibration.classifier_fitting import Fitting, Measured, combined
from wellspring.signals.calibration.labelled import LabelledText
from wellspring.signals.calibration.text_fitting import text_scores
from wellspring.signals.stats.roc import roc_auc


def measurements(text: LabelledText, burstiness: float) -> Measurements:
    return Measurements(
        id=text.id, language="en", bytes=9, tokens=9, words=120, sentences=3, burstiness=burstiness,
        type_token_ratio=0.5, mattr=0.5, undefined=[],
    )  # fmt: skip


def fitting(turned: str) -> Fitting:
    """Text of two wordings, turned round in one collection of three; burstiness tells half of it."""
    texts = [
        msgspec.structs.replace(text, synthetic=text.synthetic != (text.collection in turned))
        for text in labelled(prompts=40, own_share=0.3)
    ]
    noise = np.random.default_rng(3).normal(size=len(texts))
    values = [0.5 + 0.2 * (not t.synthetic) + 0.2 * n for t, n in zip(texts, noise.tolist(), strict=True)]
    return Fitting(Measured(texts, [measurements(t, v) for t, v in zip(texts, values, strict=True)]), [])


@pytest.mark.parametrize("turned", ["", "a"])
def test_wording_has_weight_only_where_it_carries_over_to_collections_left_out(turned: str) -> None:
    made = fitting(turned)
    everything = np.ones(len(made.texts), dtype=bool)
    scores = made.collection_scores(within=everything)
    found = made.combine(scores, everything, made.terms)
    if turned:
        assert roc_auc(scores, made.synthetic) < 0.5
        assert found.text_weight == 0
    else:
        assert found.text_weight > 0
    # What is said of the text that it was fitted on is never worse than of text left out.
    inside = combined(found, text_scores(made.matrix, made.fit(everything)), made.measured.measurements)
    outside = combined(found, scores, made.measured.measurements)
    assert roc_auc(inside, made.synthetic) >= roc_auc(outside, made.synthetic) - 1e-9
