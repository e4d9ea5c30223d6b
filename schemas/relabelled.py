"""What travels while a finished run is judged again: labels and counts, and of texts only the held ones."""

import msgspec

from wellspring.schemas.document import HeldDocument
from wellspring.schemas.label import Label


class ShardFile(msgspec.Struct, frozen=True, kw_only=True):
    """A file of a run, with the sha256 that the run's manifest has for it."""

    path: str
    rows: int
    sha256: str


class RunShard(msgspec.Struct, frozen=True, kw_only=True):
    """Shard `number` of the `of` into which a run's documents are hashed: their files by provenance label,
    and that of their measurements, which has the held documents' too.
    """

    number: int
    of: int
    documents: dict[str, ShardFile] = {}
    measurements: ShardFile


class LabelledShard(msgspec.Struct, frozen=True, kw_only=True):
    """A shard with the held documents that belong in it, and the new labels of all its documents: those of
    its files first, file after file by label, then the held ones.
    """

    shard: RunShard
    held: list[HeldDocument]
    labels: list[Label]


class RelabelledDocument(msgspec.Struct, frozen=True, kw_only=True):
    """What a batch's audit and a run's counts take from one document. The new label is without reasons."""

    source: str
    date: str | None
    before: str
    """Its provenance label in the run before."""
    label: Label


class RelabelledPart(msgspec.Struct, frozen=True, kw_only=True):
    """The documents of one batch that lie in one shard.

    `token_ids` and `token_counts`, little-endian int32 and int64, say how often each token occurs in
    them; both are null where nobody asked.
    """

    batch_id: str
    documents: list[RelabelledDocument]
    token_ids: bytes | None = None
    token_counts: bytes | None = None
