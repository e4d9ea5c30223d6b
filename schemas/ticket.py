"""The record of a held batch: `hold/batch=<id>/ticket.json`."""

import msgspec

from schemas import SCHEMA_VERSION
from schemas.audit import Audit


class Ticket(msgspec.Struct, frozen=True, kw_only=True):
    """What was measured on a held batch, against what, and what would have let it pass.

    `margin` is how far `audit.value` lies beyond `audit.limit`, in the signal's unit, >= 0.
    `labels` counts the batch's documents by provenance label. `why` and `would_pass` are
    sentences for the reviewer.
    """

    batch_id: str
    """The batch."""
    audit: Audit
    """Its row of `audits/`."""
    margin: float
    """How far beyond its limit the batch is."""
    labels: dict[str, int]
    """Its documents by provenance label."""
    conflicts: int
    """Documents of attested sources that look synthetic with high confidence."""
    why: str
    """Why it was held, a sentence."""
    would_pass: str
    """What would have let it pass, a sentence."""
    schema_version: int = SCHEMA_VERSION
    """Version of this file's shape."""
