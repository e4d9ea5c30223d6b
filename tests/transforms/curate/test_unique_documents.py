import apache_beam as beam
import pytest
from apache_beam.testing.test_pipeline import TestPipeline
from apache_beam.testing.util import assert_that, equal_to
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.documents import document
from wellspring.signals.stats.hashing import content_hash
from wellspring.transforms.curate.unique_documents import UniqueDocuments


def run(documents, check_documents, check_rejects=None, check_renamed=None):
    with TestPipeline("FnApiRunner") as pipeline:
        out = pipeline | beam.Create(documents, reshuffle=False) | UniqueDocuments()
        assert_that(out.documents, check_documents, label="documents")
        if check_rejects:
            assert_that(out.rejects, check_rejects, label="rejects")
        if check_renamed:
            assert_that(out.renamed, check_renamed, label="renamed")


def ids(expected):
    return lambda actual: equal_to(expected)([d.id for d in actual])


def test_the_first_of_equal_texts_by_path_and_offset_is_kept():
    documents = [
        document("late", text="The same  text.", file_path="b", offset=0),
        document("second", text="the same text.", file_path="a", offset=9),
        document("first", text="The same text.\n", file_path="a", offset=2),
        document("other", text="Another text.", file_path="z", offset=0),
    ]
    rejected = [("duplicate", "same text as first", "late"), ("duplicate", "same text as first", "second")]
    run(
        documents,
        ids(["first", "other"]),
        lambda actual: equal_to(rejected)([(r.reason, r.detail, r.id) for r in actual]),
        equal_to([]),
    )


@pytest.mark.slow
def test_two_texts_under_one_id_are_both_kept_and_one_gets_its_hash():
    texts = ["Some text.", "Some other text."]
    kept, renamed = sorted(texts, key=content_hash)
    new_id = f"x-{content_hash(renamed).hex()[:12]}"
    documents = [document("x", text=text, offset=i) for i, text in enumerate(texts)]
    run(
        documents,
        lambda actual: equal_to([("x", kept), (new_id, renamed)])([(d.id, d.text) for d in actual]),
        equal_to([]),
        equal_to([new_id]),
    )


@pytest.mark.slow
def test_one_record_under_one_id_twice_is_a_duplicate_not_a_conflict():
    twice = [document("x", text="Same.", offset=0), document("x", text="Same.", offset=1)]
    run(twice, ids(["x"]), lambda actual: equal_to(["x"])([r.id for r in actual]), equal_to([]))


@pytest.mark.slow
@settings(max_examples=6, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.lists(st.tuples(st.sampled_from("abcd"), st.sampled_from("xyz")), max_size=12))
def test_nothing_is_lost_and_ids_are_unique(pairs):
    documents = [document(id, text=text, offset=i) for i, (id, text) in enumerate(pairs)]
    seen = {}
    with TestPipeline("FnApiRunner") as pipeline:
        out = pipeline | beam.Create(documents, reshuffle=False) | UniqueDocuments()

        def check(actual):
            seen["documents"] = [d.id for d in actual]
            assert len(set(seen["documents"])) == len(actual)
            assert sorted(d.text for d in actual) == sorted({text for _, text in pairs})

        def check_rejects(actual):
            assert len(actual) == len(pairs) - len({text for _, text in pairs})

        assert_that(out.documents, check, label="documents")
        assert_that(out.rejects, check_rejects, label="rejects")
