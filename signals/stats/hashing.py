"""Hashes that decide something: bucket, shard, half, duplicate. Never a random generator."""

import unicodedata

import xxhash


def stable_hash(value: str, seed: str = "") -> int:
    """64-bit hash of (seed, value): the same on every machine, version and run."""
    return xxhash.xxh3_64_intdigest(f"{seed}\0{value}".encode())


def suffixed_id(id: str, digest: bytes) -> str:
    """The id of a document whose own is taken by another text; `digest` is its `content_hash`."""
    return f"{id}-{digest.hex()[:12]}"


def content_hash(text: str) -> bytes:
    """16 bytes over the normalised text: two texts that differ only in case, white space or
    Unicode compatibility forms (NFKC) are the same text.
    """
    normalised = " ".join(unicodedata.normalize("NFKC", text).casefold().split())
    return xxhash.xxh3_128_digest(normalised.encode())
