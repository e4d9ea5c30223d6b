import json
import random

import apache_beam as beam
import msgspec
import pytest
from apache_beam.pvalue import AsSingleton
from apache_beam.testing.test_pipeline import TestPipeline
from apache_beam.testing.util import assert_that, equal_to

from tests.pipelines.run_pictures import audits
from wellspring.schemas.profile import Gate, Limit
from wellspring.schemas.window_audit import WindowAudit
from wellspring.signals.batch.window_audits import Window, audit_windows
from wellspring.signals.batch.window_sums import WindowSums, window_sums
from wellspring.transforms.curate.watch_drift import MergeWindows, WatchDrift, WriteDrift

GATE = Gate(signal="surprisal_spread", direction="below")
MADE = audits(sources=3, windows=14)


def by_hand(gate=GATE, watched=3):
    strata: dict[str, dict[str, WindowSums]] = {}
    for audit in MADE:
        if audit.window_start is not None:
            windows = strata.setdefault(audit.stratum, {})
            key = (audit.window_start, audit.window_end)
            windows[key] = windows.get(key, WindowSums()).merged(window_sums(audit))
    return {
        stratum: audit_windows(stratum, [Window(*key, sums) for key, sums in windows.items()], gate, watched)
        for stratum, windows in strata.items()
    }


@pytest.mark.slow
@pytest.mark.parametrize("seed", [1, 2])
def test_shuffled_bundles_give_the_same_bits_as_a_loop(seed):
    shuffled = list(MADE)
    random.Random(seed).shuffle(shuffled)
    with TestPipeline("FnApiRunner") as pipeline:
        parts = [pipeline | f"Part {i}" >> beam.Create(shuffled[i::3]) for i in range(3)]
        found = parts | beam.Flatten() | WatchDrift(GATE)
        assert_that(found, equal_to(sorted(by_hand().items())))


def test_merging_in_any_tree_gives_the_same_bits():
    merge = MergeWindows()
    same = [a for a in MADE if a.window_start == MADE[0].window_start and a.stratum == MADE[0].stratum]
    one_by_one = merge.create_accumulator()
    for audit in same:
        one_by_one = merge.add_input(one_by_one, audit)
    parts = [merge.add_input(merge.create_accumulator(), audit) for audit in reversed(same)]
    nested = merge.merge_accumulators([merge.merge_accumulators(parts[:2]), *parts[2:]])
    assert merge.extract_output(nested) == merge.extract_output(one_by_one)


@pytest.mark.slow
def test_only_watched_strata_count_in_the_correction():
    own = Gate(
        signal="surprisal_spread",
        direction="below",
        strata={MADE[0].stratum: Limit(limit=2.0, batches=90, mean=2.7, spread=0.1)},
    )
    short = [a for a in MADE if a.window_start is not None and a.window_start < "2026-10-01"]
    with TestPipeline("FnApiRunner") as pipeline:
        found = pipeline | beam.Create(short) | WatchDrift(own) | beam.FlatMap(lambda pair: pair[1])
        thresholds = found | beam.Map(lambda row: row.threshold) | beam.Distinct()
        assert_that(thresholds, equal_to([5.0, None]))


@pytest.mark.slow
def test_a_file_of_lines_in_order(tmp_path):
    (tmp_path / ".unfinished").mkdir()
    with TestPipeline("FnApiRunner") as pipeline:
        shards = AsSingleton(pipeline | "One" >> beam.Create([1]))
        records = pipeline | beam.Create(MADE) | WatchDrift(GATE) | WriteDrift(str(tmp_path), shards)
        assert_that(
            records | beam.Map(lambda record: (record.path, record.rows)),
            equal_to([("audits/_drift-00000-of-00001.json", 3 * 14)]),
        )
    content = (tmp_path / "audits/_drift-00000-of-00001.json").read_bytes()
    rows = msgspec.json.Decoder(WindowAudit).decode_lines(content)
    assert rows == [row for _, of_stratum in sorted(by_hand().items()) for row in of_stratum]
    assert json.loads(content.splitlines()[0])["window_start"] == "2026-09-04"


@pytest.mark.slow
def test_no_dated_batch_gives_no_row():
    with TestPipeline("FnApiRunner") as pipeline:
        undated = [a for a in MADE if a.window_start is None]
        assert_that(pipeline | beam.Create(undated) | WatchDrift(GATE), equal_to([]))
