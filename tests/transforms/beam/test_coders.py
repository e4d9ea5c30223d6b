"""The coder of our structs: round trips, same bytes, and that pipelines use it."""

from concurrent.futures import ThreadPoolExecutor

import apache_beam as beam
import msgspec
import pytest
from apache_beam.testing.util import assert_that, equal_to

from wellspring.schemas.batch import MeasuredDocument, ScoredBatch, TrainingBatch
from wellspring.schemas.document import Document
from wellspring.schemas.measurements import Measurements
from wellspring.schemas.reject import Reject
from wellspring.transforms.beam.coders import STRUCTS, StructCoder, register_struct_coders

DOCUMENT = Document(id="1", text="täxt\n" * 9, source="s", file_path="p", offset=3, date="2024-01-01")
REJECT = Reject(kind="record", reason="empty", detail="", source="s", file_path="p", offset=1)
MEASUREMENTS = Measurements(
    id="1", language="en", bytes=5, tokens=2, words=1, sentences=1,
    burstiness=None, type_token_ratio=0.1 + 0.2,
    mattr=float("inf"),
    undefined=["burstiness: one sentence"],
)  # fmt: skip
MEASURED = MeasuredDocument(document=DOCUMENT, token_ids=bytes(range(256)), measurements=MEASUREMENTS)
BATCH = TrainingBatch(
    batch_id="b", window_start=None, window_end=None, stratum={"z": "1", "a": "2"}, gated=True,
    documents=[MEASURED],
)  # fmt: skip

register_struct_coders()


@pytest.mark.parametrize(
    "value", [DOCUMENT, REJECT, MEASUREMENTS, MEASURED, BATCH, ScoredBatch(batch=BATCH, rejects=[REJECT])]
)
def test_round_trip_and_same_bytes(value: msgspec.Struct) -> None:
    coder = beam.coders.registry.get_coder(type(value))
    assert isinstance(coder, StructCoder)
    assert coder.is_deterministic()
    encoded = coder.encode(value)
    assert coder.decode(encoded) == value
    assert coder.encode(coder.decode(encoded)) == encoded


def test_texts_travel_compressed() -> None:
    long = msgspec.structs.replace(DOCUMENT, text="What is said again and again. " * 100)
    assert len(StructCoder(Document).encode(long)) < len(long.text) / 10


def test_threads_share_a_coder() -> None:
    coder = StructCoder(Document)
    documents = [msgspec.structs.replace(DOCUMENT, text=f"Number {n}. " * 500, offset=n) for n in range(400)]
    with ThreadPoolExecutor(8) as threads:
        assert list(threads.map(lambda d: coder.decode(coder.encode(d)), documents)) == documents


def test_order_of_a_stratum_survives() -> None:
    coder = StructCoder(TrainingBatch)
    assert list(coder.decode(coder.encode(BATCH)).stratum) == ["z", "a"]


@pytest.mark.parametrize("struct", STRUCTS)
def test_every_struct_is_registered(struct: type[msgspec.Struct]) -> None:
    assert beam.coders.registry.get_coder(struct) == StructCoder(struct)


def numbered(number: int) -> Document:
    return msgspec.structs.replace(DOCUMENT, offset=number)


def test_a_pipeline_uses_it_on_both_sides_of_a_shuffle() -> None:
    with beam.Pipeline("FnApiRunner") as pipeline:
        documents = pipeline | beam.Create([1, 2]) | beam.Map(numbered).with_output_types(Document)
        keyed = documents | "Key" >> beam.Map(lambda d: (d.offset, d)).with_output_types(tuple[int, Document])
        back = keyed | beam.GroupByKey() | "Values" >> beam.FlatMapTuple(lambda _, values: values)
        assert_that(back, equal_to([numbered(1), numbered(2)]))
    coders = pipeline.to_runner_api().components.coders
    ours = {key for key, coder in coders.items() if b"StructCoder" in coder.spec.payload}
    pairs = [coder for coder in coders.values() if coder.spec.urn == "beam:coder:kv:v1"]
    assert any(ours & set(pair.component_coder_ids) for pair in pairs)
