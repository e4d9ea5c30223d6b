"""A document: one text with where it came from (dolma's fields, FineWeb's columns)."""

import msgspec


class Document(msgspec.Struct, frozen=True, kw_only=True):
    """One text on its way through the pipeline.

    `id`, `text`, `source`, `added`, `created` and `metadata` are dolma's; the rest are columns
    where known. `metadata` is a JSON object as text, so that its column has one type whatever
    the input carried. `file_path` and `offset` say where the record began: a byte offset in a
    web archive (of the compressed file where there is one), a line or row number elsewhere,
    """

    id: str
    text: str
    source: str
    added: str | None = None
    created: str | None = None
    metadata: str = "{}"
    dump: str | None = None
    url: str | None = None
    date: str | None = None
    language: str | None = None
    file_path: str
    offset: int


class PublishedDocument(msgspec.Struct, frozen=True, kw_only=True):
    """A row of `documents/`: the document, its label and why. The label itself is the folder.

    `token_count` counts the scorer's tokens. `probability` is that of being synthetic, in 0..1,
    null when the profile abstains. `offset` is null in runs of an earlier version.
    """

    id: str
    text: str
    source: str
    added: str | None
    created: str | None
    metadata: str
    dump: str | None
    url: str | None
    date: str | None
    language: str | None
    file_path: str
    token_count: int
    verdict: str
    confidence: str
    probability: float | None
    reasons: list[str]
    batch_id: str
    offset: int | None = None


class HeldDocument(PublishedDocument, frozen=True, kw_only=True):
    """A row of `hold/batch=<id>/documents.parquet`: the label is a column here.

    It carries what the review page colours its words by, so that the page needs no model; both are
    null where no scorer ran, or by an earlier version.
    """

    provenance: str
    token_ends: bytes | None = None
    """Where each token ends in the text: characters, packed as little-endian int32."""
    token_surprisals: bytes | None = None
    """One byte a token: `signals.surprisal_levels`."""


class DeclinedDocument(HeldDocument, frozen=True, kw_only=True):
    """A row of `declined/`: a held document that a person rejected, with who, when and why."""

    decided_by: str
    decided_at: str
    decision_reason: str
