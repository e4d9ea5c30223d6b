"""manifest.json: written last; a run folder without one is not a run."""

import msgspec

from wellspring.schemas import SCHEMA_VERSION
from wellspring.schemas.prevalence import SyntheticShare
from wellspring.schemas.scorer import ScorerFingerprint


class FileRecord(msgspec.Struct, frozen=True, kw_only=True):
    """A published file: its path in the run, its rows, its content."""

    path: str
    rows: int
    sha256: str


class FileEntry(msgspec.Struct, frozen=True, kw_only=True):
    rows: int
    """Rows in the file."""
    sha256: str
    """Of its bytes, 64 hex digits."""


class SourceCounts(msgspec.Struct, frozen=True, kw_only=True):
    """Conservation for one source: read = labelled + held + rejected."""

    read: int = 0
    """Records read."""
    labelled: int = 0
    """Documents in `documents/`."""
    held: int = 0
    """Documents in `hold/`."""
    rejected: int = 0
    """Records in `rejects/`."""


class Histogram(msgspec.Struct, frozen=True, kw_only=True):
    """Counts of a signal over documents: `counts[i]` lie in [edges[i], edges[i+1]), the first and
    last bin also hold what lies beyond. `undefined` counts nulls.
    """

    edges: list[float]
    """Edges of the bins, one more than there are bins."""
    counts: list[int]
    """Documents in each bin."""
    undefined: int
    """Documents without the signal."""


class ReprocessedFrom(msgspec.Struct, frozen=True, kw_only=True):
    """The run that this one was made of, and what came out otherwise.

    The batches are those that are held in one of the two runs; where both only monitor, those that would be.
    """

    run: str
    """Its folder."""
    manifest_sha256: str
    """Of that run's manifest: whether it is the same one still."""
    changed: list[str]
    """In words: "profile seed -> reference-en"."""
    labels: dict[str, dict[str, int]] = {}
    """Documents by their label there, then by their label here; those that are held among them."""
    only_monitored: bool = False
    """Whether the gates of both runs only monitor."""
    newly_held: list[str] = []
    """Batches held here and not there."""
    newly_passed: list[str] = []
    """Batches held there and not here."""


class RunCost(msgspec.Struct, frozen=True, kw_only=True):
    """What a run took, as measured. Its dollars hang on prices: `wellspring estimate` has those."""

    seconds: float
    """From `started` to `finished`, by the clocks of the launcher and of a worker."""
    scoring_seconds: dict[str, float]
    """By the device and instruction set that scored, summed over workers: {"cuda sm_90": 5120.4}. A batch
    that a dead attempt had scored counts with what it took then; scores of another run are not in it."""


class Manifest(msgspec.Struct, frozen=True, kw_only=True):
    """What a run read, made and wrote. `histograms` are keyed by signal, then provenance label."""

    records_read: int
    """Every record of the input; the sum of labelled, held and rejected."""
    labelled: dict[str, int]
    """Documents in `documents/`, by provenance label."""
    held: int
    """Documents in `hold/`."""
    rejected: dict[str, int]
    """Records in `rejects/`, by reason."""
    files_read: int
    """Input files."""
    files_damaged: dict[str, str]
    """Files that could not be read to their end, with the reason."""
    batches: int
    """Training batches."""
    batches_held: int
    """Of those, how many are in `hold/`."""
    tokens: int
    """Of all documents, by the scorer's tokenizer."""
    tokens_scored: int
    """Those that the scorer saw: fewer than `tokens` with `--scoring=decisive`."""
    scorer: ScorerFingerprint | None
    """What scored; null for none."""
    scored_on: dict[str, int]
    """Documents by the device and instruction set that scored them: {"cpu AVX512": 2048}."""
    profile: str
    """The profile's name."""
    gate: str
    """`monitor` or `enforce`."""
    code_version: str
    """Version of Wellspring."""
    started: str
    """ISO 8601, UTC."""
    finished: str
    """ISO 8601, UTC."""
    files: dict[str, FileEntry]
    """Every published file, by its path in the run."""
    by_source: dict[str, SourceCounts]
    """The sum of records for each source."""
    histograms: dict[str, dict[str, Histogram]]
    """Of each measurement, for each label."""
    conflicts: int
    """Documents of attested sources whose text looks synthetic with high confidence."""
    renamed_ids: int
    """Documents whose id was taken by another text and got a suffix."""
    profile_sha256: str
    """Of the profile."""
    batch_documents: int
    """`--batch_documents`."""
    batch_by: list[str]
    """`--batch_by`."""
    window_days: int
    """`--window_days`."""
    synthetic_share: list[SyntheticShare] = []
    """By source and month, without the bias of counting verdicts."""
    parameters: dict[str, str]
    """The job's own flags, as given."""
    sources_sha256: str | None = None
    """Of the sources.yaml that it went by."""
    sources_unmatched: list[str] = []
    """Entries of the sources.yaml that were the first to match no document: "entry 2: source=gutenberg"."""
    dates_unread: dict[str, int] = {}
    """Documents whose record has a date that can't be read, by source; they count as undated."""
    reprocessed_from: ReprocessedFrom | None = None
    """The run that `reprocess` started from; null for a run of `curate`."""
    cost: RunCost | None = None
    """What the run took; null where it was not recorded."""
    schema_version: int = SCHEMA_VERSION
    """Version of the tables' and files' shape."""
