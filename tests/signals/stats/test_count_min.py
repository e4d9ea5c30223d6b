import math
import pickle
from collections import Counter

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from wellspring.signals.stats.count_min import CountMin
from wellspring.signals.stats.hashing import stable_hash


def keys_of(*words: str) -> np.ndarray:
    return np.array([stable_hash(word) for word in words], dtype=np.uint64)


def zipf_documents(documents: int, words: int, types: int) -> list[np.ndarray]:
    """Word ranks by inverse transform of a Zipf distribution, drawn by hash."""
    edges = np.cumsum(1 / np.arange(1, types + 1))
    draws = np.array([stable_hash(str(i), "zipf") / 2**64 for i in range(documents * words)])
    ranks = np.searchsorted(edges, draws * edges[-1])
    hashes = keys_of(*map(str, range(types)))
    return list(hashes[ranks].reshape(documents, words))


ZIPF = zipf_documents(1500, 40, 20_000)


def exact(documents) -> Counter:
    return Counter(key for keys in documents for key in set(keys.tolist()))


@pytest.mark.parametrize("width", [256, 4096])
def test_no_estimate_is_too_low_and_few_are_above_the_bound(width):
    sketch = CountMin(width)
    sketch.add_documents(ZIPF)
    true = exact(ZIPF)
    keys = np.array(sorted(true), dtype=np.uint64)
    over = sketch.counts(keys) - np.array([true[key] for key in keys.tolist()])
    bound, probability = sketch.error_bound()
    assert sketch.total == sum(true.values())
    assert bound == math.e / width * sum(true.values())
    assert over.min() >= 0
    assert np.mean(over > bound) <= probability


def test_a_narrow_sketch_does_err_and_a_wide_one_hardly():
    true = exact(ZIPF)
    keys = np.array(sorted(true), dtype=np.uint64)
    wrong = {}
    for width in (256, 1 << 16):
        sketch = CountMin(width)
        sketch.add_documents(ZIPF)
        wrong[width] = np.mean(sketch.counts(keys) != [true[key] for key in keys.tolist()])
    assert wrong[256] > 0.9
    assert wrong[1 << 16] < 0.02


def test_cells_are_hit_evenly():
    # Chi-square of consecutive keys, the worst there are: its mean is width - 1, its sd sqrt(2 width).
    sketch = CountMin(1024, depth=1)
    sketch.add(np.arange(102_400, dtype=np.uint64))
    cells = sketch.counts(np.arange(102_400, dtype=np.uint64))
    # Each cell of count c is seen c times: the sum of (c - 100)^2 / 100 over cells.
    chi_square = np.sum((cells - 100.0) ** 2 / 100 / cells)
    assert abs(chi_square - 1023) < 4 * math.sqrt(2 * 1024)


def test_a_key_counts_once_a_document():
    sketch = CountMin(256)
    sketch.add(keys_of("a", "b", "a", "a"))
    sketch.add(keys_of("a"))
    assert sketch.counts(keys_of("a", "b", "c")).tolist() == [2, 1, 0]
    assert (sketch.documents, sketch.total) == (2, 3)


def test_no_document_and_a_document_without_keys():
    sketch = CountMin(256)
    sketch.add_documents([])
    sketch.add(keys_of())
    assert (sketch.documents, sketch.total) == (1, 0)
    assert sketch.counts(keys_of()).tolist() == []


@given(st.lists(st.lists(st.integers(0, 2**64 - 1), max_size=8), max_size=12), st.randoms())
def test_parts_merge_to_the_same_bytes_in_any_order(documents, order):
    whole = CountMin(64)
    whole.add_documents([np.array(keys, dtype=np.uint64) for keys in documents])
    parts = []
    for keys in documents:
        part = CountMin(64)
        part.add(np.array(keys, dtype=np.uint64))
        parts.append(part)
    order.shuffle(parts)
    merged = CountMin(64)
    for part in parts:
        merged.merge(part)
    assert merged == whole
    assert merged.to_bytes() == whole.to_bytes()


def test_it_survives_bytes_and_pickles():
    sketch = CountMin(256, depth=3)
    sketch.add_documents(ZIPF[:20])
    assert CountMin.from_bytes(sketch.to_bytes()) == sketch
    assert pickle.loads(pickle.dumps(sketch)) == sketch
    assert CountMin(256, depth=3) != sketch


@pytest.mark.parametrize("cut", [0, 5, 20, -1])
def test_bytes_that_are_no_sketch_are_refused(cut):
    content = CountMin(256).to_bytes()[:cut]
    with pytest.raises(ValueError, match="not a count-min sketch"):
        CountMin.from_bytes(content)
    with pytest.raises(ValueError, match="not a count-min sketch"):
        CountMin.from_bytes(CountMin(256).to_bytes().replace(b"\0\1\0\0", b"\0\2\0\0", 1))


def test_shapes_that_make_no_sketch_are_refused():
    for width in (0, 1, 100, 2**31):
        with pytest.raises(ValueError, match="power of two"):
            CountMin(width)
    with pytest.raises(ValueError, match="depth 9"):
        CountMin(256, depth=9)
    with pytest.raises(ValueError, match="can't take one"):
        CountMin(256).merge(CountMin(512))
