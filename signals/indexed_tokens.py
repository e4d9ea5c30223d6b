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
    sizes = lengths.astype("<i8") * dtype.itemsize
    pointers = np.cumsum(sizes) - sizes
    header = MAGIC + struct.pack("<QBQQ", VERSION, code, len(parts), len(parts) + 1)
    index = header + lengths.tobytes() + pointers.astype("<i8").tobytes()
    index += np.arange(len(parts) + 1, dtype="<i8").tobytes()
    return b"".join(part.tobytes() for part in parts), index
