"""The second pass of a mix: only what is drawn crosses a shuffle, a shard of the set's order each."""

import math
from collections.abc import Iterable, Iterator
from typing import NamedTuple

import apache_beam as beam
from apache_beam.pvalue import PCollection, TaggedOutput
from apache_beam.typehints.decorators import no_annotations

from wellspring.schemas.document import PublishedDocument
from wellspring.schemas.label import HUMAN_VERIFIED
from wellspring.schemas.measurements import Measurements
from wellspring.schemas.recipe import MOST_COPIES
from wellspring.schemas.training_set import TAIL, DrawnDocument
from wellspring.signals.mix.counts import MixCounts
from wellspring.signals.mix.draw import Reach, copy_keys, order, shard_of
from wellspring.signals.mix.weights import Weight
from wellspring.signals.stats.weighted_sample import EVERYTHING, Item, Threshold, WeightedDraw
from wellspring.transforms.mix.mix_source import COUNTS, MixFacts, MixSource, read_scratch
from wellspring.transforms.runs.run_files import RunFile


class DrawPlan(NamedTuple):
    """What the draw follows: how far each stratum goes, and where the tail begins among the rarest."""

    reaches: dict[str, Reach]
    tail_until: tuple[float, str] | None
    """(minus rarity, id) of the last document of the tail; None without a tail of the runs' own."""
    shards: int


class DrawOutputs(NamedTuple):
    shards: PCollection[tuple[tuple[int, int], DrawnDocument]]
    thresholds: PCollection[tuple[str, tuple[float, str]]]


class DrawMix(beam.PTransform[PCollection[RunFile], DrawOutputs]):
    """Files to ((shard, shards), copy) of everything that may be drawn, and each stratum's threshold.

    A copy beyond the bucket that the threshold lies in never leaves its reader. Those within it are sorted
    out exactly: their keys alone give the threshold, and who writes the shard leaves out the rest.
    """

    def __init__(self, facts: MixFacts, plan: DrawPlan) -> None:
        super().__init__()
        self._facts = facts
        self._plan = plan

    @no_annotations
    def expand(self, files: PCollection[RunFile]) -> DrawOutputs:
        plan = self._plan
        drawn = files | "DrawFiles" >> beam.ParDo(_DrawFile(self._facts, plan)).with_output_types(
            tuple[tuple[int, int], DrawnDocument], edge=tuple[str, Item]
        ).with_outputs("edge", main="drawn")
        thresholds = (
            drawn.edge
            | "GroupEdges" >> beam.GroupByKey()
            | "Thresholds"
            >> beam.MapTuple(lambda stratum, items: (stratum, _threshold(items, plan.reaches[stratum].room)))
        )
        return DrawOutputs(drawn.drawn, thresholds)


def _threshold(items: Iterable[Item], room: int) -> tuple[float, str]:
    draw = WeightedDraw(room)
    for item in items:
        draw.add(Item(*item))
    threshold = draw.threshold()
    return threshold.key, threshold.id


def threshold_of(stratum: str, thresholds: dict[str, tuple[float, str]]) -> Threshold:
    """A stratum's threshold; without one everything of it is drawn."""
    return Threshold(*thresholds[stratum]) if stratum in thresholds else EVERYTHING


def in_tail(document_id: str, weight: Weight, label: str, plan: DrawPlan) -> bool:
    """Whether a document of the runs is one of the rarest that are injected."""
    if plan.tail_until is None or label != HUMAN_VERIFIED or weight.rarity is None:
        return False
    return (-weight.rarity, document_id) <= plan.tail_until


def most_copies(stratum: str, cap: int) -> int:
    """Copies of a document of that stratum at most."""
    return MOST_COPIES if stratum == TAIL else cap


class _DrawFile(beam.DoFn):
    def __init__(self, facts: MixFacts, plan: DrawPlan) -> None:
        self._facts = facts
        self._plan = plan
        self._source: MixSource | None = None

    @no_annotations
    def process(self, file: RunFile) -> Iterator[tuple[tuple[int, int], DrawnDocument] | TaggedOutput]:
        plan = self._plan
        if self._source is None:
            self._source = MixSource(self._facts)
            self._source.leave_out(MixCounts.from_bytes(read_scratch(self._facts, COUNTS)).kept_out)
        source = self._source
        may_be_tail = plan.tail_until is not None and file.label == HUMAN_VERIFIED
        own = plan.reaches.get(file.label)
        if own is None and not may_be_tail:
            return
        most = 1.0 if file.label == TAIL else source.weigher.most
        for read in source.rows(file):
            # Who wouldn't be drawn at the largest weight there is needn't be weighed.
            near = [
                (row, u)
                for row, u in zip(read, source.uniforms(read), strict=True)
                if may_be_tail or (own is not None and u / most < own.high)
            ]
            rows = [row for row, _ in near]
            if not rows:
                continue
            weights = source.weigh(file, rows)
            chosen: list[tuple[PublishedDocument, str, float, Weight, list[float]]] = []
            for (row, u), weight in zip(near, weights, strict=True):
                stratum = TAIL if in_tail(row.id, weight, file.label, plan) else file.label
                reach = plan.reaches.get(stratum)
                if reach is None:
                    continue
                value = 1.0 if stratum == TAIL else weight.weight
                keys = copy_keys(u, value, most_copies(stratum, self._facts.cap))
                if keys[0] < reach.high:
                    chosen.append((row, stratum, value, weight, keys))
            yield from self._emit(file, chosen)

    def _emit(
        self, file: RunFile, chosen: list[tuple[PublishedDocument, str, float, Weight, list[float]]]
    ) -> Iterator[tuple[tuple[int, int], DrawnDocument] | TaggedOutput]:
        if not chosen:
            return
        assert self._source is not None
        source, plan, seed = self._source, self._plan, self._facts.seed
        rows = [row for row, *_ in chosen]
        measured: dict[str, Measurements] = {}
        if file.label != TAIL:
            measured = source.measurements(file.run).of([row.id for row in rows])
        tokens = source.tokens(file, rows)
        for (row, stratum, value, weight, keys), n in zip(chosen, tokens, strict=True):
            reach = plan.reaches[stratum]
            for copy, key in enumerate(keys):
                if key >= reach.high and not math.isinf(reach.high):
                    break
                if reach.low <= key:
                    yield TaggedOutput("edge", (stratum, Item(key, row.id, n)))
                shard = shard_of(order(seed, row.id, copy), plan.shards)
                yield (
                    (shard, plan.shards),
                    DrawnDocument(
                        document=row,
                        measurements=measured.get(row.id),
                        provenance=HUMAN_VERIFIED if file.label == TAIL else file.label,
                        run=file.run,
                        stratum=stratum,
                        copy=copy,
                        weight=value,
                        rarity=weight.rarity,
                        key=key,
                        tokens=n,
                    ),
                )
