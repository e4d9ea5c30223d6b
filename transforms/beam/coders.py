"""How our structs travel between Beam's steps: MessagePack by msgspec, texts compressed."""

import functools
import threading
from typing import Any

import apache_beam as beam
import msgspec
import zstandard

from wellspring.schemas.audit import Audit
from wellspring.schemas.batch import (
    AuditedBatch,
    LabelledBatch,
    MeasuredDocument,
    ScoredBatch,
    StoredScores,
    TrainingBatch,
)
from wellspring.schemas.document import Document, HeldDocument, PublishedDocument
from wellspring.schemas.manifest import FileRecord
from wellspring.schemas.measurements import Measurements
from wellspring.schemas.reject import Reject
from wellspring.schemas.relabelled import LabelledShard, RelabelledPart, RunShard
from wellspring.schemas.training_set import DrawnDocument

STRUCTS: tuple[type[msgspec.Struct], ...] = (
    Audit,
    AuditedBatch,
    Document,
    DrawnDocument,
    FileRecord,
    HeldDocument,
    LabelledBatch,
    LabelledShard,
    MeasuredDocument,
    Measurements,
    PublishedDocument,
    Reject,
    RelabelledPart,
    RunShard,
    ScoredBatch,
    StoredScores,
    TrainingBatch,
)


# A shuffle is paid by the byte, in memory on the local runner and in money on a service. Half of it
# is saved for some 3% of the time that a document takes otherwise.
COMPRESSED = frozenset(
    {
        AuditedBatch,
        Document,
        DrawnDocument,
        HeldDocument,
        LabelledBatch,
        LabelledShard,
        MeasuredDocument,
        PublishedDocument,
        RelabelledPart,
        ScoredBatch,
        TrainingBatch,
    }
)


class _Zstd(threading.local):
    """zstd's contexts, which may not be shared between threads."""

    def __init__(self) -> None:
        self.compress = zstandard.ZstdCompressor(level=1).compress
        self.decompress = zstandard.ZstdDecompressor().decompress


_zstd = _Zstd()


@functools.cache
def _decoder(struct: type[msgspec.Struct]) -> msgspec.msgpack.Decoder[Any]:
    return msgspec.msgpack.Decoder(struct)


@functools.cache
def _encoder() -> msgspec.msgpack.Encoder:
    # Dicts (a batch's stratum) keep the order that says something: that of `--batch_by`.
    return msgspec.msgpack.Encoder()


class StructCoder(beam.coders.Coder):
    """A deterministic coder of one struct type: fields in the order of declaration, by name."""

    def __init__(self, struct: type[msgspec.Struct]) -> None:
        self._struct = struct
        self._compressed = struct in COMPRESSED

    def encode(self, value: msgspec.Struct) -> bytes:
        encoded = _encoder().encode(value)
        return _zstd.compress(encoded) if self._compressed else encoded

    def decode(self, encoded: bytes) -> Any:
        if self._compressed:
            encoded = _zstd.decompress(encoded)
        return _decoder(self._struct).decode(encoded)

    def is_deterministic(self) -> bool:
        return True

    def to_type_hint(self) -> type[msgspec.Struct]:
        return self._struct

    @classmethod
    def from_type_hint(cls, typehint: Any, registry: object) -> "StructCoder":
        return cls(typehint)

    def __eq__(self, other: object) -> bool:
        return type(self) is type(other) and self._struct is other._struct  # type: ignore[attr-defined]

    def __hash__(self) -> int:
        return hash((type(self), self._struct))


def register_struct_coders() -> None:
    """Tells Beam to use StructCoder wherever a step declares one of our structs; idempotent.

    Without it Beam pickles them: larger, slower, and not deterministic as a key.
    """
    for struct in STRUCTS:
        beam.coders.registry.register_coder(struct, StructCoder)
