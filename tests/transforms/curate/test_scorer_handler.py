import apache_beam as beam
import numpy as np
from apache_beam.metrics import MetricsFilter
from apache_beam.testing.test_pipeline import TestPipeline

from tests.documents import batch, measured
from wellspring.transforms.curate.score import Score


def test_the_step_counts_what_it_does(tiny_scorer):
    generator = np.random.default_rng(5)
    lengths = {"1": [5, 60, 60, 0], "2": [100]}
    batches = [
        batch(
            [
                measured(f"{name}-{i}", tuple(generator.integers(1, 257, n)), tokens=n)
                for i, n in enumerate(its_lengths)
            ],
            batch_id=name,
        )
        for name, its_lengths in lengths.items()
    ]
    pipeline = TestPipeline("FnApiRunner")
    pipeline | beam.Create(batches) | Score(tiny_scorer)
    result = pipeline.run()
    result.wait_until_finish()
    found = result.metrics().query(MetricsFilter().with_namespace("wellspring"))
    counters = {metric.key.metric.name: metric.committed for metric in found["counters"]}
    distributions = {metric.key.metric.name: metric.committed for metric in found["distributions"]}

    assert counters["scorer_documents"] == 4  # the one without tokens is a reject
    # windows of 64 tokens, each 48 after the one before: 100 tokens are 64 and 52
    assert counters["scorer_tokens"] == 5 + 60 + 60 + 64 + 52
    assert counters["scorer_padded_tokens"] == 8 + 64 + 64 + 64 + 56
    assert counters["scorer_oom_retries"] == 0
    rows = distributions["scorer_pass_rows"]
    assert (rows.count, rows.sum, rows.max) == (4, 5, 2)
    assert distributions["scorer_milliseconds"].count == 2
