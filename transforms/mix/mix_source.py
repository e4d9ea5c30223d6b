"""What both passes of a mix read: the runs' documents and the tail pack, each with its weight and hash."""

import itertools
from collections.abc import Iterator

import apache_beam as beam
import msgspec
from apache_beam.io.filesystems import FileSystems
from apache_beam.pvalue import PCollection

from wellspring.schemas.document import PublishedDocument
from wellspring.schemas.manifest import FileEntry
from wellspring.schemas.recipe import LowFrequency
from wellspring.schemas.sources import SourceEntry
from wellspring.schemas.training_set import TAIL, KeptOut
from wellspring.signals.lm.tokenization import Tokenizer, load_tokenizer
from wellspring.signals.mix.weights import Weigher, Weight
from wellspring.signals.stats.count_min import CountMin
from wellspring.signals.stats.weighted_sample import uniform
from wellspring.transforms.mix.pack_source import read_pack
from wellspring.transforms.runs.run_files import ROWS_AT_ONCE, RunFile, RunMeasurements, read_rows
from wellspring.transforms.storage.file_names import written_name
from wellspring.transforms.storage.open_files import open_binary


class MixFacts(msgspec.Struct, frozen=True, kw_only=True):
    """What every worker must know of a mix; `scratch` holds what an earlier pass found."""

    seed: int
    scratch: str
    low_frequency: LowFrequency | None
    sources: list[SourceEntry]
    rarity: bool
    """Whether rarity is measured: for the weights, or to find the tail."""
    tokenizer: str
    recount: bool
    """The recipe names a tokenizer of its own: the runs' counts don't hold."""
    runs: int
    cap: int
    """Copies of a document at most."""


class MixFiles(msgspec.Struct, frozen=True, kw_only=True):
    """What the runs hold: in a file, as a graph may not grow with them."""

    documents: list[RunFile]
    measurements: dict[str, dict[str, FileEntry]]
    """By run, by path."""


class CorpusFacts(msgspec.Struct, frozen=True, kw_only=True):
    """What is known of the words of the corpus once they are counted."""

    median: float | None
    perplexity_limits: dict[str, float]


FILES = "files.msgpack"
ANCHOR = "anchor.msgpack"
"""(id, text) of the anchor set's documents: who counts need not reach the set itself."""
WORDS = "words.count-min"
"""The count of the corpus's words, in the scratch folder, later in `lineage/`."""
CORPUS = "corpus.json"
DUPLICATES = "duplicates.msgpack"
COUNTS = "counts.msgpack"


def read_scratch(facts: MixFacts, name: str) -> bytes:
    with open_binary(written_name(str(FileSystems.join(facts.scratch, name)))) as stream:
        return stream.read()


def read_files(facts: MixFacts) -> MixFiles:
    return msgspec.msgpack.decode(read_scratch(facts, FILES), type=MixFiles)


def document_files(pipeline: beam.Pipeline, facts: MixFacts) -> PCollection[RunFile]:
    """One file an element."""
    return (
        pipeline
        | "Files" >> beam.Create([facts])
        | "ListFiles" >> beam.FlatMap(lambda one: read_files(one).documents).with_output_types(RunFile)
        | "SpreadFiles" >> beam.Reshuffle()
    )


class MixSource:
    """Reads files of documents; made once a worker, loads what it needs when it is first used."""

    def __init__(self, facts: MixFacts, *, weigh: bool = True) -> None:
        self.facts = facts
        self._weigh = weigh
        self._measurements: dict[str, RunMeasurements] = {}
        self._files: MixFiles | None = None
        self.counted: CountMin | None = None
        self._tokenizer: Tokenizer | None = None
        self.corpus = CorpusFacts(median=None, perplexity_limits={})
        if weigh and facts.rarity:
            self.counted = CountMin.from_bytes(read_scratch(facts, WORDS))
            self.corpus = msgspec.json.decode(read_scratch(facts, CORPUS), type=CorpusFacts)
        self.weigher = Weigher(
            facts.low_frequency,
            facts.sources,
            self.counted,
            self.corpus.median,
            self.corpus.perplexity_limits,
        )
        duplicates = msgspec.msgpack.decode(read_scratch(facts, DUPLICATES), type=list[KeptOut])
        self._left_out = {(one.run, one.id) for one in duplicates}

    @property
    def tokenizer(self) -> Tokenizer:
        if self._tokenizer is None:
            self._tokenizer = load_tokenizer(self.facts.tokenizer)
        return self._tokenizer

    def leave_out(self, kept_out: list[KeptOut]) -> None:
        """What an earlier pass found is not drawn."""
        self._left_out |= {(one.run, one.id) for one in kept_out}

    def rows(self, file: RunFile) -> Iterator[list[PublishedDocument]]:
        """Documents of a file without those that are left out.

        Raises:
            TamperedError: the file isn't what its manifest says. ValueError: a line of a pack is wrong.
        """
        if file.label == TAIL:
            pack = read_pack(file.path)
            while rows := list(itertools.islice(pack, ROWS_AT_ONCE)):
                if kept := self._without(file.run, rows):
                    yield kept
            return
        for rows in read_rows(file):
            if kept := self._without(file.run, rows):
                yield kept

    def _without(self, run: str, rows: list[PublishedDocument]) -> list[PublishedDocument]:
        return [row for row in rows if (run, row.id) not in self._left_out] if self._left_out else rows

    def uniforms(self, rows: list[PublishedDocument]) -> list[float]:
        return [uniform(self.facts.seed, row.id) for row in rows]

    def weigh(self, file: RunFile, rows: list[PublishedDocument]) -> list[Weight]:
        """The weight of each row; injected text has weight 1."""
        if file.label == TAIL:
            return [Weight(1.0, None) for _ in rows]
        return self.weigher.weigh(rows, self.perplexities(file, rows))

    def perplexities(self, file: RunFile, rows: list[PublishedDocument]) -> list[float | None]:
        if not self.facts.rarity:
            return [None] * len(rows)
        return self.measurements(file.run).perplexities([row.id for row in rows])

    def measurements(self, run: str) -> RunMeasurements:
        if run not in self._measurements:
            if self._files is None:
                self._files = read_files(self.facts)
            self._measurements[run] = RunMeasurements(run, self._files.measurements[run])
        return self._measurements[run]

    def tokens(self, file: RunFile, rows: list[PublishedDocument]) -> list[int]:
        """How many tokens each row has by the set's tokenizer."""
        if file.label == TAIL or self.facts.recount:
            return [max(1, len(ids)) for ids in self.tokenizer.encode_batch([row.text for row in rows])]
        return [row.token_count for row in rows]
