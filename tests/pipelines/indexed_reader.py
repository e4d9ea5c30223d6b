"""Megatron's indexed token shards, read by their published layout and not by the code that writes them."""

import itertools
import struct
from pathlib import Path

import numpy as np

DTYPES = {1: "u1", 2: "i1", 3: "i2", 4: "i4", 5: "i8", 6: "f8", 7: "f4", 8: "u2"}
"""As the enum `DType` of megatron/core/datasets/indexed_dataset.py numbers them."""


def read_indexed(bin_: bytes, idx: bytes) -> list[list[int]]:
    """Documents, field by field in the order that Megatron's own reader takes them."""
    assert idx[:9] == b"MMIDIDX\x00\x00"
    version, code, sequences, indices = struct.unpack("<QBQQ", idx[9:34])
    assert version == 1
    at = 34
    lengths = struct.unpack(f"<{sequences}i", idx[at : at + 4 * sequences])
    at += 4 * sequences
    pointers = struct.unpack(f"<{sequences}q", idx[at : at + 8 * sequences])
    at += 8 * sequences
    documents = struct.unpack(f"<{indices}q", idx[at : at + 8 * indices])
    assert at + 8 * indices == len(idx)
    assert (documents[0], documents[-1]) == (0, sequences)
    dtype = np.dtype("<" + DTYPES[code])
    assert sum(lengths) * dtype.itemsize == len(bin_)
    read = []
    for first, last in itertools.pairwise(documents):
        ids: list[int] = []
        for s in range(first, last):
            ids += np.frombuffer(bin_, dtype, count=lengths[s], offset=pointers[s]).tolist()
        read.append(ids)
    return read


def read_shards(folder: Path) -> list[list[int]]:
    """The documents of all shards of a folder, in order."""
    shards = sorted(folder.glob("*.idx"))
    return [
        ids for idx in shards for ids in read_indexed(idx.with_suffix(".bin").read_bytes(), idx.read_bytes())
    ]
