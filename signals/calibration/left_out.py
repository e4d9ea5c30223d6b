"""Scores of documents by models that never saw their like: what to believe of a classifier.

A fold is a set of documents that is scored by a model fitted on all others. Documents of a prompt that
stands in the fold are left out of that model's text as well: a human text and its synthetic partner share
words, and one human text may stand in two collections.
"""

from collections.abc import Iterator, Sequence
from typing import Literal, get_args

import numpy as np
from numpy.typing import NDArray

from wellspring.signals.calibration.labelled import LabelledText
from wellspring.signals.stats.hashing import stable_hash

Scheme = Literal["source", "generator", "collection"]
SCHEMES: tuple[Scheme, ...] = get_args(Scheme)
_MOST_FOLDS = 20
"""More groups than that share folds, by hash: each fold is a fit."""


def folds(texts: Sequence[LabelledText], scheme: Scheme) -> dict[str, NDArray[np.bool_]]:
    """{name: documents} of the folds of a scheme, each document in one of them.

    source, collection: a fold is a source or a collection. generator: a fold is one generator's texts
    and as many of the human prompts as fall to it by hash. More than 20 groups share 20 folds.
    """
    keys: list[str | None] = [getattr(text, scheme) for text in texts]
    names = sorted({key for key in keys if key is not None})
    fold_of = {name: name for name in names}
    if len(names) > _MOST_FOLDS:
        fold_of = {name: f"fold {stable_hash(name, scheme) % _MOST_FOLDS + 1}" for name in names}
    spread = sorted(set(fold_of.values()))
    assigned = np.array(
        [
            fold_of[key] if key is not None else spread[stable_hash(text.prompt, scheme) % len(spread)]
            for key, text in zip(keys, texts, strict=True)
        ]
    )
    return {name: assigned == name for name in spread}


def training_masks(
    texts: Sequence[LabelledText], scheme: Scheme
) -> Iterator[tuple[str, NDArray[np.bool_], NDArray[np.bool_]]]:
    """(name, documents to fit on, documents to score) of each fold."""
    prompts = np.array([text.prompt for text in texts])
    for name, scored in folds(texts, scheme).items():
        yield name, ~np.isin(prompts, np.unique(prompts[scored])), scored
