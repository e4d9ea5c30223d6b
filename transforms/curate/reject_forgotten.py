"""Documents that were forgotten before don't come back with the next run."""

from collections.abc import Iterator
from typing import NamedTuple

import apache_beam as beam
from apache_beam.pvalue import PCollection, TaggedOutput
from apache_beam.typehints.decorators import no_annotations

from wellspring.schemas.document import Document
from wellspring.schemas.reject import Reject
from wellspring.signals.verdict.forgotten import BlockList, forgotten_reject
from wellspring.transforms.beam.metrics import count_reject


class RejectForgottenOutputs(NamedTuple):
    documents: PCollection[Document]
    rejects: PCollection[Reject]


class RejectForgotten(beam.PTransform[PCollection[Document], RejectForgottenOutputs]):
    """Rejects (`forgotten`) what a block list names; the others go on."""

    def __init__(self, block_list: BlockList) -> None:
        super().__init__()
        self._block_list = block_list

    @no_annotations
    def expand(self, documents: PCollection[Document]) -> RejectForgottenOutputs:
        outputs = documents | "Blocked" >> beam.ParDo(_Reject(self._block_list)).with_output_types(
            Document, rejects=Reject
        ).with_outputs("rejects", main="documents")
        return RejectForgottenOutputs(outputs.documents, outputs.rejects)


class _Reject(beam.DoFn):
    def __init__(self, block_list: BlockList) -> None:
        self._block_list = block_list

    @no_annotations
    def process(self, element: Document) -> Iterator[Document | TaggedOutput]:
        if not self._block_list.blocks(element):
            yield element
            return
        reject = forgotten_reject(element.source, element.file_path, element.offset, element.id)
        count_reject(reject)
        yield TaggedOutput("rejects", reject)
