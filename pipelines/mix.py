"""`wellspring mix`: finished runs and a recipe to a training set.

count: files -> duplicates across runs -> words -> keys by stratum     (sketches and counts, no text)
plan:  counts + recipe -> tokens and threshold of each stratum         (on this machine)
draw:  files -> copies below their threshold -> shard of the set's order -> sort -> audit -> documents, tokens
"""

import sys
import time
from collections.abc import Sequence
from functools import partial

import apache_beam as beam
import msgspec
from apache_beam.io.filesystem import CompressionTypes
from apache_beam.io.filesystems import FileSystems
from apache_beam.options.pipeline_options import PipelineOptions

from wellspring.pages.mix_table import closing_table, plan_table
from wellspring.pages.set import render_set
from wellspring.pipelines.command.arguments import UsageError
from wellspring.pipelines.command.beam_options import check_runner, outliving_runner, parse_arguments
from wellspring.pipelines.command.local_run import run_locally
from wellspring.pipelines.command.new_pipeline import new_pipeline
from wellspring.pipelines.command.run_folder import (
    check_not_read,
    check_run_folder,
    run_folder,
    start_run_folder,
)
from wellspring.pipelines.flags.mix import parser
from wellspring.pipelines.mix_settings import MixSettings, settle
from wellspring.pipelines.sets.set_card import describe_set
from wellspring.pipelines.sets.set_folder import read_set
from wellspring.schemas.audit import Audit
from wellspring.schemas.training_set import SetManifest
from wellspring.signals.mix.counts import MixCounts
from wellspring.signals.mix.draw import Reach
from wellspring.signals.mix.plan import MixPlan, PlanError, plan_mix
from wellspring.transforms.beam.write_shards import WriteShards, shard_count
from wellspring.transforms.mix.count_mix import CountMix
from wellspring.transforms.mix.draw_mix import DrawMix, DrawPlan
from wellspring.transforms.mix.finish_set import FinishSet
from wellspring.transforms.mix.mix_source import (
    ANCHOR,
    CORPUS,
    COUNTS,
    DUPLICATES,
    FILES,
    WORDS,
    CorpusFacts,
    MixFacts,
    document_files,
    read_scratch,
)
from wellspring.transforms.mix.write_set import WriteSet
from wellspring.transforms.storage.claim import FOLDER_CLAIM
from wellspring.transforms.storage.publish import remove_folder


def run(argv: Sequence[str] | None = None) -> int:
    """Draws a set; exit code 0, or an exception that says what is wrong."""
    arguments, options = parse_arguments(parser(), argv)
    check_runner(options)
    check_run_folder(arguments.output, overwrite=arguments.overwrite)
    settings = settle(arguments)
    check_not_read(arguments.output, [run.path for run in settings.runs])
    for warning in settings.warnings:
        print(f"warning: {warning}", file=sys.stderr)
    started = time.monotonic()
    runner = outliving_runner(options)
    with run_folder("mix", arguments.output, overwrite=arguments.overwrite, runner=runner) as own:
        plan, until = _planned(settings, options)
        print(plan_table(settings.recipe, plan))
        if arguments.dry_run:
            _remove_scratch(settings)
            return 0
        _clear_finished(arguments.output, settings)
        print("drawing", file=sys.stderr)
        draw(settings, options, plan, until, own.id)
    print(closing_table(read_set(arguments.output), arguments.output, time.monotonic() - started))
    return 0


def _planned(settings: MixSettings, options: PipelineOptions) -> tuple[MixPlan, tuple[float, str] | None]:
    # The scratch folder alone: a finished set that is to be replaced stays until the plan stands.
    _write_scratch(settings.facts, FILES, msgspec.msgpack.encode(settings.files))
    _write_scratch(settings.facts, ANCHOR, msgspec.msgpack.encode(settings.anchor))
    try:
        documents = sum(file.rows for file in settings.files.documents)
        print(f"counting {documents:,} documents in {len(settings.files.documents):,} files", file=sys.stderr)
        return plan_set(settings, count(settings, options))
    except BaseException:
        _remove_scratch(settings)
        raise


def count(settings: MixSettings, options: PipelineOptions) -> MixCounts:
    """The first pipeline: what the runs hold.

    Raises:
        UsageError: a file isn't what its manifest says, or an id names two texts.
    """
    facts = settings.facts
    pipeline = new_pipeline(options)
    _ = document_files(pipeline, facts) | "CountMix" >> CountMix(
        facts, settings.tail_tokens, settings.keep_out
    )
    run_locally(pipeline)
    counts = MixCounts.from_bytes(read_scratch(facts, COUNTS))
    if counts.faults:
        more = f" (and {len(counts.faults) - 1} more like it)" if len(counts.faults) > 1 else ""
        raise UsageError(counts.faults[0] + more)
    return counts


