"""Files to documents: one file an element, read where the runner puts it."""

import itertools
from collections import Counter
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any, BinaryIO, NamedTuple, Protocol, cast

import apache_beam as beam
from apache_beam.metrics import Metrics
from apache_beam.pvalue import PBegin, PCollection, TaggedOutput
from apache_beam.typehints.decorators import no_annotations

from wellspring.schemas.document import Document
from wellspring.schemas.reject import RECORD, Reject
from wellspring.transforms.beam.coders import register_struct_coders
from wellspring.transforms.beam.metrics import NAMESPACE, count_metric, count_reject
from wellspring.transforms.formats.limits import DEFAULT_LIMITS, Limits
from wellspring.transforms.formats.read_file import default_source, read_file
from wellspring.transforms.formats.rows import COLUMNS, Columns
from wellspring.transforms.formats.source_stream import SourceStream
from wellspring.transforms.storage.file_names import file_name, written_name
from wellspring.transforms.storage.find_files import expand_all, located, same_file_key
from wellspring.transforms.storage.open_files import open_binary
from wellspring.transforms.storage.public_path import public_path
from wellspring.transforms.storage.unreadable_file import unreadable_file

REJECTS = "rejects"
COUNTS = "counts"
_RECORDS_PER_REPORT = 256


class ReadProgress(Protocol):
    """What is told how far reading has come; it travels to the workers, so it must pickle."""

    def add(self, stage: str, **counts: int) -> None: ...


class ReadOutput(NamedTuple):
    """`documents` are Document, `rejects` are Reject of both kinds, `counts` are
    `(file_path, source, records_read)`, one for each source of each file, at least one a file.

    For every source: records_read = its documents + its rejects of kind `record`.
    """

    documents: PCollection
    rejects: PCollection
    counts: PCollection


class ReadDocuments(beam.PTransform):
    """Reads files named by patterns and path lists: `p | ReadDocuments(['crawl/*.warc.wet.gz'])`.

    Patterns are expanded inside the pipeline (a graph that held thousands of paths would pass
    Dataflow's limit), each file is read once however many patterns name it, and after a Reshuffle
    one file is one element. `prefix` goes in front of the relative paths of a path list, `limit` reads
    only so many records of each file, `columns` says how files name their texts and ids.

    Relative names start from the folder where this was made, whatever a worker's own is.

    At run time a pattern that matches nothing raises FileNotFoundError; a file that isn't there or
    can't be read is a file reject `unreadable`; any other failure of the storage is raised for the
    runner to try again.

    `known` are files that an earlier run read, (path, whether it must be read again): the others of them are
    passed over. A known file that no pattern names any more raises ValueError at run time.
    """

    def __init__(
        self,
        patterns: Iterable[str],
        limits: Limits = DEFAULT_LIMITS,
        progress: ReadProgress | None = None,
        prefix: str = "",
        limit: int | None = None,
        columns: Columns = COLUMNS,
        known: PCollection[tuple[str, bool]] | None = None,
    ) -> None:
        super().__init__()
        self._known = known
        self._patterns = [written_name(located(pattern)) for pattern in patterns]
        self._base = str(Path.cwd())
        if not self._patterns:
            raise ValueError("no input: name at least one file, pattern or path list")
        self._limits = limits
        self._progress = progress
        self._prefix = prefix
        self._limit = limit
        self._columns = columns

    @no_annotations
    def expand(self, pbegin: PBegin) -> ReadOutput:
        register_struct_coders()
        paths = (
            pbegin
            | "Patterns" >> beam.Create(self._patterns, reshuffle=False)
            | "Expand"
            >> beam.FlatMap(_expand_keyed, self._prefix, self._base).with_output_types(tuple[str, str])
            | "Same file" >> beam.GroupByKey()
            | "Once" >> beam.MapTuple(lambda _, names: min(names)).with_output_types(str)
        )
        if self._known is not None:
            paths = (
                {
                    "named": paths | "Named" >> beam.Map(lambda path: (public_path(path), path)),
                    "known": self._known,
                }
                | "Meet by path" >> beam.CoGroupByKey()
                | "Not known" >> beam.FlatMapTuple(_unless_known).with_output_types(str)
            )
        paths = paths | "One file an element" >> beam.Reshuffle()
        read = paths | "Read" >> beam.ParDo(
            _ReadFile(self._base, self._limits, self._progress, self._limit, self._columns)
        ).with_output_types(Document, **{REJECTS: Reject, COUNTS: tuple[str, str, int]}).with_outputs(
            REJECTS, COUNTS, main="documents"
        )
        return ReadOutput(read.documents, read[REJECTS], read[COUNTS])


def _expand_keyed(pattern: str, prefix: str, base: str) -> Iterator[tuple[str, str]]:
    for path in expand_all([file_name(pattern)], prefix, base):
        yield same_file_key(path, base), path


def _unless_known(path: str, met: dict[str, Any]) -> Iterator[str]:
    known, named = list(met["known"]), list(met["named"])
    if not named:
        raise ValueError(
            f"the run that is reused read {path}, which --input does not name: name all its files, spelled "
            "as they were, or leave out --reuse"
        )
    if not known or known[0]:
        yield from named


class _ReadFile(beam.DoFn):
    """A generator: what a file holds leaves as it is read, one record in memory."""

    def __init__(
        self,
        base: str,
        limits: Limits,
        progress: ReadProgress | None,
        limit: int | None,
        columns: Columns,
    ) -> None:
        self._base = base
        self._limits = limits
        self._progress = progress
        self._limit = limit
        self._columns = columns

    @no_annotations
    def process(self, path: str) -> Iterator[Document | TaggedOutput]:
        name = public_path(path)
        records: Counter[str] = Counter({default_source(name): 0})
        characters = Metrics.distribution(NAMESPACE, "document_characters")
        # Records come one an outcome, and what ends a file follows the last of them.
        outcomes = _outcomes(path, self._limits, self._progress, self._columns, self._base)
        for outcome in itertools.islice(outcomes, self._limit):
            if isinstance(outcome, Document):
                records[outcome.source] += 1
                count_metric("documents_read")
                characters.update(len(outcome.text))
                yield outcome
                continue
            if outcome.kind == RECORD:
                records[outcome.source] += 1
                count_metric("documents_read")
            count_reject(outcome)
            yield TaggedOutput(REJECTS, outcome)
        count_metric("files_read")
        if len(records) > 1 and records[default_source(name)] == 0:
            del records[default_source(name)]
        for source, count in sorted(records.items()):
            yield TaggedOutput(COUNTS, (name, source, count))


def _outcomes(
    path: str, limits: Limits, progress: ReadProgress | None, columns: Columns, base: str = ""
) -> Iterator[Document | Reject]:
    """What a file holds, with its storage's permanent failures as a file reject."""
    name = public_path(path)
    reported = records = 0
    try:
        with open_binary(path, base) as raw:
            stream = SourceStream(raw)
            for outcome in read_file(cast(BinaryIO, stream), name, limits, columns):
                yield outcome
                records += isinstance(outcome, Document) or outcome.kind == RECORD
                if progress is not None and records >= _RECORDS_PER_REPORT:
                    progress.add("read", bytes=stream.consumed - reported, documents=records)
                    reported, records = stream.consumed, 0
            if progress is not None:
                progress.add("read", bytes=stream.consumed - reported, documents=records)
    except Exception as error:  # noqa: BLE001  storage clients raise many types; what passes is raised again
        yield unreadable_file(path, error)
