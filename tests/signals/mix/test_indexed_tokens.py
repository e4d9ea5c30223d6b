"""Megatron's indexed format, read again by a plain reading of its published layout."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.pipelines.indexed_reader import read_indexed
from wellspring.signals.mix.indexed_tokens import indexed_tokens, token_dtype, without_documents

documents = st.lists(st.lists(st.integers(0, 999), max_size=30), max_size=12)


@given(documents, st.sampled_from([1000, 65_499, 65_500, 200_000]), st.sampled_from([None, 7]))
@pytest.mark.slow
def test_what_is_written_is_read(ids, vocab_size, separator):
    arrays = [np.array(row, dtype=np.int32) for row in ids]
    bin_, idx = indexed_tokens(arrays, vocab_size, separator)
    assert read_indexed(bin_, idx) == [row + ([] if separator is None else [separator]) for row in ids]
    width = 2 if vocab_size < 65_500 else 4
    assert len(bin_) == width * sum(len(row) + (separator is not None) for row in ids)


def test_large_ids_need_four_bytes():
    bin_, idx = indexed_tokens([np.array([199_999, 0], dtype=np.int32)], 200_000, None)
    assert read_indexed(bin_, idx) == [[199_999, 0]]
    assert (token_dtype(200_000), token_dtype(8192)) == ("int32", "uint16")


def test_an_id_outside_the_vocabulary_is_an_error():
    with pytest.raises(ValueError, match="outside the vocabulary of 10 ids"):
        indexed_tokens([np.array([10], dtype=np.int32)], 10, None)


@pytest.mark.parametrize("vocab_size", [300, 70_000])
@pytest.mark.parametrize("separator", [None, 0])
@pytest.mark.parametrize("keep", [[1, 1, 1, 1], [0, 1, 0, 1], [1, 0, 0, 1], [0, 0, 0, 0]])
def test_without_documents_is_as_if_they_had_never_been_written(vocab_size, separator, keep):
    documents = [np.arange(n, dtype=np.int32) + n for n in (3, 0, 7, 1)]
    kept = [one for one, wanted in zip(documents, keep, strict=True) if wanted]
    written = indexed_tokens(documents, vocab_size, separator)
    left = without_documents(*written, [bool(wanted) for wanted in keep])
    assert left == indexed_tokens(kept, vocab_size, separator)


def test_an_index_that_does_not_fit_is_refused():
    tokens, index = indexed_tokens([np.arange(3, dtype=np.int32)], 300, None)
    for wrong, keep in (
        ((tokens + b"x", index), [True]),
        ((tokens, b"x" + index), [True]),
        ((tokens, index), []),
    ):
        with pytest.raises(ValueError, match="token shard"):
            without_documents(*wrong, keep)
