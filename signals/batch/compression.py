"""How far a sample of documents compresses: what they repeat, within and across documents."""

from collections.abc import Sequence

import zstandard

from wellspring.signals.batch.document_sample import Sampled
from wellspring.signals.stats.intervals import Estimate, delete_group

GROUPS = 8
_LEVEL = 3


def compression_ratio(sample: Sequence[Sampled]) -> Estimate | None:
    """Compressed bytes over bytes of the sample's beginnings joined to one stream, in (0, 1] but for tiny
    samples; None where there is no text.

    One stream, since most of what machine text repeats it repeats across documents: each document on
    its own would compress worse or better than human text as its domain has it. zstd's window holds
    the whole sample. The interval leaves out every eighth document in turn.
    """
    texts = [s.text for s in sample if s.text]
    if not texts:
        return None
    compress = zstandard.ZstdCompressor(level=_LEVEL).compress

    def ratio(parts: Sequence[bytes]) -> float:
        joined = b"\n".join(parts)
        return len(compress(joined)) / len(joined)

    value = ratio(texts)
    groups = min(GROUPS, len(texts))
    if groups < 2:
        return Estimate(value, None, None)
    without = [ratio([t for i, t in enumerate(texts) if i % groups != g]) for g in range(groups)]
    return delete_group(value, without, [sum(map(len, texts[g::groups])) for g in range(groups)])