def plan_set(settings: MixSettings, counts: MixCounts) -> tuple[MixPlan, tuple[float, str] | None]:
    """The plan, and the last of the rarest documents that are injected.

    Raises:
        UsageError: the runs can't give what the recipe asks for.
    """
    until = counts.set_tail_apart(settings.tail_tokens) if settings.tail_tokens else None
    try:
        plan = plan_mix(settings.recipe, counts.strata())
    except PlanError as error:
        raise UsageError(str(error)) from error
    return plan, (until.key, until.id) if until else None


def draw(
    settings: MixSettings,
    options: PipelineOptions,
    plan: MixPlan,
    until: tuple[float, str] | None,
    claim: str | None = None,
) -> None:
    """The second pipeline: the set, its manifest last, while the claim of its folder holds."""
    facts, output = settings.facts, settings.writing.output
    pipeline = new_pipeline(options)
    rows = sum(s.planned * s.documents // max(1, s.tokens) for s in plan.strata)
    draw_plan = DrawPlan(
        {
            s.name: Reach(
                s.low if s.low is not None else float("inf"),
                s.high if s.high is not None else float("inf"),
                s.room,
            )
            for s in plan.strata
            if s.planned
        },
        until,
        shard_count(rows),
    )
    drawn = document_files(pipeline, facts) | "DrawMix" >> DrawMix(facts, draw_plan)
    written = drawn.shards | "WriteSet" >> WriteSet(facts, settings.writing, drawn.thresholds)
    audits = (
        written.audits
        | "ToAudits" >> beam.Map(lambda row: ("audits", row))
        | "WriteAudits"
        >> WriteShards(
            output,
            Audit,
            lambda row: row.batch_id,
            beam.pvalue.AsSingleton(pipeline | "AuditShards" >> beam.Create([draw_plan.shards])),
        )
    )
    _ = pipeline | "FinishSet" >> FinishSet(
        facts,
        output,
        _planned_manifest(settings, plan, until),
        render_set,
        partial(describe_set, created=max(run.manifest.finished for run in settings.runs)),
        settings.writing.profile.classifier is not None,
        claim=claim,
        files=(written.files, audits) | "AllFiles" >> beam.Flatten(),
        tallies=written.tallies,
        audits=written.audits,
        thresholds=drawn.thresholds,
    )
    run_locally(pipeline)


def _planned_manifest(settings: MixSettings, plan: MixPlan, until: tuple[float, str] | None) -> SetManifest:
    corpus = CorpusFacts(median=None, perplexity_limits={})
    if settings.facts.rarity:
        corpus = msgspec.json.decode(read_scratch(settings.facts, CORPUS), type=CorpusFacts)
    low_frequency = msgspec.structs.replace(
        settings.manifest.low_frequency,
        median_rarity=corpus.median,
        perplexity_limits=corpus.perplexity_limits,
        tail_until=list(until) if until else None,
    )
    return msgspec.structs.replace(
        settings.manifest,
        files_read=len(settings.files.documents),
        plan=plan.strata,
        lowered_from=plan.lowered_from,
        low_frequency=low_frequency,
    )


def _remove_scratch(settings: MixSettings) -> None:
    """Leaves the output as it was, but for its claim."""
    remove_folder(
        settings.facts.scratch, but=[FileSystems.join(settings.writing.output, *FOLDER_CLAIM.split("/"))]
    )


def _clear_finished(output: str, settings: MixSettings) -> None:
    """Clears what an earlier set left, and keeps what this one has counted."""
    facts = settings.facts
    kept = {name: read_scratch(facts, name) for name in _counted(facts)}
    start_run_folder(output)
    for name, content in kept.items():
        _write_scratch(facts, name, content)


def _counted(facts: MixFacts) -> list[str]:
    return [FILES, DUPLICATES, COUNTS, *([WORDS, CORPUS] if facts.rarity else [])]


def _write_scratch(facts: MixFacts, name: str, content: bytes) -> None:
    if FileSystems.get_scheme(facts.scratch) is None and not FileSystems.exists(facts.scratch):
        FileSystems.mkdirs(facts.scratch)
    path = FileSystems.join(facts.scratch, name)
    with FileSystems.create(path, compression_type=CompressionTypes.UNCOMPRESSED) as file:
        file.write(content)


if __name__ == "__main__":
    from wellspring.pipelines.cli import command

    command(["mix", *sys.argv[1:]])
