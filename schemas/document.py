"""A document: one text with where it came from (dolma's fields, FineWeb's columns)."""

import msgspec


class Document(msgspec.Struct, frozen=True, kw_only=True):
    """One text on its way through the pipeline.

    `id`, `text`, `source`, `added`, `created` and `metadata` are dolma's; the rest are columns
    where known. `metadata` is a JSON object as text, so that its column has one type whatever
    the input carried. `file_path` and `offset` say where the record began.
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
    """A row of `documents/`: the document, its label and why. The label itself is the folder."""

    id: str
    """Unique in the run: the input's own id, else the WARC-Record-ID, else a hash of url, date and text. A
    second text under the same id has its content hash as a suffix."""
    text: str
    """The text that was measured, valid UTF-8, without control characters and long runs of what can't be
    seen."""
    source: str
    """The input's own; else `common-crawl` or `web-archive` in web archives, elsewhere the file's name up
    to its first dot."""
    added: str | None
    """dolma's `added`, as the input has it. Null: the input has none."""
    created: str | None
    """dolma's `created`, as the input has it. Null: the input has none."""
    metadata: str
    """A JSON object as text: the input's `metadata`, and every field that has no column here. `{}` for
    none. `invisible_text` says what was taken out of the text."""
    dump: str | None
    """The crawl, such as `CC-MAIN-2026-43`. Null: neither the record nor the file's path names one."""
    url: str | None
    """The page's address. Null: the input has none."""
    date: str | None
    """When it was fetched or written, ISO 8601 in UTC to the second. Null: the input has no date, or one that
    can't be read (then it is `date_raw` in `metadata`)."""
    language: str | None
    """ISO 639-1 code: the input's own, else detected. Null: the language can't be told."""
    file_path: str
    """The input file, without passwords or signatures that its URL carried."""
    token_count: int
    """Tokens by the scorer's tokenizer. Unit: tokens."""
    verdict: str
    """`SYNTHETIC`, `LIKELY_HUMAN` or `ABSTAIN`: what the measurements alone say."""
    confidence: str
    """`LOW`, `MEDIUM` or `HIGH`: how firm the verdict is."""
    probability: float | None
    """Probability that a machine wrote the text, by the measurements alone, at even prevalence. Unit: 0 to 1.
    Null: the profile abstains."""
    reasons: list[str]
    """What spoke for the label and the verdict, a sentence each."""
    batch_id: str
    """The training batch: a row of `audits/`."""
    offset: int | None = None
    """Where the record begins in its file, from 0. Unit: bytes of a web archive (of the file as stored, plain
    or gzip; of what it holds under another compression), lines in JSON lines, rows in Parquet. Null: the run
    is of a version before it was recorded."""


class HeldDocument(PublishedDocument, frozen=True, kw_only=True):
    """A row of `hold/batch=<id>/documents.parquet`: the label is a column here.

    It carries what the review page colours its words by, so that the page needs no model.
    """

    provenance: str
    """The provenance label."""
    token_ends: bytes | None = None
    """Where each token ends in the text: characters, packed as little-endian int32. Null: no scorer ran."""
    token_surprisals: bytes | None = None
    """How unlikely the scorer held each token to be: one byte per token, `signals.lm.surprisal_levels`. Null:
    no scorer ran, or the run was reprocessed without scoring."""


class DeclinedDocument(HeldDocument, frozen=True, kw_only=True):
    """A row of `declined/`: a held document that a person rejected, with who, when and why."""

    decided_by: str
    """Who rejected it."""
    decided_at: str
    """When, ISO 8601 in UTC."""
    decision_reason: str
    """Why, in the reviewer's words; may be empty."""
