import numpy as np
import pytest

from tests.signals.classified_text import labelled
from wellspring.signals.calibration.labelled import independent
from wellspring.signals.calibration.left_out import SCHEMES, folds, training_masks


@pytest.mark.parametrize("scheme", SCHEMES)
def test_each_document_is_scored_once_by_a_fold_that_shares_no_prompt_with_its_text(scheme):
    texts = independent(labelled())
    prompts = np.array([text.prompt for text in texts])
    times = np.zeros(len(texts), dtype=int)
    for _, fitted, scored in training_masks(texts, scheme):
        times += scored
        assert not set(prompts[fitted]) & set(prompts[scored])
    assert set(times) == {1}


def test_a_fold_of_the_scheme_leaves_all_of_its_source_out():
    texts = independent(labelled())
    for name, documents in folds(texts, "source").items():
        assert {texts[i].source for i in np.flatnonzero(documents)} == {name}


def test_many_sources_share_twenty_folds():
    texts = labelled(prompts=1, collections=tuple(f"c{i}" for i in range(60)))
    assert len(folds(texts, "source")) <= 20
