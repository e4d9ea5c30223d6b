"""How our structs travel between Beam's steps: MessagePack by msgspec."""

import functools
from typing import Any

import apache_beam as beam
import msgspec

from schemas.audit import Audit
from schemas.batch import MeasuredDocument, ScoredBatch, TrainingBatch
from schemas.document import Document, HeldDocument, PublishedDocument
from schemas.judgement import AuditedBatch, LabelledBatch
from schemas.manifest import FileRecord
from schemas.measurements import Measurements
from schemas.reject import Reject

STRUCTS: tuple[type[msgspec.Struct], ...] = (
    Audit,
    AuditedBatch,
    Document,
    FileRecord,
    HeldDocument,
    LabelledBatch,
    MeasuredDocument,
    Measurements,
    PublishedDocument,
    Reject,
    ScoredBatch,
    TrainingBatch,
)


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

    def encode(self, value: msgspec.Struct) -> bytes:
        return _encoder().encode(value)

    def decode(self, encoded: bytes) -> Any:
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


register_struct_coders()
