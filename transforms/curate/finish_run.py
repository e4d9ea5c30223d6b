"""The end of a run: conservation is checked, the report written, the manifest last of all."""

from collections.abc import Callable, Iterable

import apache_beam as beam
import msgspec
from apache_beam.pvalue import AsIter, AsList, AsSingleton, PCollection

from wellspring.schemas.audit import HOLD_FOR_REVIEW, Audit
from wellspring.schemas.encoding import json_bytes, utc_now
from wellspring.schemas.label import PROVENANCE_LABELS
from wellspring.schemas.manifest import (
    FileEntry,
    FileRecord,
    Manifest,
    ReprocessedFrom,
    RunCost,
    SourceCounts,
)
from wellspring.schemas.reject import FILE, Reject
from wellspring.schemas.window_audit import WindowAudit
from wellspring.signals.stats.hashing import stable_hash
from wellspring.signals.verdict.histograms import Histograms, merge_histograms
from wellspring.signals.verdict.synthetic_share import ErrorRates, synthetic_shares
from wellspring.transforms.curate.route import (
    BATCHES_FLAGGED,
    DATE_UNREAD,
    NEWLY_HELD,
    NEWLY_PASSED,
    RELABELLED,
    SCORING,
    SOURCE_ENTRY,
    WINDOW,
    Tally,
)
from wellspring.transforms.runs.run_log import RUN_FINISHED, figures_of_run, log_event, seconds_between
from wellspring.transforms.storage.publish import clear_unfinished, finish_folder, is_finished

# The report draws at most so many batches: those beyond their limit first, then a sample by hash.
AUDITS_IN_REPORT = 2000
# And so many strata over time: those with an alarm first, then those closest to one.
STRATA_IN_REPORT = 200


class ConservationError(ValueError):
    """Records read are not the records accounted for: nothing of such a run may be used."""


class FinishRun(beam.PTransform[beam.Pipeline, PCollection[str]]):
    """Waits for every sink, then writes `report.html` and `manifest.json`.

    Args:
        run: the run's folder. manifest: with all that the launcher knows, nothing counted yet.
        render: makes the report page of a manifest, (some of) its audits and of the strata over time.
        rates: the profile's error rates, which correct the shares of synthetic text.
        files: records of all published files. tallies: counts of `transforms.curate.route` and of the
        readers. rejects: those of kind `file` name the damaged files. renamed: ids that got a suffix.
        claim: of the run's folder: once that is gone nothing more is written. None where nobody claimed it.
    """

    def __init__(
        self,
        run: str,
        manifest: Manifest,
        render: Callable[[Manifest, list[Audit], list[WindowAudit]], str],
        rates: ErrorRates,
        *,
        files: PCollection[FileRecord],
        tallies: PCollection[Tally],
        files_read: PCollection[str],
        rejects: PCollection[Reject],
        renamed: PCollection[str],
        histograms: PCollection[Histograms],
        audits: PCollection[Audit],
        drift: PCollection[tuple[str, list[WindowAudit]]],
        claim: str | None = None,
    ) -> None:
        super().__init__()
        self._fixed = run, manifest, render, rates, claim
        self._side_inputs = {
            "files": AsIter(files),
            "tallies": AsList(tallies | "SumTallies" >> beam.CombinePerKey(sum)),
            "files_read": AsSingleton(files_read | "CountFiles" >> beam.combiners.Count.Globally()),
            "damaged": AsIter(
                rejects
                | "Damaged" >> beam.Filter(lambda r: r.kind == FILE)
                | "PathAndReason" >> beam.Map(lambda r: (r.file_path, f"{r.reason}: {r.detail}"))
            ),
            "renamed": AsSingleton(renamed | "CountRenamed" >> beam.combiners.Count.Globally()),
            "histograms": AsSingleton(histograms | "SumHistograms" >> beam.CombineGlobally(merge_histograms)),
            "audits": AsSingleton(
                audits | "AuditsToDraw" >> beam.combiners.Top.Largest(AUDITS_IN_REPORT, key=flagged_first)
            ),
            "drift": AsSingleton(
                drift | "DriftToDraw" >> beam.combiners.Top.Largest(STRATA_IN_REPORT, key=_furthest_first)
            ),
        }

    def expand(self, pipeline: beam.Pipeline) -> PCollection[str]:
        return (
            pipeline
            | "Once" >> beam.Create([None])
            | "CheckAndWrite" >> beam.Map(_finish, *self._fixed, **self._side_inputs)
        )


def flagged_first(audit: Audit) -> tuple[bool, int]:
    """Sorts what a report draws: batches beyond their limit, then a sample by hash."""
    flagged = audit.gated and audit.action == HOLD_FOR_REVIEW
    return flagged, stable_hash(audit.batch_id, "report")


def _furthest_first(stratum: tuple[str, list[WindowAudit]]) -> tuple[bool, float, int]:
    name, windows = stratum
    furthest = max((w.cusum or 0.0 for w in windows), default=0.0)
    return any(w.alarm for w in windows), furthest, stable_hash(name, "report")


