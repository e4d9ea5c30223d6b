"""The main job: documents in; labelled documents, audited batches and a hold queue out.

paths -> ReadDocuments -> UniqueDocuments -> Measure -> AssembleBatches -> Score -> Label
      -> AuditEntropy -> sinks: documents, hold, measurements, audits, rejects; manifest.json last
"""

import sys
import tempfile
import time
from collections.abc import Callable, Sequence

import apache_beam as beam
from apache_beam.pvalue import AsSingleton

from pipelines.arguments import UsageError, is_local, parse_arguments
from pipelines.closing_table import closing_table
from pipelines.curate_settings import CurateSettings, parser, settle
from pipelines.local_run import run_locally
from pipelines.progress_line import ProgressLine
from pipelines.report import render_report
from pipelines.run_folder import check_run_folder, read_manifest, start_run_folder
from schemas.audit import Audit
from schemas.batch import MeasuredDocument
from schemas.document import Document, PublishedDocument
from schemas.measurements import Measurements
from schemas.reject import RECORD, Reject
from signals.evidence import find_source
from signals.measuring import with_language
from signals.provenance import label_is_open
from signals.synthetic_share import error_rates
from transforms.assemble_batches import AssembleBatches, CountStrata
from transforms.audit_entropy import AuditEntropy
from transforms.finish_run import FinishRun
from transforms.label import Label
from transforms.measure import Measure
from transforms.notify_held import NotifyHeld
from transforms.open_files import input_bytes
from transforms.progress import Progress
from transforms.public_path import public_path
from transforms.read_documents import ReadDocuments
from transforms.reject_forgotten import RejectForgotten
from transforms.route import Route
from transforms.run_log import RUN_STARTED, log_event
from transforms.score import Score
from transforms.unique_documents import UniqueDocuments
from transforms.watch_drift import WatchDrift, WriteDrift
from transforms.write_held import WriteHeld
from transforms.write_shards import WriteShards, shard_count


