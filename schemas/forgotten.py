"""`forgotten/<number>.json`: documents were taken out; who, when, why, and their hashes."""

import msgspec

from wellspring.schemas import SCHEMA_VERSION

FORGOTTEN = "forgotten"
"""The reason of the rejects that take the documents' place in the sum of records."""


class ForgottenRecord(msgspec.Struct, frozen=True, kw_only=True):
    """What was removed, without anything of it: sha256, as hex, in place of ids, urls and domains.

    `curate --forgotten` reads these records and rejects what they name.
    """

    number: int
    by: str
    at: str
    """ISO 8601, UTC."""
    reason: str
    selected_by: str
    """`id`, `url` or `domain`."""
    selected_sha256: str
    ids_sha256: list[str]
    """Of the removed documents, sorted."""
    labelled: dict[str, int]
    """How many of each provenance label; in a training set copies count."""
    held: int
    manifest_sha256_before: str
    releases_sha256_before: dict[str, str] = {}
    """{file: sha256} of the releases that were changed."""
    left_as_drawn: list[str] = []
    """What in a training set goes on to say what was decided or estimated at its draw."""
    schema_version: int = SCHEMA_VERSION
