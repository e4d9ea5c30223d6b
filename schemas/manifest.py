"""manifest.json: written last; a run folder without one is not a run."""

import msgspec

from schemas import SCHEMA_VERSION
from schemas.prevalence import SyntheticShare
from schemas.scorer import ScorerFingerprint


class FileRecord(msgspec.Struct, frozen=True, kw_only=True):
    """A published file: its path in the run, its rows, its content."""

    path: str
    rows: int
    sha256: str


class FileEntry(msgspec.Struct, frozen=True, kw_only=True):
    rows: int
    sha256: str


class SourceCounts(msgspec.Struct, frozen=True, kw_only=True):
    """Conservation for one source: read = labelled + held + rejected."""

    read: int = 0
    labelled: int = 0
    held: int = 0
    rejected: int = 0


class Histogram(msgspec.Struct, frozen=True, kw_only=True):
    """Counts of a signal over documents: `counts[i]` lie in [edges[i], edges[i+1]), the first and
    last bin also hold what lies beyond. `undefined` counts nulls."""

    edges: list[float]
    counts: list[int]
    undefined: int


class ReprocessedFrom(msgspec.Struct, frozen=True, kw_only=True):
    """The run that this one was made of, and what came out otherwise.

    The batches are those that are held in one of the two runs; where both only monitor, those that would be.
    """

    run: str
    manifest_sha256: str
    """Of that run's manifest: whether it is the same one still."""
    changed: list[str]
    """In words: "profile seed -> reference-en"."""
    labels: dict[str, dict[str, int]] = {}
    """Documents by their label there, then by their label here; those that are held among them."""
    only_monitored: bool = False
    """Whether the gates of both runs only monitor."""
    newly_held: list[str] = []
    newly_passed: list[str] = []


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
    labelled: dict[str, int]
    held: int
    rejected: dict[str, int]
    files_read: int
    files_damaged: dict[str, str]
    batches: int
    batches_held: int
    tokens: int
    tokens_scored: int
    """Those that the scorer saw: fewer than `tokens` with `--scoring=decisive`."""
    scorer: ScorerFingerprint | None
    scored_on: dict[str, int]
    """Documents by the device and instruction set that scored them: {"cpu AVX512": 2048}."""
    profile: str
    gate: str
    code_version: str
    started: str
    finished: str
    files: dict[str, FileEntry]
    by_source: dict[str, SourceCounts]
    histograms: dict[str, dict[str, Histogram]]
    conflicts: int
    """Documents of attested sources whose text looks synthetic with high confidence."""
    renamed_ids: int
    """Documents whose id was taken by another text and got a suffix."""
    profile_sha256: str
    batch_documents: int
    batch_by: list[str]
    window_days: int
    synthetic_share: list[SyntheticShare] = []
    """By source and month, without the bias of counting verdicts."""
    parameters: dict[str, str]
    """The job's own flags, as given."""
    sources_sha256: str | None = None
    """Of the sources.yaml that it went by."""
    reprocessed_from: ReprocessedFrom | None = None
    cost: RunCost | None = None
    schema_version: int = SCHEMA_VERSION
