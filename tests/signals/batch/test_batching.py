import pytest
from hypothesis import given
from hypothesis import strategies as st

from wellspring.schemas.batch import MeasuredDocument
from wellspring.schemas.document import Document
from wellspring.schemas.measurements import Measurements
from wellspring.signals.batch import batching
from wellspring.signals.batch.batching import batch_id, bucket_count, bucket_of, compose_batches


def document(id: str, size: int = 100) -> MeasuredDocument:
    return MeasuredDocument(
        document=Document(id=id, text="", source="s", file_path="f", offset=0),
        token_ids=b"",
        measurements=Measurements(
            id=id,
            language=None,
            bytes=size,
            tokens=1,
            words=1,
            sentences=1,
            burstiness=None,
            type_token_ratio=None,
            mattr=None,
        ),
    )


def ids(compositions):
    return [[d.document.id for d in c.documents] for c in compositions]


@given(st.sets(st.text(min_size=1, max_size=8), max_size=60), st.randoms(use_true_random=False))
def test_batches_do_not_depend_on_the_order_of_documents(names, random):
    documents = [document(name) for name in names]
    shuffled = documents[:]
    random.shuffle(shuffled)
    one = compose_batches(documents, 8, only_bucket=True)
    assert ids(one) == ids(compose_batches(shuffled, 8, only_bucket=True))
    assert sorted(name for batch in ids(one) for name in batch) == sorted(names)


@pytest.mark.parametrize(
    ("documents", "sizes"),
    [(0, []), (8, [8]), (11, [11]), (12, [8, 4]), (16, [8, 8]), (19, [8, 11]), (3, [3]), (4, [4])],
)
def test_a_short_rest_joins_the_batch_before_it(documents, sizes):
    batches = compose_batches([document(str(i)) for i in range(documents)], 8, only_bucket=True)
    assert [len(b.documents) for b in batches] == sizes


def test_a_stratum_below_half_a_batch_is_not_gated():
    assert not compose_batches([document(str(i)) for i in range(3)], 8, only_bucket=True)[0].gated
    assert compose_batches([document(str(i)) for i in range(4)], 8, only_bucket=True)[0].gated


def test_a_batch_is_full_at_eight_mebibytes(monkeypatch):
    monkeypatch.setattr(batching, "MAX_BATCH_BYTES", 1000)
    batches = compose_batches([document(str(i), 400) for i in range(9)], 100, only_bucket=True)
    assert [len(b.documents) for b in batches] == [3, 3, 3]


def test_buckets_are_few_for_small_strata_and_cover_all_documents():
    assert bucket_count(0, 256) == bucket_count(4096, 256) == 1
    assert bucket_count(1_000_000, 256) == 244
    buckets = [bucket_of(f"document {i}", 10) for i in range(10_000)]
    assert set(buckets) == set(range(10))
    assert max(buckets.count(b) for b in range(10)) < 1150


def test_a_batch_is_known_by_its_window_stratum_and_documents():
    one = batch_id("2026-01-01", {"source": "a", "language": "en"}, ["x", "y"])
    assert one == batch_id("2026-01-01", {"source": "a", "language": "en"}, ["y", "x"])
    others = [
        batch_id("2026-01-02", {"source": "a", "language": "en"}, ["x", "y"]),
        batch_id("2026-01-01", {"source": "b", "language": "en"}, ["x", "y"]),
        batch_id("2026-01-01", {"source": "a", "language": "en"}, ["x"]),
        batch_id(None, {"source": "a", "language": "en"}, ["x", "y"]),
    ]
    assert len({one, *others}) == 5
