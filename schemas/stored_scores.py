"""What an earlier run measured on a text with a scorer: it need not be scored again."""

import msgspec

from schemas.measurements import Measurements


class StoredScores(msgspec.Struct, frozen=True, kw_only=True):
    """`token_surprisals` is null for a document that wasn't held: a run keeps those of held ones alone."""

    measurements: Measurements
    token_surprisals: bytes | None
