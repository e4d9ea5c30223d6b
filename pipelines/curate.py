"""The main job: documents in; labelled documents, audited batches and a hold queue out.

paths -> ReadDocuments -> UniqueDocuments -> Measure -> AssembleBatches -> judge_batches:
      Score -> Label -> AuditEntropy -> documents, hold, measurements, audits, rejects; manifest.json last
"""

import sys
from collections.abc import Iterator, Sequence

import apache_beam as beam
from apache_beam.pvalue import AsSingleton

from pipelines.arguments import UsageError, check_detach, is_local, parse_arguments
from pipelines.curate_settings import CurateSettings, parser, settle
from pipelines.judge_batches import Gathered, judge_batches
from pipelines.run_folder import check_not_read, check_run_folder
from pipelines.start_run import start_run
from schemas.document import Document
from signals.measuring import with_language
from transforms.assemble_batches import AssembleBatches, CountStrata
from transforms.measure import Measure
from transforms.open_files import expand_all, input_bytes
from transforms.progress import Progress
from transforms.public_path import public_path
from transforms.read_documents import ReadDocuments
from transforms.reject_forgotten import RejectForgotten
from transforms.reused_run import PointAtTheKept, ReuseRun, WithStoredScores, tallies_as_read
from transforms.unique_documents import DUPLICATE, UniqueDocuments
from transforms.write_shards import shard_count


def curate(
    pipeline: beam.Pipeline,
    settings: CurateSettings,
    progress: Progress | None = None,
    claim: str | None = None,
) -> None:
    """Builds the graph of the main job; its end checks the claim of the output, where there is one."""
    s = settings

    reused = pipeline | "ReuseRun" >> ReuseRun(s.reuse) if s.reuse else None
    read = pipeline | "ReadDocuments" >> ReadDocuments(
        s.inputs,
        prefix=s.path_prefix,
        limit=s.limit,
        columns=s.columns,
        progress=progress,
        known=reused.files if reused else None,
    )
    all_documents = read.documents
    if reused:
        all_documents = (all_documents, reused.documents) | "WithReused" >> beam.Flatten()
    kept = all_documents | "RejectForgotten" >> RejectForgotten(s.block_list)
    documents = kept.documents | "Language" >> beam.Map(with_language).with_output_types(Document)
    counted = documents
    if reused:
        once_documents = reused.rejects | "OnceDocuments" >> beam.Filter(lambda r: r.reason == DUPLICATE)
        counted = (documents, once_documents) | "Counted" >> beam.Flatten()
    strata = counted | "CountStrata" >> CountStrata(s.batch_by, s.window_days)
    shards = AsSingleton(
        counted | "CountDocuments" >> beam.combiners.Count.Globally() | "Shards" >> beam.Map(shard_count)
    )
    unique = documents | "UniqueDocuments" >> UniqueDocuments(reused.duplicates if reused else None)
    measured = unique.documents | "Measure" >> Measure(s.scorer, progress)
    batches = measured.documents | "AssembleBatches" >> AssembleBatches(
        strata, batch_documents=s.batch_documents, batch_by=s.batch_by, window_days=s.window_days
    )
    rejects = (read.rejects, kept.rejects, unique.rejects, measured.rejects) | "Rejects" >> beam.Flatten()
    tallies = read.counts | "TallyRead" >> beam.MapTuple(lambda path, source, n: (("read", source, ""), n))
    paths = read.counts | "Paths" >> beam.MapTuple(lambda path, source, n: path)
    if reused:
        old = reused.rejects | "PointAtTheKept" >> PointAtTheKept(
            reused.places, unique.documents, unique.rejects
        )
        rejects = (rejects, old) | "WithOldRejects" >> beam.Flatten()
        again = tallies_as_read(reused.documents, reused.rejects)
        tallies = (tallies, again) | "WithOldTallies" >> beam.Flatten()
        paths = (paths, reused.files | "OldPaths" >> beam.Keys()) | "WithOldPaths" >> beam.Flatten()
        if s.scorer_id:
            batches = batches | "StoredScores" >> WithStoredScores(reused.scores, s.scorer_id)
    gathered = Gathered(
        shards=shards,
        rejects=rejects,
        tallies=tallies,
        files_read=paths | "Once" >> beam.Distinct(),
        renamed=unique.renamed,
    )
    judge_batches(pipeline, s, batches, gathered, progress, claim)


def run(argv: Sequence[str] | None = None) -> int:
    """Runs the job to its end; exit code 0, or an exception that says what failed."""
    arguments, options = parse_arguments(parser(), argv)
    if arguments.detach:
        check_detach(options)
    check_run_folder(arguments.output, overwrite=arguments.overwrite)
    settings = settle(arguments, options)
    for warning in settings.warnings:
        print(f"warning: {warning}", file=sys.stderr)
    size = _input_size(settings) if is_local(options) or arguments.dry_run else None
    check_not_read(settings.output, _read(settings))
    if arguments.dry_run:
        print(_plan(settings, size))
        return 0
    start_run(
        "curate",
        lambda pipeline, progress, claim: curate(pipeline, settings, progress, claim),
        settings.output,
        options,
        overwrite=arguments.overwrite,
        input_bytes=size,
        detach=arguments.detach,
        profile=settings.profile.name,
        gate=settings.gate,
    )
    return 0


def _read(settings: CurateSettings) -> Iterator[str]:
    """What the run reads: its files, and the run that it reuses."""
    if settings.reuse:
        yield settings.reuse
    try:
        yield from expand_all(settings.inputs, settings.path_prefix)
    except (OSError, ValueError) as error:
        raise UsageError(f"--input: {error}") from error


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
    from pipelines.cli import command

    command(["curate", *sys.argv[1:]])
