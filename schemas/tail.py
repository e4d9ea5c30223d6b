"""rare_pairs.json: the rare token pairs of a reference text, beside a scorer's tokenizer."""

import msgspec


class TailReferenceFile(msgspec.Struct, frozen=True, kw_only=True):
    """What `signals.batch.tail_coverage` compares a batch with."""

    tokenizer_sha256: str
    """Of the tokenizer that made the ids."""
    pairs: int
    """Pairs of neighbouring tokens in the reference, with repetition."""
    share: float
    """Of its rare pairs, the share kept here, by hash."""
    seen: dict[str, int]
    """Times seen in the reference -> how many of the kept pairs."""
    keys: str
    """The kept pairs, first id * 2^28 + second, sorted: the gaps between them as little-endian int64, byte
    planes one after the other, compressed with zstd, in base64."""
