"""Megatron's indexed format, read again by a plain reading of its published layout."""

import struct

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from signals.indexed_tokens import indexed_tokens, token_dtype

DTYPES = {1: "u1", 2: "i1", 3: "i2", 4: "i4", 5: "i8", 6: "f8", 7: "f4", 8: "u2"}
"""As the enum `DType` of megatron/core/datasets/indexed_dataset.py numbers them."""


def read(bin_: bytes, idx: bytes) -> list[list[int]]:
    """Documents, field by field in the order that Megatron's own reader takes them."""
    assert idx[:9] == b"MMIDIDX\x00\x00"
    (version,) = struct.unpack("<Q", idx[9:17])
    assert version == 1
    (code,) = struct.unpack("<B", idx[17:18])
    (sequences,) = struct.unpack("<Q", idx[18:26])
    (indices,) = struct.unpack("<Q", idx[26:34])
    at = 34
    lengths = struct.unpack(f"<{sequences}i", idx[at : at + 4 * sequences])
    at += 4 * sequences
    pointers = struct.unpack(f"<{sequences}q", idx[at : at + 8 * sequences])
    at += 8 * sequences
    documents = struct.unpack(f"<{indices}q", idx[at : at + 8 * indices])
    assert at + 8 * indices == len(idx)
    dtype = np.dtype("<" + DTYPES[code])
    assert lengths and documents[0] == 0 and documents[-1] == sequences or not lengths
    read_ = []
    for first, last in zip(documents, documents[1:], strict=False):
        ids: list[int] = []
        for s in range(first, last):
            ids += np.frombuffer(bin_, dtype, count=lengths[s], offset=pointers[s]).tolist()
        read_.append(ids)
    assert sum(lengths) * dtype.itemsize == len(bin_)
    return read_


documents = st.lists(st.lists(st.integers(0, 999), max_size=30), max_size=12)


@given(documents, st.sampled_from([1000, 65_499, 65_500, 200_000]), st.sampled_from([None, 7]))
def test_what_is_written_is_read(ids, vocab_size, separator):
    arrays = [np.array(row, dtype=np.int32) for row in ids]
    bin_, idx = indexed_tokens(arrays, vocab_size, separator)
    assert read(bin_, idx) == [row + ([] if separator is None else [separator]) for row in ids]
    width = 2 if vocab_size < 65_500 else 4
    assert len(bin_) == width * sum(len(row) + (separator is not None) for row in ids)


def test_large_ids_need_four_bytes():
    bin_, idx = indexed_tokens([np.array([199_999, 0], dtype=np.int32)], 200_000, None)
    assert read(bin_, idx) == [[199_999, 0]]
    assert (token_dtype(200_000), token_dtype(8192)) == ("int32", "uint16")


def test_an_id_outside_the_vocabulary_is_an_error():
    with pytest.raises(ValueError, match="outside the vocabulary of 10 ids"):
        indexed_tokens([np.array([10], dtype=np.int32)], 10, None)
