import apache_beam as beam
from apache_beam.testing.test_pipeline import TestPipeline
from apache_beam.testing.util import assert_that

from tests.documents import document
from wellspring.signals.entropy import unpack_ids
from wellspring.signals.lm.tokenization import load_tokenizer
from wellspring.transforms.curate.measure import Measure

TEXT = "It rained on the way to the station. Nobody minded: the train was late, as it always was."


def test_every_document_is_tokenized_and_measured_whatever_the_chunk(tiny_scorer):
    documents = [document(f"d{i}", text=f"{TEXT} {i}") for i in range(150)]
    tokenizer = load_tokenizer(tiny_scorer)

    def check(actual):
        assert sorted(m.document.id for m in actual) == sorted(d.id for d in documents)
        for m in actual:
            assert tokenizer.decode_batch([unpack_ids(m.token_ids)]) == [m.document.text]
            assert m.measurements.tokens == len(unpack_ids(m.token_ids))
            assert m.measurements.sentences == 2 or m.measurements.sentences == 3
            assert m.measurements.language == "en"

    with TestPipeline("FnApiRunner") as pipeline:
        out = pipeline | beam.Create(documents) | Measure(tiny_scorer)
        assert_that(out.documents, check)


def test_a_text_without_tokens_is_a_reject(tiny_scorer):
    def check(actual):
        assert [(r.reason, r.id, r.kind) for r in actual] == [("no_tokens", "empty", "record")]

    with TestPipeline("FnApiRunner") as pipeline:
        documents = [document("empty", text=""), document("full", text=TEXT)]
        out = pipeline | beam.Create(documents) | Measure(tiny_scorer)
        assert_that(out.rejects, check)
