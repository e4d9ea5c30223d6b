"""Everything that a batch's audit is computed from, in sums that merge to the same bits in any order.

Integers, sets and a sample by hash: adding documents one by one, in parts, or all at once gives equal
sums, and so equal estimates to the last bit.
"""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from wellspring.schemas.batch import MeasuredDocument
from wellspring.signals.batch.batch_signals import LINEAR_SIGNALS, Document
from wellspring.signals.batch.compression import compression_ratio
from wellspring.signals.batch.distinct_ngrams import distinct_2
from wellspring.signals.batch.document_sample import Sampled, merge_samples, sample_documents
from wellspring.signals.batch.tail_coverage import TailReference, grouped_presence, tail_coverage
from wellspring.signals.batch.token_groups import GROUPS, count_estimates, group_of, grouped_counts
from wellspring.signals.entropy import unpack_ids
from wellspring.signals.stats.intervals import Estimate
from wellspring.signals.stats.ratio_sums import RatioSums


class BatchSums(NamedTuple):
    """The sums over some documents of a batch."""

    linear: dict[str, RatioSums]
    counts: NDArray[np.int64]
    """Of each token id in each of 32 groups of documents, shape (32, vocab_size)."""
    pairs: NDArray[np.int64]
    """Pairs of neighbouring tokens in each group, shape (32,)."""
    rare: NDArray[np.int64]
    """Which rare pairs occur in which group: see `signals.batch.tail_coverage.grouped_presence`."""
    sample: list[Sampled]


def batch_sums(
    documents: Sequence[MeasuredDocument],
    probabilities: Sequence[float | None],
    *,
    vocab_size: int,
    tail: TailReference | None,
) -> BatchSums:
    """The sums over documents, each with its probability of being synthetic.

    Raises:
        ValueError: there are no tokens, or an id lies outside the vocabulary.
    """
    signals = [Document(d.measurements, p) for d, p in zip(documents, probabilities, strict=True)]
    groups = [group_of(d.document.id) for d in documents]
    lengths = [len(d.token_ids) // 4 for d in documents]
    ids = unpack_ids(b"".join(d.token_ids for d in documents))
    pairs = np.zeros(GROUPS, dtype=np.int64)
    np.add.at(pairs, groups, np.maximum(np.array(lengths, dtype=np.int64) - 1, 0))
    return BatchSums(
        linear={
            name: RatioSums.of(pair for d in signals if (pair := of(d)) is not None)
            for name, of in LINEAR_SIGNALS.items()
        },
        counts=grouped_counts(ids, lengths, groups, vocab_size),
        pairs=pairs,
        rare=np.empty(0, np.int64) if tail is None else grouped_presence(tail, ids, lengths, groups),
        sample=sample_documents((d.document.id, d.token_ids, d.document.text) for d in documents),
    )


def merge_batch_sums(a: BatchSums, b: BatchSums) -> BatchSums:
    """The sums over the documents of both, which share none."""
    return BatchSums(
        linear={name: sums.merged(b.linear[name]) for name, sums in a.linear.items()},
        counts=a.counts + b.counts,
        pairs=a.pairs + b.pairs,
        rare=np.union1d(a.rare, b.rare),
        sample=merge_samples(a.sample, b.sample),
    )


def batch_estimates(sums: BatchSums, tail: TailReference | None) -> dict[str, Estimate | None]:
    """Every signal of a batch with its 95% interval, by name; None where it is undefined."""
    linear = {name: one.estimate() if one.w else None for name, one in sums.linear.items()}
    return {
        **linear,
        **count_estimates(sums.counts),
        "tail_coverage": None if tail is None else tail_coverage(tail, sums.rare, sums.pairs.tolist()),
        "distinct_2": distinct_2(sums.sample),
        "compression_ratio": compression_ratio(sums.sample),
    }
