import apache_beam as beam
import numpy as np
from apache_beam.testing.test_pipeline import TestPipeline
from apache_beam.testing.util import assert_that

from tests.documents import batch, measured
from wellspring.signals.entropy import unpack_ids
from wellspring.signals.lm.scorer import Scorer
from wellspring.transforms.curate.score import Score


def documents(prefix: str, lengths: list[int]):
    generator = np.random.default_rng(5)
    return [
        measured(
            f"{prefix}{i}",
            tuple(generator.integers(1, 257, n)),
            tokens=n,
            **dict.fromkeys(
                ("scored_tokens", "nll", "perplexity", "surprisal_variance", "curvature", "log_rank")
            ),
        )
        for i, n in enumerate(lengths)
    ]


def test_a_batch_comes_back_with_the_scores_of_the_scorer(tiny_scorer):
    batches = [batch(documents("a", [5, 300, 40]), batch_id="1"), batch(documents("b", [7]), batch_id="2")]
    scorer = Scorer.load(tiny_scorer)
    alone = {
        d.document.id: scorer.score([unpack_ids(d.token_ids)], [d.measurements.bytes])[0]
        for b in batches
        for d in b.documents
    }
    fingerprint = scorer.fingerprint.id

    def check(actual):
        assert sorted(s.batch.batch_id for s in actual) == ["1", "2"]
        for scored in actual:
            assert not scored.rejects
            for d in scored.batch.documents:
                # The same bits, whatever it was batched with.
                expected = alone[d.document.id]
                assert (d.measurements.nll, d.measurements.curvature) == (expected.nll, expected.curvature)
                assert d.measurements.scorer == fingerprint

    with TestPipeline("FnApiRunner") as pipeline:
        assert_that(pipeline | beam.Create(batches) | Score(tiny_scorer), check)


def test_a_document_that_cannot_be_scored_is_a_reject_alone(tiny_scorer):
    poisoned = [*documents("a", [20, 20]), measured("bad", (3, 100_000))]

    def check(actual):
        (scored,) = actual
        assert [d.document.id for d in scored.batch.documents] == ["a0", "a1"]
        assert [(r.id, r.reason) for r in scored.rejects] == [("bad", "unscorable")]
        assert "token_outside_vocabulary" in scored.rejects[0].detail

    with TestPipeline("FnApiRunner") as pipeline:
        assert_that(pipeline | beam.Create([batch(poisoned)]) | Score(tiny_scorer), check)


def test_without_a_scorer_the_signals_are_null_and_say_why():
    def check(actual):
        (scored,) = actual
        for d in scored.batch.documents:
            assert d.measurements.perplexity is None
            assert d.measurements.undefined == ["perplexity: no scorer was run"]

    with TestPipeline("FnApiRunner") as pipeline:
        assert_that(pipeline | beam.Create([batch(documents("a", [4, 5]))]) | Score(None), check)


def test_a_null_among_the_signals_has_its_reason(tiny_scorer):
    def check(actual):
        (scored,) = actual
        (m,) = [d.measurements for d in scored.batch.documents]
        assert m.surprisal_variance is None
        assert "surprisal_variance: 1 scored tokens don't define it" in m.undefined

    with TestPipeline("FnApiRunner") as pipeline:
        assert_that(pipeline | beam.Create([batch(documents("a", [1]))]) | Score(tiny_scorer), check)
