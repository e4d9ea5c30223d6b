"""From training batches to a finished run: what the jobs that score have in common.

batches -> Score -> Label -> AuditEntropy -> sinks: documents, hold, measurements, audits, rejects;
manifest.json last
"""

from collections.abc import Callable, Iterator
from typing import NamedTuple

import apache_beam as beam
from apache_beam.pvalue import AsSingleton, PCollection

from wellspring.pages.run.report import render_report
from wellspring.pipelines.curate_settings import CurateSettings
from wellspring.schemas.audit import Audit
from wellspring.schemas.batch import MeasuredDocument, ScoredBatch, TrainingBatch
from wellspring.schemas.document import PublishedDocument
from wellspring.schemas.measurements import Measurements
from wellspring.schemas.reject import Reject
from wellspring.signals.provenance import label_is_open
from wellspring.signals.verdict.evidence import find_source
from wellspring.signals.verdict.synthetic_share import error_rates
from wellspring.transforms.beam.progress import Progress
from wellspring.transforms.beam.write_shards import WriteShards
from wellspring.transforms.curate.audit_entropy import AuditEntropy
from wellspring.transforms.curate.fill_surprisals import FillSurprisals
from wellspring.transforms.curate.finish_run import FinishRun
from wellspring.transforms.curate.label import Label
from wellspring.transforms.curate.notify_held import NotifyHeld
from wellspring.transforms.curate.route import SCORING, Route, Tally, TallyRejects
from wellspring.transforms.curate.score import Score
from wellspring.transforms.curate.score_checkpoints import ScoreCheckpoints
from wellspring.transforms.curate.watch_drift import WatchDrift, WriteDrift
from wellspring.transforms.curate.write_held import WriteHeld
from wellspring.transforms.rerun.compare_runs import CompareRuns


class Gathered(NamedTuple):
    """What is known of a run beside its batches."""

    shards: AsSingleton
    """Into how many files the rows of a folder go."""
    rejects: PCollection[Reject]
    """Of the steps before."""
    tallies: PCollection[Tally]
    """Records read."""
    files_read: PCollection[str]
    """Anything, once for each file that was read."""
    renamed: PCollection[str]
    """Anything, once for each id that got a suffix."""


def judge_batches(
    pipeline: beam.Pipeline,
    settings: CurateSettings,
    batches: PCollection[TrainingBatch],
    gathered: Gathered,
    progress: Progress | None = None,
    claim: str | None = None,
) -> None:
    """Builds the graph from batches to the manifest, which is written while `claim` holds."""
    s = settings

    scored = batches | "Score" >> Score(
        s.scorer if s.fingerprint else None,
        worth_scoring=_worth_scoring(s) if s.scoring == "decisive" else None,
        threads=s.threads,
        timeout_seconds=s.scorer_timeout_seconds,
        progress=progress,
        accelerator=s.accelerator,
        checkpoints=ScoreCheckpoints(s.output),
    )
    unscorable = scored | "Unscorable" >> beam.FlatMap(lambda b: b.rejects).with_output_types(Reject)
    audited = (
        scored
        | "Label" >> Label(s.profile, s.sources)
        | "AuditEntropy"
        >> AuditEntropy(
            s.profile, gate=s.gate, vocab_size=s.vocab_size, scorer=s.scorer_id, tokenizer=s.scorer
        )
    )
    routed = audited | "Route" >> Route(s.sources)
    held = routed.held
    if s.reuse and s.fingerprint:
        fill: beam.PTransform = FillSurprisals(s.scorer, s.threads)
        if s.accelerator:
            fill = fill.with_resource_hints(accelerator=s.accelerator)
        held = held | "FillSurprisals" >> fill
    drift = routed.audits | "WatchDrift" >> WatchDrift(s.profile.gate)
    rejects = (gathered.rejects, unscorable) | "AllRejects" >> beam.Flatten()

    files = (
        routed.documents
        | "ToLabelFolder" >> beam.MapTuple(lambda label, row: (f"documents/provenance={label}", row))
        | "WriteDocuments" >> WriteShards(s.output, PublishedDocument, lambda row: row.id, gathered.shards),
        held | "WriteHeld" >> WriteHeld(s.output, s.scorer),
        routed.measurements
        | "ToMeasurements" >> beam.Map(lambda row: ("measurements", row))
        | "WriteMeasurements" >> WriteShards(s.output, Measurements, lambda row: row.id, gathered.shards),
        routed.audits
        | "ToAudits" >> beam.Map(lambda row: ("audits", row))
        | "WriteAudits" >> WriteShards(s.output, Audit, lambda row: row.batch_id, gathered.shards),
        rejects
        | "ToRejects" >> beam.Map(lambda row: ("rejects", row))
        | "WriteRejects" >> WriteShards(s.output, Reject, _reject_key, gathered.shards),
        drift | "WriteDrift" >> WriteDrift(s.output, gathered.shards),
    ) | "Files" >> beam.Flatten()
    tallies = (
        routed.tallies,
        gathered.tallies,
        scored | "TallyDevices" >> beam.FlatMap(_by_device),
        rejects | "TallyRejects" >> TallyRejects(),
    ) | "Tallies" >> beam.Flatten()
    if s.reprocessed_from is not None:
        before = CompareRuns(s.reprocessed_from.run, routed, only_monitored=s.reprocessed_from.only_monitored)
        tallies = (tallies, pipeline | "CompareRuns" >> before) | "WithChanges" >> beam.Flatten()
    finished = pipeline | "FinishRun" >> FinishRun(
        s.output,
        s.empty_manifest(),
        render_report,
        error_rates(s.profile, s.scorer_id),
        files=files,
        tallies=tallies,
        files_read=gathered.files_read,
        rejects=rejects,
        renamed=gathered.renamed,
        histograms=routed.histograms,
        audits=routed.audits,
        drift=drift,
        claim=claim,
    )
    if s.hold_topic:
        _ = finished | "NotifyHeld" >> NotifyHeld(s.hold_topic, routed.audits)


def _by_device(scored: ScoredBatch) -> Iterator[Tally]:
    if scored.scored_on:
        yield ("scored_on", scored.scored_on, ""), len(scored.batch.documents)
        yield (SCORING, scored.scored_on, ""), scored.scoring_milliseconds


def _worth_scoring(settings: CurateSettings) -> Callable[[MeasuredDocument], bool]:
    sources, profile = settings.sources, settings.profile
    return lambda m: label_is_open(m.measurements, find_source(m.document, sources), profile)


def _reject_key(reject: Reject) -> str:
    return f"{reject.file_path}\0{reject.offset:020d}\0{reject.kind}\0{reject.reason}\0{reject.id}"
