import apache_beam as beam
import numpy as np
import pytest
from apache_beam.options.pipeline_options import PipelineOptions
from apache_beam.testing.test_pipeline import TestPipeline
from apache_beam.testing.util import assert_that, equal_to

from wellspring.signals.stats.count_min import CountMin
from wellspring.signals.stats.hashing import stable_hash
from wellspring.signals.stats.log_histogram import LogHistogram
from wellspring.signals.stats.weighted_sample import Item, WeightedDraw, sampling_key, uniform
from wellspring.transforms.beam.merge import Merge

ROWS = range(600)


def keys(row):
    return np.array([stable_hash(str(row % (7 + i))) for i in range(20)], dtype=np.uint64)


def item(row):
    return Item(sampling_key(uniform(3, f"d{row}"), 1 + row % 4), f"d{row}", 10 + row % 5)


def pair(row):
    return float(row % 97), row


MADE = {
    "sketch": (lambda: CountMin(1024), keys),
    "draw": (lambda: WeightedDraw(1500), item),
    "histogram": (LogHistogram, pair),
}


def one_by_one(name):
    make, element = MADE[name]
    whole = make()
    for row in ROWS:
        whole.add(element(row))
    return whole


def told(made):
    if isinstance(made, CountMin):
        return made.to_bytes()
    return (made.drawn(), made.threshold()) if isinstance(made, WeightedDraw) else made.buckets()


@pytest.mark.slow
@pytest.mark.parametrize("name", MADE)
@pytest.mark.parametrize("workers, parts", [(1, 1), (3, 7)])
def test_workers_and_bundles_do_not_show_in_a_bit(name, workers, parts):
    make, element = MADE[name]
    options = PipelineOptions(["--direct_num_workers", str(workers), "--direct_running_mode=multi_threading"])
    with TestPipeline("FnApiRunner", options=options) as pipeline:
        rows = [pipeline | f"Part {i}" >> beam.Create(ROWS[i::parts]) for i in reversed(range(parts))]
        made = rows | beam.Flatten() | beam.Map(element) | beam.CombineGlobally(Merge(make)) | beam.Map(told)
        assert_that(made, equal_to([told(one_by_one(name))]))


@pytest.mark.parametrize("name", MADE)
def test_any_tree_of_merges_gives_the_same(name):
    make, element = MADE[name]
    merge = Merge(make)
    parts = []
    for start in range(7):
        accumulator = merge.create_accumulator()
        for row in ROWS[start::7]:
            accumulator = merge.add_input(accumulator, element(row))
        parts.append(merge.merge_accumulators([accumulator]))
    nested = merge.merge_accumulators([merge.merge_accumulators(parts[:3]), *parts[3:]])
    assert told(merge.extract_output(nested)) == told(one_by_one(name))


def test_nothing_merges_to_an_empty_object():
    with TestPipeline("FnApiRunner") as pipeline:
        made = pipeline | beam.Create([]) | beam.CombineGlobally(Merge(MADE["sketch"][0]))
        assert_that(made | beam.Map(lambda sketch: sketch.documents), equal_to([0]))
