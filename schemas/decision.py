"""What people decide about held batches: `decisions/<batch id>/<number>.json`, `releases/<number>.json`."""

import msgspec

from wellspring.schemas import SCHEMA_VERSION
from wellspring.schemas.manifest import FileEntry

APPROVE = "approve"
REJECT = "reject"
UNDO = "undo"
RELEASE = "release"


class Decision(msgspec.Struct, frozen=True, kw_only=True):
    """One step of a held batch's history. Files are numbered from 1 and created only if absent; the last
    one counts.

    `approve` and `reject` settle the batch, `undo` makes it wait again. `release` is written by the job
    that publishes it: from then on the decision before it can't be undone.
    """

    batch_id: str
    """The batch."""
    number: int
    """Place in the batch's history, from 1."""
    decision: str
    """`approve`, `reject`, `undo` or `release`."""
    documents: list[str] | None = None
    """With `reject`: the ids that are rejected, sorted; the batch's others are approved. Null: all."""
    by: str
    """Who decided."""
    at: str
    """ISO 8601, UTC."""
    reason: str = ""
    """Why; may be empty."""
    ticket_sha256: str
    """Of the ticket that was decided upon."""
    release: int | None = None
    """With `release`: the number of the release."""
    schema_version: int = SCHEMA_VERSION
    """Version of this file's shape."""


class ReleasePlan(msgspec.Struct, frozen=True, kw_only=True):
    """`releases/<number>.plan`: which batches a release takes, settled before it begins.

    `batches` holds the number of the decision in force for each; a batch whose decision is undone before the
    release has claimed it is left out.
    """

    number: int
    released_by: str
    released_at: str
    batches: dict[str, int]


class ReleasedBatch(msgspec.Struct, frozen=True, kw_only=True):
    """What a release did with a batch: so many documents published, so many declined; who, when, why."""

    decision: str
    """What was decided."""
    documents: int
    """Documents published."""
    declined: int
    """Documents set aside."""
    by: str
    """Who decided."""
    at: str
    """When, ISO 8601 in UTC."""
    reason: str
    """Why."""


class Release(msgspec.Struct, frozen=True, kw_only=True):
    """`releases/<number>.json`: the commit point of a release, written last."""

    number: int
    """From 1."""
    released_by: str
    """Who ran the job."""
    released_at: str
    """ISO 8601, UTC."""
    batches: dict[str, ReleasedBatch]
    """By batch."""
    files: dict[str, FileEntry]
    """What was published, by path in the run."""
    schema_version: int = SCHEMA_VERSION
    """Version of this file's shape."""
