"""Tail coverage: how many of a language's rare token pairs a batch still has.

Recursive training kills the tail first: entropy falls by a twentieth while four fifths of the rare
types die. The types here are pairs of neighbouring tokens, since single ids of a small vocabulary are
all common: a hundred documents show most of them, whoever wrote them. A pair is rare when it was seen
at least twice in the reference text and belongs to the rarest fifth of its pairs by mass; of those a
share is kept, chosen by hash. Human text of N pairs, drawn from the reference, would show

    E(N) = sum over rare pairs with count c of 1 - exp(-N c / M),   M the reference's pairs,

of them (rarefaction in Poisson form). Tail coverage is the number present over E(N): 1 for a random
draw from the reference, less for whole documents, which repeat themselves and keep to a topic, and
less again where the tail has died. As expected and present grow together with the batch, its size
hardly shows: that is what E(N) is for.
"""

import base64
import functools
import math
from collections.abc import Iterable, Sequence

import msgspec
import numpy as np
import zstandard
from numpy.typing import NDArray

from wellspring.schemas.tail import TailReferenceFile
from wellspring.signals.batch.token_groups import GROUPS, distinct_and_alone, pair_keys, sorted_distinct
from wellspring.signals.entropy import TokenIds
from wellspring.signals.lm.model_folder import ModelError, model_folder, model_names
from wellspring.signals.lm.tokenization import load_tokenizer
from wellspring.signals.stats.intervals import Estimate, delete_group

FILE = "rare_pairs.json"
"""In a scorer's folder, beside its tokenizer."""
RARE_MASS = 0.2
"""Of the reference's pairs, counted with repetition, the share that the rarest ones make up."""
MOST_PAIRS = 2**18
"""Of the rare pairs so many are kept at most: each takes about a byte of the file."""
_BITS = 24
_MULTIPLIER = np.uint64(0x9E3779B97F4A7C15)
"""Of Fibonacci hashing (Knuth): the high bits of key * 2^64 / golden ratio spread any keys."""


class TailReference:
    """Rare pairs of a reference text, ready to look up."""

    def __init__(self, keys: NDArray[np.int64], seen: dict[int, int], pairs: int, tokenizer: str) -> None:
        """Args:
        keys: of the rare pairs, first id * 2^28 + second, sorted; at least one.
        seen: {times seen in the reference: how many of the keys}.
        pairs: all pairs of the reference, with repetition.
        tokenizer: sha256 of the tokenizer that made the ids.
        """
        self._keys = keys
        self._seen = seen
        self._pairs = pairs
        self.tokenizer = tokenizer
        hashed = _hashed(keys)
        # Nine pairs in ten are not rare: one bit each tells, before the exact search.
        self._filter = np.zeros(2 ** (_BITS - 3), dtype=np.uint8)
        np.bitwise_or.at(self._filter, hashed >> 3, np.left_shift(1, hashed & 7).astype(np.uint8))

    def __len__(self) -> int:
        return len(self._keys)

    def maybe_rare(self, keys: NDArray[np.int64]) -> NDArray[np.int64]:
        """Where keys stand that may be rare pairs; of the others none is."""
        hashed = _hashed(keys)
        return np.flatnonzero(self._filter[hashed >> 3] >> (hashed & 7).astype(np.uint8) & 1)

    def is_rare(self, keys: NDArray[np.int64]) -> NDArray[np.bool_]:
        """Which keys are rare pairs; fastest when they are sorted."""
        at = np.minimum(np.searchsorted(self._keys, keys), len(self._keys) - 1)
        return np.asarray(self._keys[at] == keys)

    def expected(self, pairs: int) -> float:
        """How many of the rare pairs that many pairs of the reference's text show, > 0 for pairs > 0."""
        rate = pairs / self._pairs
        return math.fsum(-types * math.expm1(-rate * count) for count, types in sorted(self._seen.items()))


