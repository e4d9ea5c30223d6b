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
    audit: Audit
    margin: float
    labels: dict[str, int]
    conflicts: int
    why: str
    would_pass: str
    schema_version: int = SCHEMA_VERSION
