"""What a run has otherwise than the run it was made of: labels, and batches that are held."""

from collections.abc import Iterable, Iterator
from typing import Any

import apache_beam as beam
import msgspec
from apache_beam.pvalue import PBegin, PCollection
from apache_beam.typehints.decorators import no_annotations

from wellspring.schemas.audit import HOLD_FOR_REVIEW, Audit
from wellspring.schemas.batch import AuditedBatch
from wellspring.transforms.curate.route import NEWLY_HELD, NEWLY_PASSED, RELABELLED, RouteOutputs, Tally
from wellspring.transforms.runs.finished_run import FinishedRun, rows_of
from wellspring.transforms.runs.run_shards import ListRun, ReadRows, labelled_files

_BEFORE, _NOW = "before", "now"


class _Labelled(msgspec.Struct):
    """Of a row of `documents/` or `hold/`; the first has no such column."""

    id: str
    provenance: str = ""


class CompareRuns(beam.PTransform[PBegin, PCollection[Tally]]):
    """Tallies of documents by their labels in both runs, and of batches that only one of them holds.

    A document or batch that one of the runs lacks is passed over.

    Args:
        folder: of the run before. routed: the documents and audits of this one.
        only_monitored: whether both gates only monitor; then what would be held is compared.
    """

    def __init__(self, folder: str, routed: RouteOutputs, *, only_monitored: bool) -> None:
        super().__init__()
        self._folder = folder
        self._routed = routed
        self._only_monitored = only_monitored

    def expand(self, pbegin: PBegin) -> PCollection[Tally]:
        labels_now = (
            self._routed.documents
            | "Passed"
            >> beam.MapTuple(lambda label, row: (row.id, label)).with_output_types(tuple[str, str]),
            self._routed.held | "Held" >> beam.FlatMap(_held_labels).with_output_types(tuple[str, str]),
        ) | "LabelsNow" >> beam.Flatten()
        labels_before = (
            pbegin
            | "LabelledFiles" >> ListRun(self._folder, labelled_files, tuple[str, str])
            | "LabelsBefore" >> beam.FlatMap(_labels, self._folder).with_output_types(tuple[str, str])
        )
        labels = (
            {_BEFORE: labels_before, _NOW: labels_now}
            | "MeetById" >> beam.CoGroupByKey()
            | "Relabelled" >> beam.FlatMap(_relabelled)
        )
        audits_before = pbegin | "AuditsBefore" >> ReadRows(self._folder, "audits/", Audit)
        batches = (
            {
                _BEFORE: audits_before | "BatchBefore" >> beam.Map(_state, self._only_monitored),
                _NOW: self._routed.audits | "BatchNow" >> beam.Map(_state, self._only_monitored),
            }
            | "MeetByBatch" >> beam.CoGroupByKey()
            | "HeldInOne" >> beam.FlatMap(_held_in_one)
        )
        return (labels, batches) | "Changes" >> beam.Flatten()


@no_annotations
def _labels(file: tuple[str, str], folder: str) -> Iterator[tuple[str, str]]:
    """(id, label) of a file of the run; its rows have the label where the folder doesn't."""
    path, label = file
    content = FinishedRun(folder).read(path)
    for row in rows_of(content, _Labelled, f"{folder}/{path}"):
        yield row.id, label or row.provenance


def _held_labels(audited: AuditedBatch) -> Iterator[tuple[str, str]]:
    for measured, label in zip(audited.batch.documents, audited.labels, strict=True):
        yield measured.document.id, label.provenance


def _relabelled(element: tuple[str, dict[str, Iterable[str]]]) -> Iterator[Tally]:
    _, met = element
    for before in met[_BEFORE]:
        for now in met[_NOW]:
            yield (RELABELLED, before, now), 1


def _state(audit: Audit, only_monitored: bool) -> tuple[str, bool]:
    return audit.batch_id, is_held(audit, only_monitored)


def is_held(audit: Audit, only_monitored: bool) -> bool:
    """Whether a batch counts as held where runs are compared."""
    return audit.action == HOLD_FOR_REVIEW if only_monitored else audit.held


def held_in_one(batch_id: str, before: bool, now: bool) -> Iterator[Tally]:
    """The tally of a batch that only one of two runs holds."""
    if before != now:
        yield (NEWLY_HELD if now else NEWLY_PASSED, batch_id, ""), 1


def _held_in_one(element: tuple[str, dict[str, Any]]) -> Iterator[Tally]:
    batch_id, met = element
    for before in met[_BEFORE]:
        for now in met[_NOW]:
            yield from held_in_one(batch_id, before, now)
