"""A finished run under another profile or scorer, from what it stored: no crawl is read.

by profile: shards and hold queue -> LabelShard -> AuditAgain -> documents, hold, audits; measurements and
            rejects are copied; no model runs
by scorer:  texts and audits -> batches -> judge_batches, as in the main job
"""

import sys
from collections.abc import Iterable, Iterator, Sequence

import apache_beam as beam
from apache_beam.pvalue import AsSingleton

from wellspring.pages.run.report import render_report
from wellspring.pipelines.command.beam_options import check_detach, check_runner, parse_arguments
from wellspring.pipelines.command.closing_table import changes_table
from wellspring.pipelines.command.run_folder import check_run_folder
from wellspring.pipelines.command.start_run import start_run
from wellspring.pipelines.curate_settings import CurateSettings
from wellspring.pipelines.flags.reprocess import parser
from wellspring.pipelines.judge_batches import Gathered, judge_batches
from wellspring.pipelines.reprocess_settings import ReprocessSettings, settle
from wellspring.schemas.audit import Audit
from wellspring.schemas.manifest import Manifest
from wellspring.schemas.reject import Reject
from wellspring.signals.verdict.synthetic_share import error_rates
from wellspring.transforms.beam.progress import Progress
from wellspring.transforms.beam.write_shards import WriteShards
from wellspring.transforms.curate.finish_run import FinishRun
from wellspring.transforms.curate.route import Tally, TallyRejects
from wellspring.transforms.curate.watch_drift import WatchDrift, WriteDrift
from wellspring.transforms.rerun.relabel import Judgement, Relabel
from wellspring.transforms.rerun.stored_batches import ReadStoredBatches
from wellspring.transforms.runs.finished_run import FinishedRun
from wellspring.transforms.runs.run_shards import CopyFiles, ReadRows, number_of_shards


def relabel(pipeline: beam.Pipeline, settings: ReprocessSettings, claim: str | None = None) -> None:
    """Builds the graph of a run under another profile."""
    s = settings
    before = s.run.manifest

    judgement = Judgement(s.profile, s.gate, s.sources, s.tokenizer)
    relabelled = pipeline | "Relabel" >> Relabel(s.run.folder, s.output, judgement, s.gate_before)
    rejects = pipeline | "ReadRejects" >> ReadRows(s.run.folder, "rejects/", Reject)
    drift = relabelled.audits | "WatchDrift" >> WatchDrift(s.profile.gate)
    shards = AsSingleton(pipeline | "Shards" >> beam.Create([number_of_shards(before)], reshuffle=False))

    files = (
        relabelled.files,
        relabelled.audits
        | "ToAudits" >> beam.Map(lambda row: ("audits", row))
        | "WriteAudits" >> WriteShards(s.output, Audit, lambda row: row.batch_id, shards),
        pipeline | "Copy" >> CopyFiles(s.run.folder, s.output, ("measurements/", "rejects/")),
        drift | "WriteDrift" >> WriteDrift(s.output, shards),
    ) | "Files" >> beam.Flatten()
    tallies = (
        relabelled.tallies,
        pipeline | "TallyBefore" >> beam.Create(list(_unchanged(before)), reshuffle=False),
        rejects | "TallyRejects" >> TallyRejects(),
    ) | "Tallies" >> beam.Flatten()
    _ = pipeline | "FinishRun" >> FinishRun(
        s.output,
        s.empty_manifest(),
        render_report,
        error_rates(s.profile, s.scorer_id),
        files=files,
        tallies=tallies,
        files_read=pipeline | "FilesRead" >> _Counted(before.files_read),
        rejects=rejects,
        renamed=pipeline | "Renamed" >> _Counted(before.renamed_ids),
        histograms=relabelled.histograms,
        audits=relabelled.audits,
        drift=drift,
        claim=claim,
    )


def rescore(
    pipeline: beam.Pipeline,
    run: FinishedRun,
    settings: CurateSettings,
    progress: Progress | None = None,
    claim: str | None = None,
) -> None:
    """Builds the graph of a run under another scorer: the batches of `run`, scored again."""
    before = run.manifest

    stored = pipeline | "Stored" >> ReadStoredBatches(run.folder, settings.scorer)
    rejects = pipeline | "ReadRejects" >> ReadRows(run.folder, "rejects/", Reject)
    read = [(("read", source, ""), counts.read) for source, counts in before.by_source.items()]
    gathered = Gathered(
        shards=AsSingleton(pipeline | "Shards" >> beam.Create([number_of_shards(before)], reshuffle=False)),
        rejects=(rejects, stored.rejects) | "Rejects" >> beam.Flatten(),
        tallies=pipeline | "TallyRead" >> beam.Create(read, reshuffle=False),
        files_read=pipeline | "FilesRead" >> _Counted(before.files_read),
        renamed=pipeline | "Renamed" >> _Counted(before.renamed_ids),
    )
    judge_batches(pipeline, settings, stored.batches, gathered, progress, claim)


def _unchanged(manifest: Manifest) -> Iterator[Tally]:
    """What a profile has no part in: records read, tokens, and where they were scored."""
    for source, counts in manifest.by_source.items():
        yield ("read", source, ""), counts.read
    yield ("tokens", "", ""), manifest.tokens
    yield ("tokens_scored", "", ""), manifest.tokens_scored
    for device, documents in manifest.scored_on.items():
        yield ("scored_on", device, ""), documents


class _Counted(beam.PTransform):
    """So many elements, for a step that counts them."""

    def __init__(self, count: int) -> None:
        super().__init__()
        self._count = count

    def expand(self, pbegin: beam.pvalue.PBegin) -> beam.PCollection:
        return (
            pbegin
            | "Count" >> beam.Create([self._count], reshuffle=False)
            | "All" >> beam.FlatMap(_count_range)
        )


def _count_range(count: int) -> Iterable[int]:
    return range(count)


def run(argv: Sequence[str] | None = None) -> int:
    """Runs the job to its end; exit code 0, or an exception that says what failed."""
    arguments, options = parse_arguments(parser(), argv)
    check_runner(options)
    if arguments.detach:
        check_detach(options)
    settings = settle(arguments, options)
    check_run_folder(arguments.output, overwrite=arguments.overwrite)
    for warning in settings.warnings:
        print(f"warning: {warning}", file=sys.stderr)
    if arguments.dry_run:
        print(
            f"would judge {settings.run.folder} again ({', '.join(settings.changed) or 'nothing changed'}) "
            f"and write {settings.output}"
        )
        return 0
    manifest = start_run(
        "reprocess",
        lambda pipeline, progress, claim: _build(pipeline, settings, progress, claim),
        settings.output,
        options,
        overwrite=arguments.overwrite,
        input_bytes=None,
        detach=arguments.detach,
        profile=settings.profile.name,
        gate=settings.gate,
    )
    if manifest is not None:
        print(changes_table(manifest))
    return 0


def _build(
    pipeline: beam.Pipeline, settings: ReprocessSettings, progress: Progress | None, claim: str
) -> None:
    if settings.rescoring is None:
        relabel(pipeline, settings, claim)
    else:
        rescore(pipeline, settings.run, settings.rescoring, progress, claim)


if __name__ == "__main__":
    from wellspring.pipelines.cli import command

    command(["reprocess", *sys.argv[1:]])
