"""A Merkle tree as of RFC 6962: one hash over all documents, and proofs that a document is among them.

leaf = H(0x00 || id || sha256 of the text), node = H(0x01 || left || right), H = SHA-256. The first byte keeps
a leaf from passing for a node; the text's hash has 32 bytes, so that no two (id, hash) make the same leaf.
The left part of n > 1 leaves is the largest power of two below n; the tree of none is H of nothing.
"""

import hashlib
from collections.abc import Sequence

HASH_BYTES = 32
_LEAF, _NODE = b"\x00", b"\x01"


def leaf_hash(id: str, text_sha256: bytes) -> bytes:
    """The leaf of a document.

    Raises:
        ValueError: the text's hash doesn't have 32 bytes.
    """
    if len(text_sha256) != HASH_BYTES:
        raise ValueError(f"the sha256 of document {id!r} has {len(text_sha256)} bytes, not {HASH_BYTES}")
    return hashlib.sha256(_LEAF + id.encode() + text_sha256).digest()


def merkle_root(leaves: Sequence[bytes]) -> bytes:
    """The root over leaves in their order."""
    if not leaves:
        return hashlib.sha256(b"").digest()
    level = list(leaves)
    while len(level) > 1:
        # The last of an odd number goes up alone: the same tree as by halves at powers of two.
        paired = [_node(level[i], level[i + 1]) for i in range(0, len(level) - 1, 2)]
        level = paired + level[2 * len(paired) :]
    return level[0]


def inclusion_proof(leaves: Sequence[bytes], index: int) -> list[bytes]:
    """The siblings from leaf `index` up to the root (RFC 6962, 2.1.1).

    Raises:
        IndexError: there is no such leaf.
    """
    if not 0 <= index < len(leaves):
        raise IndexError(f"there is no leaf {index} among {len(leaves)}")
    proof = []
    level = list(leaves)
    while len(level) > 1:
        if (sibling := index ^ 1) < len(level):
            proof.append(level[sibling])
        paired = [_node(level[i], level[i + 1]) for i in range(0, len(level) - 1, 2)]
        level = paired + level[2 * len(paired) :]
        index //= 2
    return proof


def is_included(leaf: bytes, index: int, leaves: int, proof: Sequence[bytes], root: bytes) -> bool:
    """Whether the proof leads from the leaf at `index` of so many leaves to the root (RFC 9162, 2.1.3.2)."""
    if not 0 <= index < leaves:
        return False
    last, hash = leaves - 1, leaf
    for sibling in proof:
        if last == 0:
            return False
        if index % 2 or index == last:
            hash = _node(sibling, hash)
            while index % 2 == 0 and index:
                index //= 2
                last //= 2
        else:
            hash = _node(hash, sibling)
        index //= 2
        last //= 2
    return last == 0 and hash == root


def _node(left: bytes, right: bytes) -> bytes:
    return hashlib.sha256(_NODE + left + right).digest()