def _finish(
    _: None,
    run: str,
    manifest: Manifest,
    render: Callable[[Manifest, list[Audit], list[WindowAudit]], str],
    rates: ErrorRates,
    claim: str | None,
    *,
    files: Iterable[FileRecord],
    tallies: list[Tally],
    files_read: int,
    damaged: Iterable[tuple[str, str]],
    renamed: int,
    histograms: Histograms,
    audits: list[Audit],
    drift: list[tuple[str, list[WindowAudit]]],
) -> str:
    finished = utc_now()
    manifest = msgspec.structs.replace(
        manifest,
        **_counts(tallies),
        synthetic_share=synthetic_shares(tallies, rates),
        sources_unmatched=_without_matched(manifest.sources_unmatched, tallies),
        dates_unread={source: n for (what, source, _), n in sorted(tallies) if what == DATE_UNREAD},
        files={f.path: FileEntry(rows=f.rows, sha256=f.sha256) for f in sorted(files, key=lambda f: f.path)},
        files_read=files_read,
        files_damaged=dict(sorted(damaged)),
        renamed_ids=renamed,
        histograms=histograms,
        reprocessed_from=manifest.reprocessed_from and _with_changes(manifest.reprocessed_from, tallies),
        finished=finished,
        cost=RunCost(
            seconds=seconds_between(manifest.started, finished),
            scoring_seconds={device: n / 1000 for (what, device, _), n in sorted(tallies) if what == SCORING},
        ),
    )
    check_conservation(manifest)
    in_order = sorted(audits, key=lambda a: (a.window_start or "", a.stratum, a.batch_id))
    windows = [window for _, of_stratum in sorted(drift) for window in of_stratum]
    content = json_bytes(manifest)
    # All that can fail is done before the manifest is there.
    flagged = sum(n for (what, _, _), n in tallies if what == BATCHES_FLAGGED)
    starts = [start for (what, start, _), _ in tallies if what == WINDOW]
    figures = figures_of_run(manifest, flagged, starts)
    if is_finished(run, manifest):  # by this very step, which is done again
        clear_unfinished(run, claim)
    else:
        finish_folder(run, render(manifest, in_order, windows).encode(), content, claim)
    log_event(RUN_FINISHED, run, **figures)
    return run


def _counts(tallies: list[Tally]) -> dict[str, object]:
    labelled = dict.fromkeys(PROVENANCE_LABELS, 0)
    rejected: dict[str, int] = {}
    by_source: dict[str, dict[str, int]] = {}
    scored_on: dict[str, int] = {}
    totals = {
        "read": 0,
        "held": 0,
        "tokens": 0,
        "tokens_scored": 0,
        "conflicts": 0,
        "batches": 0,
        "batches_held": 0,
    }
    for (what, source, name), count in sorted(tallies):
        if what in ("read", "labelled", "held", "rejected"):
            counts = by_source.setdefault(source, {"read": 0, "labelled": 0, "held": 0, "rejected": 0})
            counts[what] += count
        if what == "labelled":
            labelled[name] += count
        elif what == "rejected":
            rejected[name] = rejected.get(name, 0) + count
        elif what == "scored_on":
            scored_on[source] = count
        elif what in totals:
            totals[what] += count
    records_read = totals.pop("read")
    return {
        "records_read": records_read,
        "labelled": labelled,
        "rejected": rejected,
        "scored_on": scored_on,
        "by_source": {source: SourceCounts(**counts) for source, counts in by_source.items()},
        **totals,
    }


def _without_matched(entries: list[str], tallies: list[Tally]) -> list[str]:
    """The manifest begins with all entries of the sources.yaml."""
    matched = {int(number) for (what, number, _), _ in tallies if what == SOURCE_ENTRY}
    return [entry for number, entry in enumerate(entries) if number not in matched]


def _with_changes(before: ReprocessedFrom, tallies: list[Tally]) -> ReprocessedFrom:
    """What `transforms.rerun.relabel` counted of a run that was made of another."""
    labels: dict[str, dict[str, int]] = {}
    batches: dict[str, list[str]] = {NEWLY_HELD: [], NEWLY_PASSED: []}
    for (what, first, second), count in sorted(tallies):
        if what == RELABELLED:
            labels.setdefault(first, {})[second] = count
        elif what in batches:
            batches[what].append(first)
    return msgspec.structs.replace(
        before, labels=labels, newly_held=batches[NEWLY_HELD], newly_passed=batches[NEWLY_PASSED]
    )


def check_conservation(manifest: Manifest) -> None:
    """Records read = labelled + held + rejected, over all and for each source, and the rows in
    the published files are those counts.

    Raises:
        ConservationError: they are not; the message gives both sides.
    """
    for source, c in manifest.by_source.items():
        if c.read != c.labelled + c.held + c.rejected:
            raise ConservationError(
                f"source {source!r}: read {c.read} records, but {c.labelled} labelled + {c.held} held "
                f"+ {c.rejected} rejected = {c.labelled + c.held + c.rejected}"
            )
    expected = {f"documents/provenance={label}/": n for label, n in manifest.labelled.items()}
    expected["hold/"] = manifest.held
    expected["rejects/"] = sum(manifest.rejected.values()) + len(manifest.files_damaged)
    for prefix, count in expected.items():
        rows = sum(
            f.rows for p, f in manifest.files.items() if p.startswith(prefix) and p.endswith(".parquet")
        )
        if rows != count:
            raise ConservationError(f"{prefix} holds {rows} rows, but {count} were sent there")
