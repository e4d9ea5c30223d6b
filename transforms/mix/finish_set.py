"""The end of a mix: what is kept out and what was counted, then the report, the manifest last."""

from collections.abc import Callable, Iterable, Mapping, Sequence

import apache_beam as beam
import msgspec
from apache_beam.pvalue import AsDict, AsIter, AsSingleton, PCollection

from wellspring.schemas.arrow import arrow_schema
from wellspring.schemas.audit import Audit
from wellspring.schemas.encoding import json_bytes, utc_now
from wellspring.schemas.label import PROVENANCE_LABELS
from wellspring.schemas.manifest import FileEntry, FileRecord
from wellspring.schemas.training_set import TAIL, Estimated, KeptOut, SetManifest
from wellspring.signals.mix.counts import MixCounts
from wellspring.signals.mix.tally import SetTally
from wellspring.signals.stats.log_histogram import LogHistogram
from wellspring.transforms.curate.finish_run import AUDITS_IN_REPORT, flagged_first
from wellspring.transforms.mix.draw_mix import threshold_of
from wellspring.transforms.mix.mix_source import COUNTS, DUPLICATES, WORDS, MixFacts, read_scratch
from wellspring.transforms.storage.parquet_bytes import parquet_bytes
from wellspring.transforms.storage.publish import clear_unfinished, finish_folder, is_finished, publish

KEPT_OUT = "lineage/kept_out.parquet"
COUNTED_WORDS = f"lineage/{WORDS}"

_RARITY_STEP = 0.25

Render = Callable[[SetManifest, list[Audit]], str]
Describe = Callable[[SetManifest], dict[str, bytes]]
_LICENCES_LISTED = 100


class FinishSet(beam.PTransform[beam.Pipeline, PCollection[str]]):
    """Waits for every shard, then writes `lineage/`, what describes the set, `report.html` and
    `manifest.json`.

    Args:
        manifest: with all that the launcher knows, nothing drawn yet. render: makes the report page.
        describe: makes the files that describe the set for others (data card, Croissant file), by name.
        calibrated: whether the runs' probabilities are; if not, nothing is said of the share expected to
            be synthetic.
        claim: of the set's folder: once that is gone nothing more is written. None where nobody claimed it.
    """

    def __init__(
        self,
        facts: MixFacts,
        output: str,
        manifest: SetManifest,
        render: Render,
        describe: Describe,
        calibrated: bool,
        *,
        claim: str | None = None,
        files: PCollection[FileRecord],
        tallies: PCollection[SetTally],
        audits: PCollection[Audit],
        thresholds: PCollection[tuple[str, tuple[float, str]]],
    ) -> None:
        super().__init__()
        self._fixed = facts, output, manifest, render, describe, calibrated, claim
        self._side_inputs = {
            "files": AsIter(files),
            "tally": AsSingleton(tallies | "SumTallies" >> beam.CombineGlobally(_MergeTallies())),
            "audits": AsSingleton(
                audits | "AuditsToDraw" >> beam.combiners.Top.Largest(AUDITS_IN_REPORT, key=flagged_first)
            ),
            "thresholds": AsDict(thresholds),
        }

    def expand(self, pipeline: beam.Pipeline) -> PCollection[str]:
        return (
            pipeline
            | "Once" >> beam.Create([None])
            | "WriteManifest" >> beam.Map(_finish, *self._fixed, **self._side_inputs)
        )


class _MergeTallies(beam.CombineFn):
    """Tallies of shards to that of the set."""

    def create_accumulator(self) -> SetTally:
        return SetTally()

    def add_input(self, accumulator: SetTally, tally: SetTally) -> SetTally:
        accumulator.merge(tally)
        return accumulator

    def merge_accumulators(self, accumulators: Iterable[SetTally]) -> SetTally:
        merged = SetTally()
        for accumulator in accumulators:
            merged.merge(accumulator)
        return merged

    def extract_output(self, accumulator: SetTally) -> SetTally:
        return accumulator


