"""Distinct-2: how many of a sample's token pairs are different ones."""

from collections.abc import Sequence

import numpy as np

from wellspring.signals.batch.document_sample import Sampled
from wellspring.signals.batch.token_groups import distinct_and_alone, pair_keys, sorted_distinct
from wellspring.signals.entropy import unpack_ids
from wellspring.signals.stats.intervals import Estimate, delete_group


def distinct_2(sample: Sequence[Sampled]) -> Estimate | None:
    """Distinct pairs of neighbouring tokens over all pairs, in (0, 1] (Li et al. 2016), each document its
    own group of the jackknife; None where no document has two tokens.

    Falls as text repeats itself, within a document or across documents; falls with the size of the
    sample too, hence a fixed one.
    """
    documents = [pair_keys(ids) for s in sample if len(ids := unpack_ids(s.token_ids)) > 1]
    if not documents:
        return None
    pairs = [len(keys) for keys in documents]
    keys = np.concatenate(documents)
    holders = sorted_distinct(keys * len(documents) + np.repeat(np.arange(len(documents)), pairs))
    distinct, alone = distinct_and_alone(holders, len(documents))
    total = sum(pairs)
    value = distinct / total
    if len(documents) < 2:
        return Estimate(value, None, None)
    without = [(distinct - int(own)) / (total - n) for own, n in zip(alone, pairs, strict=True)]
    return delete_group(value, without, pairs)
