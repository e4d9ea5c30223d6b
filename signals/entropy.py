"""Unigram entropy of a training batch: the seed's audit, on packed token ids."""

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

SEED_FLOOR = 3.2

TokenIds = NDArray[np.int32]


def unpack_ids(packed: bytes) -> TokenIds:
    """Token ids from little-endian int32 bytes, without a copy."""
    return np.frombuffer(packed, dtype="<i4")


def pack_ids(ids: Sequence[int] | TokenIds) -> bytes:
    """Token ids as little-endian int32 bytes: 4 bytes per token wherever a document travels."""
    return np.asarray(ids, dtype="<i4").tobytes()


def check_ids(ids: NDArray[np.integer[Any]], vocab_size: int) -> None:
    """Whether the ids of a batch can be counted.

    Raises:
        ValueError: there are none, or one lies outside 0..vocab_size-1.
    """
    if not len(ids):
        raise ValueError("no tokens to audit: every document is empty")
    low, high = int(ids.min()), int(ids.max())
    if low < 0 or high >= vocab_size:
        bad = low if low < 0 else high
        raise ValueError(f"token id {bad} lies outside the vocabulary of {vocab_size} ids")


def token_counts(token_ids: Sequence[bytes | Sequence[int] | TokenIds], vocab_size: int) -> NDArray[np.int64]:
    """How often each id occurs over all documents, packed or not; shape (vocab_size,).

    Raises:
        ValueError: there are no tokens, or an id lies outside 0..vocab_size-1.
    """
    packed = [ids for ids in token_ids if isinstance(ids, bytes)]
    parts = [np.asarray(ids) for ids in token_ids if len(ids) and not isinstance(ids, bytes)]
    if joined := b"".join(packed):
        parts.append(unpack_ids(joined))
    if not parts:
        parts.append(unpack_ids(b""))
    ids = parts[0] if len(parts) == 1 else np.concatenate(parts)
    check_ids(ids, vocab_size)
    return np.bincount(ids, minlength=vocab_size)


def unigram_entropy(counts: NDArray[np.int64]) -> float:
    """Plug-in Shannon entropy of a count vector, in bits, >= 0.

    Biased low by about (types - 1) / (2 N ln 2) bits (Miller 1955).
    """
    seen = counts[counts > 0].astype(np.float64)
    total = seen.sum()
    return max(0.0, float(np.log2(total) - (seen * np.log2(seen)).sum() / total))


def batch_entropy_audit(
    token_ids: Sequence[bytes | Sequence[int] | TokenIds], vocab_size: int, floor: float = SEED_FLOOR
) -> dict[str, Any]:
    """The CLEAN text's entropy audit of a batch, with its keys, rounding and decisions.

    With a byte-pair vocabulary the floor of 3.2 bits fires only on degenerate repetition, and unigram
    entropy doesn't see the tail die: `docs/explanation/gate.md` says why it is no gate.

    Args:
        token_ids: one sequence of ids per document, or its `pack_ids` bytes, which is fastest.
        vocab_size: number of ids in the vocabulary.
        floor: bits below which the batch is held.

    Returns:
        entropy_bits (rounded to 3 places), type_token_ratio (4 places, of token ids),
        below_floor, synthetic_risk ("HIGH" or "LOW"), action ("HOLD_FOR_REVIEW" or "PROCEED").

    Raises:
        ValueError: there are no tokens, or an id lies outside the vocabulary.
    """
    return entropy_audit_of_counts(token_counts(token_ids, vocab_size), floor)


def entropy_audit_of_counts(counts: NDArray[np.int64], floor: float = SEED_FLOOR) -> dict[str, Any]:
    """`batch_entropy_audit` where the tokens are already counted: how often each id occurs."""
    bits = unigram_entropy(counts)
    below = bits < floor
    return {
        "entropy_bits": round(bits, 3),
        "type_token_ratio": round(float(np.count_nonzero(counts) / counts.sum()), 4),
        "below_floor": below,
        "synthetic_risk": "HIGH" if below else "LOW",
        "action": "HOLD_FOR_REVIEW" if below else "PROCEED",
    }
