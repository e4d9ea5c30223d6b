"""The main job: documents in; labelled documents, audited batches and a hold queue out.

paths -> ReadDocuments -> UniqueDocuments -> Measure -> AssembleBatches -> judge_batches:
      Score -> Label -> AuditEntropy -> documents, hold, measurements, audits, rejects; manifest.json last
"""

import sys
from collections.abc import Sequence

import apache_beam as beam
from apache_beam.pvalue import AsSingleton

from wellspring.pipelines.command.arguments import UsageError
from wellspring.pipelines.command.beam_options import check_detach, check_runner, is_local, parse_arguments
from wellspring.pipelines.command.input_files import input_files
from wellspring.pipelines.command.run_folder import check_not_read, check_run_folder
from wellspring.pipelines.command.start_run import start_run
from wellspring.pipelines.curate_settings import CurateSettings, settle
from wellspring.pipelines.flags.curate import parser
from wellspring.pipelines.judge_batches import Gathered, judge_batches
from wellspring.schemas.document import Document
from wellspring.signals.lm.measuring import with_language
from wellspring.transforms.beam.progress import Progress
from wellspring.transforms.beam.write_shards import shard_count
from wellspring.transforms.curate.assemble_batches import AssembleBatches, CountStrata
from wellspring.transforms.curate.measure import Measure
from wellspring.transforms.curate.read_documents import ReadDocuments
from wellspring.transforms.curate.reject_forgotten import RejectForgotten
from wellspring.transforms.curate.unique_documents import DUPLICATE, UniqueDocuments
from wellspring.transforms.rerun.reused_run import PointAtTheKept, ReuseRun, WithStoredScores, tallies_as_read
from wellspring.transforms.storage.find_files import bytes_of
from wellspring.transforms.storage.public_path import public_path, public_text


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
    check_runner(options)
    if arguments.detach:
        check_detach(options)
    check_run_folder(arguments.output, overwrite=arguments.overwrite)
    settings = settle(arguments, options)
    for warning in settings.warnings:
        print(f"warning: {warning}", file=sys.stderr)
    files = input_files("--input", settings.inputs, prefix=settings.path_prefix)
    size = _input_size(files) if is_local(options) or arguments.dry_run else None
    check_not_read(settings.output, [*files, *([settings.reuse] if settings.reuse else [])])
    if size == 0:
        _say_empty(strict=arguments.strict)
    if arguments.dry_run:
        print(_plan(settings, size))
        return 0
    manifest = start_run(
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
    if manifest is not None and manifest.records_read == 0 and size != 0:
        _say_empty(strict=arguments.strict)
    return 0


def _say_empty(*, strict: bool) -> None:
    """Says that there is nothing to do the job on.

    Raises:
        UsageError: that is what --strict is for.
    """
    if strict:
        raise UsageError("--input holds no record, and --strict is given")
    print("warning: --input holds no record", file=sys.stderr)


def _input_size(files: Sequence[str]) -> int | None:
    """Bytes of the input where they can be had.

    Raises:
        UsageError: the store that it lies in can't be asked.
    """
    try:
        return bytes_of(files)
    except OSError as error:
        raise UsageError(public_text(f"--input: {error}")) from error


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
    from wellspring.pipelines.cli import command

    command(["curate", *sys.argv[1:]])
