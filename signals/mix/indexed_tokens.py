"""Token shards as Megatron's indexed data sets: `.bin` holds the ids, `.idx` says where documents begin.

Layout of `.idx`, version 1, little-endian (Megatron-LM, megatron/core/datasets/indexed_dataset.py): 9 bytes
"MMIDIDX\\0\\0"; version as uint64; dtype code as uint8; number of sequences and number of document indices as
uint64; length of each sequence in tokens, int32; byte offset of each in `.bin`, int64; document indices,
int64: document d is sequences indices[d] to indices[d+1] - 1. Here a sequence is a document.
"""

import struct
from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

MAGIC = b"MMIDIDX\x00\x00"
VERSION = 1
_HEADER = "<QBQQ"
_UINT16, _INT32 = (8, np.dtype("<u2")), (4, np.dtype("<i4"))
_UINT16_VOCABULARY = 65_500
"""Below it ids take two bytes, as in Megatron."""


def token_dtype(vocab_size: int) -> str:
    """`uint16` or `int32`."""
    return "uint16" if vocab_size < _UINT16_VOCABULARY else "int32"


def indexed_tokens(
    documents: Sequence[NDArray[np.int32]], vocab_size: int, separator: int | None
) -> tuple[bytes, bytes]:
    """(content of `.bin`, content of `.idx`) of documents in their order.

    Args:
        documents: ids of each, in 0..vocab_size-1. separator: put after each document (Megatron's
            --append-eod); None for none.

    Raises:
        ValueError: an id lies outside the vocabulary.
    """
    code, dtype = _UINT16 if token_dtype(vocab_size) == "uint16" else _INT32
    end: list[int] = [] if separator is None else [separator]
    parts: list[NDArray[Any]] = []
    for ids in documents:
        if len(ids) and not 0 <= int(ids.min()) <= int(ids.max()) < vocab_size:
            raise ValueError(f"a token id lies outside the vocabulary of {vocab_size} ids")
        parts.append(np.concatenate([ids, end]).astype(dtype))
    lengths = np.array([len(part) for part in parts], dtype="<i4")
    return b"".join(part.tobytes() for part in parts), _index(code, lengths, dtype.itemsize)


def without_documents(tokens: bytes, index: bytes, keep: Sequence[bool]) -> tuple[bytes, bytes]:
    """(`.bin`, `.idx`) with the documents that are to be kept alone, as `indexed_tokens` would write them.

    Args:
        tokens, index: contents that `indexed_tokens` wrote. keep: for each of their documents.

    Raises:
        ValueError: the two don't fit each other, or there are not so many documents.
    """
    _check_header(index)
    _, code, count, _ = struct.unpack_from(_HEADER, index, len(MAGIC))
    start = len(MAGIC) + struct.calcsize(_HEADER)
    lengths = np.frombuffer(index, "<i4", count, start)
    sizes = {_UINT16[0]: _UINT16[1].itemsize, _INT32[0]: _INT32[1].itemsize}
    if code not in sizes or int(lengths.sum()) * sizes[code] != len(tokens):
        raise ValueError("the index of a token shard does not fit its tokens")
    if count != len(keep):
        raise ValueError(f"a token shard has {count} documents, {len(keep)} were expected")
    ends = np.cumsum(lengths.astype("<i8")) * sizes[code]
    begins = ends - lengths.astype("<i8") * sizes[code]
    kept = b"".join(
        tokens[begin:end] for begin, end, wanted in zip(begins, ends, keep, strict=True) if wanted
    )
    return kept, _index(code, lengths[np.array(keep, dtype=bool)], sizes[code])


def _check_header(index: bytes) -> None:
    if index[: len(MAGIC)] != MAGIC or len(index) < len(MAGIC) + struct.calcsize(_HEADER):
        raise ValueError("no index of a token shard: its first bytes are others")


def _index(code: int, lengths: NDArray[np.int32], item_bytes: int) -> bytes:
    sizes = lengths.astype("<i8") * item_bytes
    pointers = np.cumsum(sizes) - sizes
    header = MAGIC + struct.pack(_HEADER, VERSION, code, len(lengths), len(lengths) + 1)
    index: bytes = header + lengths.astype("<i4").tobytes() + pointers.astype("<i8").tobytes()
    index += np.arange(len(lengths) + 1, dtype="<i8").tobytes()
    return index
