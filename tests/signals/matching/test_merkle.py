import hashlib

import pytest

from wellspring.signals.matching.merkle import inclusion_proof, is_included, leaf_hash, merkle_root


def leaves(count):
    return [leaf_hash(f"id{i}", hashlib.sha256(str(i).encode()).digest()) for i in range(count)]


def split(count):
    left = 1
    while left * 2 < count:
        left *= 2
    return left


def plain_root(entries):
    """RFC 6962, 2.1, word for word."""
    if not entries:
        return hashlib.sha256(b"").digest()
    if len(entries) == 1:
        return entries[0]
    k = split(len(entries))
    return hashlib.sha256(b"\x01" + plain_root(entries[:k]) + plain_root(entries[k:])).digest()


def plain_path(m, entries):
    """RFC 6962, 2.1.1."""
    if len(entries) == 1:
        return []
    k = split(len(entries))
    if m < k:
        return [*plain_path(m, entries[:k]), plain_root(entries[k:])]
    return [*plain_path(m - k, entries[k:]), plain_root(entries[:k])]


def test_a_leaf_is_the_hash_of_its_mark_id_and_text_hash():
    sha = hashlib.sha256(b"text").digest()
    assert leaf_hash("a", sha) == hashlib.sha256(b"\x00a" + sha).digest()
    with pytest.raises(ValueError, match="'a' has 4 bytes, not 32"):
        leaf_hash("a", b"text")


@pytest.mark.parametrize("count", [*range(18), 31, 32, 33, 100])
def test_roots_and_proofs_are_those_of_the_recursive_definition(count):
    entries = leaves(count)
    root = merkle_root(entries)
    assert root == plain_root(entries)
    for i in range(count):
        proof = inclusion_proof(entries, i)
        assert proof == plain_path(i, entries)
        assert is_included(entries[i], i, count, proof, root)


@pytest.mark.parametrize("count", [2, 3, 7, 8, 13])
def test_nothing_else_is_proved(count):
    entries = leaves(count)
    root = merkle_root(entries)
    for i in range(count):
        proof = inclusion_proof(entries, i)
        assert not is_included(leaf_hash("other", bytes(32)), i, count, proof, root)
        assert not is_included(entries[i], i, count, proof, bytes(32))
        assert not is_included(entries[i], count, count, proof, root)
        assert not is_included(entries[i], -1, count, proof, root)
        assert not is_included(entries[i], i, count, [*proof, proof[0]], root)
        assert not is_included(entries[i], i, count, proof[:-1], root)
        for j in range(count):
            assert is_included(entries[i], j, count, proof, root) == (i == j)
        for k in range(len(proof)):
            changed = [*proof[:k], bytes(32), *proof[k + 1 :]]
            assert not is_included(entries[i], i, count, changed, root)


def test_a_node_does_not_pass_for_a_leaf():
    four = leaves(4)
    pairs = [merkle_root(four[:2]), merkle_root(four[2:])]
    # Without marks the tree of the two inner nodes would be built of the same hashes.
    root = merkle_root(four)
    forged = leaf_hash("", pairs[0])
    assert not is_included(forged, 0, 2, [pairs[1]], root)


def test_a_leaf_that_is_not_there_has_no_proof():
    with pytest.raises(IndexError, match="no leaf 3 among 3"):
        inclusion_proof(leaves(3), 3)
