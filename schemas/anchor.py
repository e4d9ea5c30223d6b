"""An anchor set: attested human documents, their signed versions, and the log of what left it."""

import msgspec

from wellspring.schemas import CODE_VERSION, SCHEMA_VERSION
from wellspring.schemas.forgotten import ForgottenRecord
from wellspring.schemas.manifest import FileEntry


class AnchorDocument(msgspec.Struct, frozen=True, kw_only=True):
    """A row of `versions/<n>/documents-*.parquet`: a document of an anchor set."""

    id: str
    """Unique in the set."""
    text: str
    """The text."""
    source: str
    """The input's `source`."""
    url: str | None
    """Its address. Null: the input has none."""
    date: str | None
    """The document's own date, ISO 8601 in UTC. Null: the input has none."""
    attested_by: str
    """Who attests to its human author."""
    attested_on: str | None
    """When it was attested. Null: only the document's own date is known."""
    licence: str
    """Under what licence it may be used."""
    metadata: str
    """A JSON object as text; `{}` for none."""
    sha256: str
    """Of the text's UTF-8, 64 hex digits."""
    normalised_sha256: str
    """Of the text's words alone, 64 hex digits."""


class AnchorCheck(msgspec.Struct, frozen=True, kw_only=True):
    """What the documents of a version were compared with before they entered."""

    against: str
    """`synthetic`, `training` or `benchmarks`."""
    patterns: list[str]
    texts: int


class AnchorPolicy(msgspec.Struct, frozen=True, kw_only=True):
    """By which rules the documents of a version were let in."""

    purpose: str = "final-stage fine-tuning and calibration; never in a training set"
    attestation: str = "who, when and licence of each document; the detector only vetoes"
    vetoed_at: str = "SYNTHETIC at HIGH confidence, by the text alone"
    profile: str
    profile_sha256: str
    near_duplicate_jaccard: float
    quotation_words: int
    quoted_share: float
    """Share of a document's words in runs of so many words met elsewhere, from which it is refused; one
    run is enough for benchmarks."""
    common_documents: int
    """Runs in more documents than this don't count."""
    checks: list[AnchorCheck]


class AnchorVersion(msgspec.Struct, frozen=True, kw_only=True):
    """`versions/<number>/version.json`. Its bytes are what `signature` beside it signs (Ed25519, raw)."""

    version: int
    previous: str | None
    """sha256 of the version.json before; null in the first."""
    created: str
    documents: int
    """Of this and all earlier versions, those that were forgotten among them: the leaves under `root`."""
    added: int
    root: str
    """Merkle root over all documents in the order of versions and rows; a forgotten one's leaf is kept."""
    files: dict[str, FileEntry]
    """Of this version's folder, by name, `version.json` and `signature` left out."""
    attested_by: list[str]
    licences: list[str]
    rejected: dict[str, int]
    """Documents and records of the input that were refused, by reason; each is a row of rejects.parquet."""
    policy: AnchorPolicy | None
    """Null in the first version, which has no documents."""
    exports: int
    """Exports logged before this version."""
    last_export: str | None
    """sha256 of the last one's record."""
    public_key: str
    """Raw Ed25519 key, 64 hex digits; the first version pins it for all."""
    removals: int = 0
    """Removals recorded before this version."""
    last_removal: str | None = None
    """sha256 of the last one's record."""
    code_version: str = CODE_VERSION
    schema_version: int = SCHEMA_VERSION


class AnchorExport(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What left an anchor set: the content of an `exports/<number>.json`."""

    export: int
    previous: str | None
    """sha256 of the export's file before; null in the first."""
    exported: str
    exported_by: str
    purpose: str
    version: int
    root: str
    documents: int
    output_sha256: str
    forgotten: int = 0
    """Documents of that version that had been forgotten by then, and were not exported."""


class LoggedExport(msgspec.Struct, frozen=True, kw_only=True):
    """`exports/<number>.json`: the record, and the sha256 of its JSON, which covers the last one too."""

    record: AnchorExport
    sha256: str


class Redacted(msgspec.Struct, frozen=True, kw_only=True):
    """A file of a version that lost rows, or what named a document."""

    before: FileEntry
    after: FileEntry


class AnchorRemoval(ForgottenRecord, frozen=True, kw_only=True):
    """`forgotten/<number>.json` of an anchor set. Its bytes are what `<number>.signature` signs.

    `manifest_sha256_before` is that of the last version.json; `labelled` and `held` are empty.
    """

    previous: str | None
    """sha256 of the removal before; null in the first."""
    version: int
    """The last one then."""
    root: str
    """Its Merkle root: before, and still, as the removed documents' leaves are kept."""
    documents: int
    """What is left."""
    files: dict[str, Redacted]
    leaves: dict[str, str]
    """{place among all leaves: leaf} of the removed documents."""
