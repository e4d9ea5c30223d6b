import pickle
from collections import defaultdict

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from wellspring.signals.matching.key_table import KeyTable

keys = st.lists(
    st.sampled_from([0, 1, 2, 3, 1 << 40, 1 << 63, (1 << 64) - 1, 12345678901234567890]), max_size=30
)


def as_dict(table, queries):
    found = table.find(np.array(queries, dtype=np.uint64))
    return {int(i): table.values[begin:end].tolist() for i, begin, end in zip(*found, strict=True)}


@settings(max_examples=300, deadline=None)
@given(keys, keys)
def test_it_answers_as_a_dict_of_lists(entries, queries):
    plain = defaultdict(list)
    for value, key in enumerate(entries):
        plain[key].append(value)
    table = KeyTable(np.array(entries, dtype=np.uint64), np.arange(len(entries)))
    expected = {i: plain[query] for i, query in enumerate(queries) if query in plain}
    assert as_dict(table, queries) == expected
    assert as_dict(pickle.loads(pickle.dumps(table)), queries) == expected


@pytest.mark.parametrize("count", [1, 1000, 200_000])
def test_all_keys_are_found_and_no_others(count):
    numbers = np.random.default_rng(count).integers(0, 1 << 63, size=2 * count, dtype=np.uint64)
    present, absent = numbers[:count], numbers[count:]
    table = KeyTable(present, np.arange(count))
    found = table.find(present)
    assert found.queries.tolist() == list(range(count))
    assert table.values[found.begins].tolist() == list(range(count))
    assert len(table.find(absent).queries) == 0