def curate(pipeline: beam.Pipeline, settings: CurateSettings, progress: Progress | None = None) -> None:
    """Builds the graph of the main job."""
    s = settings

    read = pipeline | "ReadDocuments" >> ReadDocuments(
        s.inputs, prefix=s.path_prefix, limit=s.limit, progress=progress
    )
    kept = read.documents | "RejectForgotten" >> RejectForgotten(s.block_list)
    documents = kept.documents | "Language" >> beam.Map(with_language).with_output_types(Document)
    strata = documents | "CountStrata" >> CountStrata(s.batch_by, s.window_days)
    shards = AsSingleton(
        documents | "CountDocuments" >> beam.combiners.Count.Globally() | "Shards" >> beam.Map(shard_count)
    )
    unique = documents | "UniqueDocuments" >> UniqueDocuments()
    measured = unique.documents | "Measure" >> Measure(s.scorer, progress)
    batches = measured.documents | "AssembleBatches" >> AssembleBatches(
        strata, batch_documents=s.batch_documents, batch_by=s.batch_by, window_days=s.window_days
    )
    scored = batches | "Score" >> Score(
        s.scorer if s.fingerprint else None,
        worth_scoring=_worth_scoring(s) if s.scoring == "decisive" else None,
        threads=s.threads,
        timeout_seconds=s.scorer_timeout_seconds,
        progress=progress,
        accelerator=s.accelerator,
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
    routed = audited | "Route" >> Route()
    drift = routed.audits | "WatchDrift" >> WatchDrift(s.profile.gate)
    rejects = (
        read.rejects,
        kept.rejects,
        unique.rejects,
        measured.rejects,
        unscorable,
    ) | "Rejects" >> beam.Flatten()

    files = (
        routed.documents
        | "ToLabelFolder" >> beam.MapTuple(lambda label, row: (f"documents/provenance={label}", row))
        | "WriteDocuments" >> WriteShards(s.output, PublishedDocument, lambda row: row.id, shards),
        routed.held | "WriteHeld" >> WriteHeld(s.output, s.scorer),
        routed.measurements
        | "ToMeasurements" >> beam.Map(lambda row: ("measurements", row))
        | "WriteMeasurements" >> WriteShards(s.output, Measurements, lambda row: row.id, shards),
        routed.audits
        | "ToAudits" >> beam.Map(lambda row: ("audits", row))
        | "WriteAudits" >> WriteShards(s.output, Audit, lambda row: row.batch_id, shards),
        rejects
        | "ToRejects" >> beam.Map(lambda row: ("rejects", row))
        | "WriteRejects" >> WriteShards(s.output, Reject, _reject_key, shards),
        drift | "WriteDrift" >> WriteDrift(s.output, shards),
    ) | "Files" >> beam.Flatten()
    tallies = (
        routed.tallies,
        read.counts | "TallyRead" >> beam.MapTuple(lambda path, source, n: (("read", source, ""), n)),
        scored
        | "TallyDevices"
        >> beam.FlatMap(
            lambda b: [(("scored_on", b.scored_on, ""), len(b.batch.documents))] if b.scored_on else []
        ),
        rejects
        | "RecordsOnly" >> beam.Filter(lambda reject: reject.kind == RECORD)
        | "TallyRejects" >> beam.Map(lambda reject: (("rejected", reject.source, reject.reason), 1)),
    ) | "Tallies" >> beam.Flatten()
    files_read = (
        read.counts | "Paths" >> beam.MapTuple(lambda path, source, n: path) | "Once" >> beam.Distinct()
    )
    finished = pipeline | "FinishRun" >> FinishRun(
        s.output,
        s.empty_manifest(),
        render_report,
        error_rates(s.profile, s.scorer_id),
        files=files,
        tallies=tallies,
        files_read=files_read,
        rejects=rejects,
        renamed=unique.renamed,
        histograms=routed.histograms,
        audits=routed.audits,
        drift=drift,
    )
    if s.hold_topic:
        _ = finished | "NotifyHeld" >> NotifyHeld(s.hold_topic, routed.audits)


def _worth_scoring(settings: CurateSettings) -> Callable[[MeasuredDocument], bool]:
    sources, profile = settings.sources, settings.profile
    return lambda m: label_is_open(m.measurements, find_source(m.document, sources), profile)


def _reject_key(reject: Reject) -> str:
    return f"{reject.file_path}\0{reject.offset:020d}\0{reject.kind}\0{reject.reason}\0{reject.id}"


def run(argv: Sequence[str] | None = None) -> int:
    """Runs the job to its end; exit code 0, or an exception that says what failed."""
    arguments, options = parse_arguments(parser(), argv)
    check_run_folder(arguments.output, overwrite=arguments.overwrite)
    settings = settle(arguments, options)
    for warning in settings.warnings:
        print(f"warning: {warning}", file=sys.stderr)
    size = _input_size(settings) if is_local(options) or arguments.dry_run else None
    if arguments.dry_run:
        print(_plan(settings, size))
        return 0
    started = time.monotonic()
    start_run_folder(settings.output)
    pipeline = beam.Pipeline(options=options)
    if not is_local(options):
        curate(pipeline, settings)
        pipeline.run()
        log_event(RUN_STARTED, settings.output, profile=settings.profile.name, gate=settings.gate)
        print(f"The job is with its runner; {settings.output}/manifest.json appears at its end.")
        return 0
    with tempfile.TemporaryDirectory(prefix="wellspring-progress-") as folder:
        progress = Progress(folder)
        curate(pipeline, settings, progress)
        with ProgressLine(progress, size):
            run_locally(pipeline)
    print(closing_table(read_manifest(settings.output), settings.output, time.monotonic() - started))
    return 0


def _input_size(settings: CurateSettings) -> int | None:
    """Bytes of the input where they can be had.

    Raises:
        UsageError: an input matches nothing or can't be reached, or a list of paths can't be read.
    """
    try:
        return input_bytes(settings.inputs, settings.path_prefix)
    except (OSError, ValueError) as error:
        raise UsageError(f"--input: {error}") from error


def _plan(settings: CurateSettings, size: int | None) -> str:
    inputs = ", ".join(map(public_path, settings.inputs))
    return "\n".join(
        [
            f"would read {inputs}" + (f", {size:,} bytes" if size else ""),
            f"would score with {settings.scorer_id or 'no scorer'}, "
            f"in batches of {settings.batch_documents} documents by {', '.join(settings.batch_by)}",
            f"would write {settings.output} under profile {settings.profile.name}, gate {settings.gate}",
        ]
    )


if __name__ == "__main__":
    from pipelines.cli import main

    sys.exit(main(["curate", *sys.argv[1:]]))