def grouped_presence(
    reference: TailReference, ids: NDArray[np.int32], lengths: Sequence[int], groups: Sequence[int]
) -> NDArray[np.int64]:
    """Which rare pairs occur in which group of documents: sorted, distinct key * 32 + group.

    Two such arrays are merged by their union. Pairs do not reach over the end of a document.
    """
    keys = pair_keys(ids)
    positions = reference.maybe_rare(keys)
    ends = np.cumsum(lengths)
    document = np.searchsorted(ends, positions, side="right")
    within = positions + 1 < ends[document]
    group = np.asarray(groups, dtype=np.int64)[document[within]]
    presence = sorted_distinct(keys[positions[within]] * GROUPS + group)
    return presence[reference.is_rare(presence // GROUPS)]


def tail_coverage(
    reference: TailReference, presence: NDArray[np.int64], pairs: Sequence[int]
) -> Estimate | None:
    """Rare pairs present over rare pairs expected, with its interval; None for a batch without pairs.

    Args:
        presence: of `grouped_presence`; pairs: of each of the 32 groups, rare or not.
    """
    total = sum(pairs)
    if not total:
        return None
    present, alone = distinct_and_alone(presence, GROUPS)
    value = present / reference.expected(total)
    members = [g for g in range(GROUPS) if pairs[g]]
    if len(members) < 2:
        return Estimate(value, None, None)
    without = [(present - int(alone[g])) / reference.expected(total - pairs[g]) for g in members]
    return delete_group(value, without, [pairs[g] for g in members])


def make_tail_reference(documents: Iterable[TokenIds], tokenizer: str) -> TailReferenceFile:
    """The rare pairs of a reference text.

    Args:
        documents: token ids of each. tokenizer: sha256 of the tokenizer that made them.

    Raises:
        ValueError: no pair occurs twice.
    """
    keys, counts = np.unique(np.concatenate([pair_keys(ids) for ids in documents]), return_counts=True)
    pairs = int(counts.sum())
    by_count = np.bincount(counts)
    mass = np.cumsum(np.arange(len(by_count)) * by_count)
    highest = max(2, int(np.searchsorted(mass, RARE_MASS * pairs)) - 1)
    rare = (counts >= 2) & (counts <= highest)
    if not rare.any():
        raise ValueError("no pair of tokens occurs twice: give more reference text")
    keys, counts = keys[rare], counts[rare]
    share = min(1.0, MOST_PAIRS / len(keys))
    kept = _share_hash(keys) < share * 2.0**32
    keys, counts = keys[kept], counts[kept]
    gaps = np.diff(keys, prepend=0).astype("<i8").view(np.uint8).reshape(-1, 8)
    # Byte planes apart: most of the high ones are zeros, and zstd sees that.
    packed = zstandard.ZstdCompressor(level=19).compress(np.ascontiguousarray(gaps.T).tobytes())
    seen = {str(count): int(types) for count, types in enumerate(np.bincount(counts)) if types}
    return TailReferenceFile(
        tokenizer_sha256=tokenizer,
        pairs=pairs,
        share=share,
        seen=seen,
        keys=base64.b64encode(packed).decode(),
    )


@functools.lru_cache(maxsize=4)
def load_tail_reference(scorer: str) -> TailReference | None:
    """The rare pairs that lie beside a scorer's tokenizer; None where there are none.

    Raises:
        ModelError: the file is damaged, or was made with another tokenizer.
    """
    name = model_names(scorer)[0]
    path = model_folder(name).path / FILE
    if not path.is_file():
        return None
    try:
        reference = read_tail_reference(path.read_bytes())
    except ValueError as error:
        raise ModelError(f"{path}: {error}") from error
    if reference.tokenizer != load_tokenizer(name).sha256:
        raise ModelError(f"{path} was made with another tokenizer: make it again with tail-reference")
    return reference


def read_tail_reference(content: bytes) -> TailReference:
    """A reference from the bytes of its file.

    Raises:
        ValueError: they are not such a file.
    """
    try:
        file = msgspec.json.decode(content, type=TailReferenceFile)
        size = 8 * sum(file.seen.values())
        planes = zstandard.ZstdDecompressor().decompress(base64.b64decode(file.keys), max_output_size=size)
        seen = {int(count): types for count, types in file.seen.items()}
    except (msgspec.MsgspecError, zstandard.ZstdError, ValueError) as error:
        raise ValueError(f"not a file of rare pairs: {error}") from error
    if len(planes) != size or not size or file.pairs <= 0 or min(seen) < 1:
        raise ValueError("not a file of rare pairs: its counts don't fit its keys")
    gaps = np.ascontiguousarray(np.frombuffer(planes, dtype=np.uint8).reshape(8, -1).T).view("<i8").ravel()
    return TailReference(np.cumsum(gaps), seen, file.pairs, file.tokenizer_sha256)


def _mixed(keys: NDArray[np.int64]) -> NDArray[np.uint64]:
    # The first id is folded onto the second: the high bits of the product see both.
    words = keys.view(np.uint64)
    return (words ^ (words >> np.uint64(29))) * _MULTIPLIER


def _hashed(keys: NDArray[np.int64]) -> NDArray[np.int64]:
    return (_mixed(keys) >> np.uint64(64 - _BITS)).astype(np.int64)


def _share_hash(keys: NDArray[np.int64]) -> NDArray[np.uint64]:
    mixed = _mixed(keys)
    return (mixed ^ (mixed >> np.uint64(32))) * _MULTIPLIER >> np.uint64(32)
