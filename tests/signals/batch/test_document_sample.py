import numpy as np

from wellspring.signals.batch.document_sample import BYTES, DOCUMENTS, TOKENS, merge_samples, sample_documents
from wellspring.signals.entropy import pack_ids
from wellspring.signals.stats.hashing import stable_hash

MANY = [(f"d{i}", pack_ids(list(range(i, i + 300))), f"text {i} " * 300) for i in range(200)]


def test_it_holds_the_beginnings_of_the_documents_with_the_lowest_hashes():
    sample = sample_documents(MANY)
    lowest = sorted(MANY, key=lambda d: stable_hash(d[0], "sample"))[:DOCUMENTS]
    assert [one.id for one in sample] == [id_ for id_, _, _ in lowest]
    assert {len(np.frombuffer(one.token_ids, "<i4")) for one in sample} == {TOKENS}
    assert {len(one.text) for one in sample} == {BYTES}


def test_samples_of_parts_merge_to_the_sample_of_the_whole():
    parts = [sample_documents(MANY[i::3]) for i in range(3)]
    assert (
        merge_samples(*parts) == merge_samples(merge_samples(*parts[1:]), parts[0]) == sample_documents(MANY)
    )


def test_a_lone_surrogate_and_a_cut_character_are_no_error():
    (one,) = sample_documents([("a", b"", "\ud800" + "é" * 2000)])
    assert one.text.startswith(b"?")
    assert len(one.text) == BYTES
