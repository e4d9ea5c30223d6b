"""Tokenize once and measure what needs no language model."""

from collections.abc import Iterator
from typing import NamedTuple

import apache_beam as beam
from apache_beam.pvalue import PCollection, TaggedOutput
from apache_beam.transforms.window import GlobalWindow
from apache_beam.typehints.decorators import no_annotations
from apache_beam.utils.windowed_value import WindowedValue

from wellspring.schemas.batch import MeasuredDocument
from wellspring.schemas.document import Document
from wellspring.schemas.reject import Reject
from wellspring.signals.lm.measuring import measure_documents
from wellspring.signals.lm.tokenization import Tokenizer, load_tokenizer
from wellspring.transforms.beam.metrics import count_reject
from wellspring.transforms.beam.progress import Progress

# Documents handed to the tokenizer at once: its batch interface is faster, and a chunk stays small.
_CHUNK_DOCUMENTS = 64
_CHUNK_CHARACTERS = 1_000_000


class MeasureOutputs(NamedTuple):
    documents: PCollection[MeasuredDocument]
    rejects: PCollection[Reject]


class Measure(beam.PTransform[PCollection[Document], MeasureOutputs]):
    """Token ids by the scorer's tokenizer, burstiness, vocabulary and counts for each document.

    A document without a single token is a reject (`no_tokens`), one that the tokenizer fails on another
    (`untokenizable`).
    """

    def __init__(self, scorer: str, progress: Progress | None = None) -> None:
        super().__init__()
        self._scorer = scorer
        self._progress = progress

    @no_annotations
    def expand(self, documents: PCollection[Document]) -> MeasureOutputs:
        outputs = documents | "TokenizeAndMeasure" >> beam.ParDo(
            _Measure(self._scorer, self._progress)
        ).with_output_types(MeasuredDocument, rejects=Reject).with_outputs("rejects", main="documents")
        return MeasureOutputs(outputs.documents, outputs.rejects)


class _Measure(beam.DoFn):
    def __init__(self, scorer: str, progress: Progress | None) -> None:
        self._scorer = scorer
        self._progress = progress
        self._tokenizer: Tokenizer

    def setup(self) -> None:
        self._tokenizer = load_tokenizer(self._scorer)

    def start_bundle(self) -> None:
        self._chunk: list[Document] = []
        self._characters = 0

    @no_annotations
    def process(self, element: Document) -> Iterator[MeasuredDocument | TaggedOutput]:
        self._chunk.append(element)
        self._characters += len(element.text)
        if len(self._chunk) >= _CHUNK_DOCUMENTS or self._characters >= _CHUNK_CHARACTERS:
            yield from self._measure_chunk()

    def finish_bundle(self) -> Iterator[WindowedValue]:
        window = GlobalWindow()
        for output in self._measure_chunk():
            if isinstance(output, TaggedOutput):
                windowed = WindowedValue(output.value, window.max_timestamp(), [window])
                yield TaggedOutput(output.tag, windowed)
            else:
                yield WindowedValue(output, window.max_timestamp(), [window])

    def _measure_chunk(self) -> Iterator[MeasuredDocument | TaggedOutput]:
        chunk, self._chunk, self._characters = self._chunk, [], 0
        tokens = 0
        for result in measure_documents(chunk, self._tokenizer):
            if isinstance(result, Reject):
                count_reject(result)
                yield TaggedOutput("rejects", result)
            else:
                tokens += result.measurements.tokens
                yield result
        if self._progress and chunk:
            self._progress.add("measured", documents=len(chunk), tokens=tokens)
