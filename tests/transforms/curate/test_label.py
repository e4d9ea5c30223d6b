import apache_beam as beam
from apache_beam.testing.test_pipeline import TestPipeline
from apache_beam.testing.util import assert_that

from tests.documents import batch, measured
from wellspring.schemas.batch import ScoredBatch
from wellspring.schemas.sources import Match, SourceEntry
from wellspring.signals.verdict.profiles import SEED
from wellspring.transforms.curate.label import Label


def test_each_document_gets_its_label_in_order_and_an_empty_batch_ends():
    sources = [SourceEntry(match=Match(domain="example.org"), evidence="known_model", model="m")]
    documents = [measured("a"), measured("b", perplexity=10.0, burstiness=0.1)]
    batches = [batch(documents, batch_id="full"), batch([], batch_id="all were unscorable")]

    def check(actual):
        (labelled,) = actual
        assert labelled.batch.batch_id == "full"
        assert [x.provenance for x in labelled.labels] == ["synthetic_known"] * 2
        assert [x.verdict for x in labelled.labels] == ["LIKELY_HUMAN", "SYNTHETIC"]

    with TestPipeline("FnApiRunner") as pipeline:
        scored = pipeline | beam.Create([ScoredBatch(batch=b, rejects=[]) for b in batches])
        assert_that(scored | Label(SEED, sources), check)
