import apache_beam as beam
import msgspec
import pytest
from apache_beam.testing.test_pipeline import TestPipeline
from apache_beam.testing.util import assert_that

from tests.documents import document, measured
from wellspring.transforms.curate.assemble_batches import AssembleBatches, CountStrata


def assemble(documents, check, *, batch_documents=4, batch_by=("source", "language"), window_days=1):
    """Assembles batches and hands them to `check`, as plain tuples."""

    def checked(batches):
        check(
            sorted(
                (
                    b.window_start or "",
                    b.window_end or "",
                    tuple(b.stratum.values()),
                    b.gated,
                    tuple(sorted(d.document.id for d in b.documents)),
                )
                for b in batches
            )
        )

    with TestPipeline("FnApiRunner") as pipeline:
        documents = pipeline | beam.Create(documents, reshuffle=False)
        counts = documents | beam.Map(lambda m: m.document) | CountStrata(batch_by, window_days)
        batches = documents | AssembleBatches(
            counts, batch_documents=batch_documents, batch_by=batch_by, window_days=window_days
        )
        assert_that(batches, checked)


def dated(id: str, date: str | None, **values: object):
    m = measured(id)
    return msgspec.structs.replace(m, document=document(id, date=date, **values))


def test_documents_of_different_days_languages_and_sources_never_share_a_batch():
    documents = [
        dated("a", "2026-01-05T00:00:00Z"),
        dated("b", "2026-01-05T23:59:59Z"),
        dated("c", "2026-01-06T00:00:00Z"),
        dated("d", "2026-01-05", language="de"),
        dated("e", "2026-01-05", source="books"),
    ]

    def check(batches):
        assert batches == [
            ("2026-01-05", "2026-01-06", ("books", "en"), False, ("e",)),
            ("2026-01-05", "2026-01-06", ("web-archive", "de"), False, ("d",)),
            ("2026-01-05", "2026-01-06", ("web-archive", "en"), True, ("a", "b")),
            ("2026-01-06", "2026-01-07", ("web-archive", "en"), False, ("c",)),
        ]

    assemble(documents, check)


def test_documents_without_a_date_share_one_window_and_extreme_dates_work():
    documents = [
        dated("a", None),
        dated("b", "not a date"),
        dated("c", "0001-01-01"),
        dated("d", "9999-12-31"),
        dated("e", "1969-12-31"),
    ]

    def check(batches):
        assert [(b[0], b[4]) for b in batches] == [
            ("", ("a", "b")),
            ("0001-01-01", ("c",)),
            ("1969-12-31", ("e",)),
            ("9999-12-31", ("d",)),
        ]

    assemble(documents, check)


def test_a_window_can_be_longer_than_a_day():
    documents = [dated(str(i), f"2026-01-{i + 1:02d}") for i in range(14)]
    assemble(documents, lambda batches: check_weeks(batches), batch_documents=100, window_days=7)


def check_weeks(batches):
    # Weeks are counted from 1970-01-01, a Thursday.
    assert [(b[0], b[1], len(b[4])) for b in batches] == [
        ("2026-01-01", "2026-01-08", 7),
        ("2026-01-08", "2026-01-15", 7),
    ]


@pytest.mark.slow
def test_the_same_documents_in_any_order_make_the_same_batches():
    documents = [dated(f"document {i}", f"2026-01-{1 + i % 3:02d}") for i in range(500)]
    seen = []
    assemble(documents, lambda batches: seen.append(batches))
    assemble(documents[::-1], lambda batches: assert_same(batches, documents))


def assert_same(batches, documents):
    from wellspring.signals.batch.batching import bucket_count

    assert bucket_count(167, 4) > 1  # several buckets a stratum: grouped by hash, then cut
    assert sum(len(b[4]) for b in batches) == len(documents)
    assert all(2 <= len(b[4]) <= 5 for b in batches)
    assert batches == expected(documents)


def expected(documents):
    """The same batches by a plain loop."""
    from wellspring.signals.batch.batching import bucket_count, bucket_of, compose_batches

    groups = {}
    for m in documents:
        groups.setdefault(m.document.date, []).append(m)
    result = []
    for date, group in groups.items():
        buckets = bucket_count(len(group), 4)
        for bucket in range(buckets):
            inside = [m for m in group if bucket_of(m.document.id, buckets) == bucket]
            for batch in compose_batches(inside, 4, only_bucket=buckets == 1):
                names = tuple(sorted(m.document.id for m in batch.documents))
                day = f"2026-01-{int(date[-2:]) + 1:02d}"
                result.append((date, day, ("web-archive", "en"), batch.gated, names))
    return sorted(result)