def _finish(
    _: None,
    facts: MixFacts,
    output: str,
    manifest: SetManifest,
    render: Render,
    describe: Describe,
    calibrated: bool,
    claim: str | None,
    *,
    files: Iterable[FileRecord],
    tally: SetTally,
    audits: list[Audit],
    thresholds: dict[str, tuple[float, str]],
) -> str:
    if is_finished(output, manifest):  # by this very step, which is done again
        clear_unfinished(output, claim)
        return output
    counts = MixCounts.from_bytes(read_scratch(facts, COUNTS))
    kept_out = sorted(
        [*counts.kept_out, *msgspec.msgpack.decode(read_scratch(facts, DUPLICATES), type=list[KeptOut])],
        key=lambda one: (one.run, one.id),
    )
    records = [
        *files,
        publish(output, KEPT_OUT, parquet_bytes(kept_out, arrow_schema(KeptOut)), len(kept_out)),
    ]
    if facts.rarity:
        records.append(publish(output, COUNTED_WORDS, read_scratch(facts, WORDS), 0))
    manifest = finished_manifest(manifest, counts, kept_out, tally, thresholds)
    manifest = msgspec.structs.replace(
        manifest,
        expected_synthetic=manifest.expected_synthetic if calibrated else None,
        files={
            r.path: FileEntry(rows=r.rows, sha256=r.sha256) for r in sorted(records, key=lambda r: r.path)
        },
        finished=utc_now(),
    )
    described = [publish(output, name, content, 0) for name, content in describe(manifest).items()]
    entries = {r.path: FileEntry(rows=r.rows, sha256=r.sha256) for r in described}
    manifest = msgspec.structs.replace(manifest, files=dict(sorted((manifest.files | entries).items())))
    report = render(manifest, sorted(audits, key=lambda a: a.batch_id)).encode()
    content = json_bytes(manifest)
    finish_folder(output, report, content, claim)
    return output


def finished_manifest(
    manifest: SetManifest,
    counts: MixCounts,
    kept_out: list[KeptOut],
    tally: SetTally,
    thresholds: dict[str, tuple[float, str]],
) -> SetManifest:
    """The manifest with everything that was counted in it, its files aside."""
    limits = {name: threshold_of(name, thresholds) for name in thresholds}
    reasons = [one.reason for one in kept_out]
    return msgspec.structs.replace(
        tallied(manifest, tally),
        batches=tally.batches,
        batches_held=tally.batches_held,
        drawn=tally.drawn(manifest.plan, limits),
        kept_out={reason: reasons.count(reason) for reason in sorted(set(reasons))},
        rare_types=(
            tally.rare_types(counts.singles, counts.doubles, _tokens_by_label(counts))
            if manifest.low_frequency.median_rarity is not None
            else None
        ),
        rarity={
            name: binned(histogram, _steps(counts.rarity))
            for name, histogram in (("corpus", counts.rarity), ("set", tally.rarity))
        },
    )


def tallied(manifest: SetManifest, tally: SetTally) -> SetManifest:
    """The manifest with what follows from the set's rows alone."""
    estimate, unjudged = tally.expected_synthetic()
    held = sum(stratum.rows_held for stratum in tally.strata.values())
    rows = sum(stratum.rows for stratum in tally.strata.values())
    return msgspec.structs.replace(
        manifest,
        records_read=rows + held,
        labelled={label: tally.rows_of(label) for label in PROVENANCE_LABELS},
        held=held,
        tokens=tally.tokens,
        shares={
            label: tally.labels[label] / tally.tokens if tally.tokens else 0.0 for label in PROVENANCE_LABELS
        },
        distinct_documents=sum(stratum.documents for stratum in tally.strata.values()),
        copies={str(n): documents for n, documents in sorted(tally.copies.items())},
        licences=_most_frequent(tally.licences),
        effective_sample_size=tally.effective_sample_size(),
        expected_synthetic=(
            Estimated(value=estimate.value, low=estimate.low, high=estimate.high) if estimate else None
        ),
        without_probability=unjudged,
        tail=tally.tail,
    )


def binned(histogram: LogHistogram, steps: Sequence[int]) -> list[tuple[float, float, int]]:
    """(from, to, documents) in steps of a quarter nat, `steps` by their numbers; nothing without steps."""
    if not steps:
        return []
    counts = dict.fromkeys(steps, 0)
    for bucket in histogram.buckets():
        counts[rarity_step(bucket.low)] += bucket.values
    return [(step * _RARITY_STEP, (step + 1) * _RARITY_STEP, n) for step, n in counts.items()]


def rarity_step(rarity: float) -> int:
    """The number of the step of a quarter nat that a rarity lies in."""
    return int(rarity / _RARITY_STEP)


def _steps(corpus: LogHistogram) -> Sequence[int]:
    """From the corpus's least rarity to its greatest."""
    buckets = corpus.buckets()
    return range(rarity_step(buckets[0].low), rarity_step(buckets[-1].low) + 1) if buckets else ()


def _tokens_by_label(counts: MixCounts) -> dict[str, int]:
    return {label: n for label, n in counts.tokens.items() if label != TAIL}


def _most_frequent(licences: Mapping[str, int]) -> dict[str, int]:
    """Texts from the web may state any number of them."""
    ordered = sorted(licences.items(), key=lambda pair: (-pair[1], pair[0]))
    listed, rest = dict(ordered[:_LICENCES_LISTED]), sum(n for _, n in ordered[_LICENCES_LISTED:])
    return listed | ({"other": listed.get("other", 0) + rest} if rest else {})
