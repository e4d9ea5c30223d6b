"""Hashed n-grams of a text: what the classifier reads of wording and style.

Two blocks: words (with punctuation marks as words) and pairs of them; runs of three and four bytes. Each
n-gram is hashed to one of 2^18 buckets, counted, damped (1 + ln count), and each block is scaled to length
one, so that a text's length doesn't show. Before that everything is folded away that tells how a text was
kept rather than how it was written: case, line breaks, spaces, the shapes of quotes and dashes, zero-width
characters, compatibility forms.
"""

import re
import unicodedata
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

BITS = 18
BUCKETS = 1 << BITS
MAX_CHARACTERS = 20_000
"""Of a longer text only the beginning is read: style shows long before, and time stays bounded."""
_SPACE = 32
_SAME = {
    **dict.fromkeys("’‘‛`´", "'"),
    **dict.fromkeys("“”„‟«»", '"'),
    **dict.fromkeys("—–―−", "-"),
    "…": "...",
    **dict.fromkeys("\u00ad\u200b\u200c\u200d\u2060\ufeff", ""),
}
_ODD = re.compile(f"[{''.join(_SAME)}]")
_IS_WORD = np.array([b > 127 or chr(b).isalnum() or chr(b) == "'" for b in range(256)])
_POWERS = np.array([pow(0x100000001B3, i, 1 << 64) for i in range(64)], dtype=np.uint64)
_LONGEST = len(_POWERS) - 1
# 1 + ln count, for every count that 20,000 characters of at most four bytes can come to.
_DAMPED = 1 + np.log(np.maximum(np.arange(4 * MAX_CHARACTERS), 1))


class Buckets(NamedTuple):
    """Buckets of the n-grams of one text in order of occurrence, int32 in [0, 2^18)."""

    words: NDArray[np.int32]
    """Of n words, then of the n - 1 pairs."""
    runs: NDArray[np.int32]
    """Of runs of three bytes, then of four."""
    spans: NDArray[np.int64]
    """Start and end of each word in the folded text's bytes, [n, 2]."""
    folded: bytes


class Features(NamedTuple):
    """A sparse row: distinct buckets and their values > 0, block after block."""

    buckets: NDArray[np.int32]
    values: NDArray[np.float64]


def fold(text: str) -> str:
    """The text as the features see it: lower case, single spaces, plain quotes and dashes, no marks that
    can't be seen.
    """
    text = text[:MAX_CHARACTERS]
    if not text.isascii():
        text = unicodedata.normalize("NFKC", _ODD.sub(lambda found: _SAME[found.group()], text))[
            :MAX_CHARACTERS
        ]
    return " ".join(text.split()).lower()


def buckets_of(text: str) -> Buckets:
    """Hashes the n-grams of a text."""
    folded = fold(text).encode("utf-8", "replace")
    letters = np.frombuffer(folded, dtype=np.uint8)
    spans = _words(letters)
    hashes = _word_hashes(letters, spans)
    pairs = hashes[:-1] * _POWERS[1] + hashes[1:]
    return Buckets(
        words=np.concatenate([_bucket(hashes, 1), _bucket(pairs, 2)]),
        runs=np.concatenate([_bucket(_runs(letters, n), 1000 + n) for n in (3, 4)]),
        spans=spans,
        folded=folded,
    )


def features(buckets: Buckets) -> Features:
    """The row of a text, both blocks of length one (or empty)."""
    words, runs = _block(buckets.words), _block(buckets.runs)
    return Features(
        np.concatenate([words.buckets, runs.buckets]), np.concatenate([words.values, runs.values])
    )


def _block(occurrences: NDArray[np.int32]) -> Features:
    if not len(occurrences):
        return Features(occurrences, np.empty(0))
    ordered = np.sort(occurrences)
    new = np.empty(len(ordered), dtype=bool)
    new[0] = True
    np.not_equal(ordered[1:], ordered[:-1], out=new[1:])
    first = np.flatnonzero(new)
    counts = np.empty_like(first)
    np.subtract(first[1:], first[:-1], out=counts[:-1])
    counts[-1] = len(ordered) - first[-1]
    values = _DAMPED[counts]
    # Not `values @ values`: past 10,000 of them its last bits follow the number of cores.
    return Features(ordered[first], values / np.sqrt(np.sum(values * values)))


def _words(letters: NDArray[np.uint8]) -> NDArray[np.int64]:
    """Runs of word characters, and single marks of punctuation."""
    word, space = _IS_WORD[letters], letters == _SPACE
    inside = word[:-1] & word[1:]
    starts, ends = ~space, ~space
    starts[1:] &= ~inside
    ends[:-1] &= ~inside
    return np.stack([np.flatnonzero(starts), np.flatnonzero(ends) + 1], axis=1)


def _word_hashes(letters: NDArray[np.uint8], spans: NDArray[np.int64]) -> NDArray[np.uint64]:
    """A polynomial hash of each word's bytes; what lies beyond byte 63 is added up."""
    if not len(spans):
        return np.empty(0, dtype=np.uint64)
    lengths = spans[:, 1] - spans[:, 0]
    firsts = np.cumsum(lengths) - lengths
    offsets = np.arange(lengths.sum()) - np.repeat(firsts, lengths)
    values = letters[letters != _SPACE].astype(np.uint64) + np.uint64(1)
    return np.add.reduceat(values * _POWERS[np.minimum(offsets, _LONGEST)], firsts)


def _runs(letters: NDArray[np.uint8], n: int) -> NDArray[np.uint64]:
    count = max(len(letters) - n + 1, 0)
    values = letters.astype(np.uint64)
    packed = np.zeros(count, dtype=np.uint64)
    for i in range(n):
        packed |= values[i : i + count] << np.uint64(8 * i)
    return packed


def _bucket(hashes: NDArray[np.uint64], salt: int) -> NDArray[np.int32]:
    """The top bits after two rounds of multiplication and shift, other for each kind of n-gram."""
    mixed = (hashes ^ np.uint64(salt)) * np.uint64(0x9E3779B97F4A7C15)
    mixed ^= mixed >> np.uint64(32)
    mixed *= np.uint64(0xD6E8FEB86659FD93)
    return (mixed >> np.uint64(64 - BITS)).astype(np.int32)
