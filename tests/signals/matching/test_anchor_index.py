import pickle

import pytest

from tests.signals.passages import generated, of_lmtext, with_words_replaced
from wellspring.signals.matching.anchor_index import AnchorIndex
from wellspring.signals.matching.minhash import NEAR
from wellspring.signals.matching.overlap import Overlap
from wellspring.signals.matching.quotations import COMMON_DOCUMENTS
from wellspring.signals.stats.hashing import stable_hash
from wellspring.signals.text.normalised_text import normalised_text

ANCHORS, HOSTS, WORDS = 500, 500, 200


def runs(text, n=13):
    words = normalised_text(text).split()
    return {tuple(words[i : i + n]) for i in range(len(words) - n + 1)}


def shingle_overlap(one, other):
    a, b = runs(one, 5), runs(other, 5)
    return len(a & b) / len(a | b)


@pytest.fixture(scope="module", params=["generated", "lmtext"])
def passages(request):
    if request.param == "generated":
        return generated(ANCHORS + HOSTS, WORDS)
    return of_lmtext(request.getfixturevalue("shared_data"), ANCHORS + HOSTS, WORDS)


@pytest.fixture(scope="module")
def anchors(passages):
    return passages[:ANCHORS]


@pytest.fixture(scope="module")
def hosts(passages):
    return passages[ANCHORS:]


@pytest.fixture(scope="module")
def index(anchors):
    return AnchorIndex.from_documents((f"a{i}", text) for i, text in enumerate(anchors))


def planted_quotation(anchor, host, seed):
    """13 words of the anchor, set in capitals and with other punctuation, in the middle of a long text."""
    words = normalised_text(anchor).split()
    begin = stable_hash(seed, "begin") % (len(words) - 12)
    quoted = " -- ".join(
        [" ".join(words[begin : begin + 6]).upper(), ", ".join(words[begin + 6 : begin + 13])]
    )
    return f"{host} “{quoted}” {host}", tuple(words[begin : begin + 13])


@pytest.mark.slow
def test_planted_exact_copies_are_found(anchors, index):
    copies = ["\n\t".join(text.replace(",", ";").upper().split()) for text in anchors]
    found = index.findings(copies)
    right = [o is not None and (o.kind, o.anchor_id) == ("exact", f"a{i}") for i, o in enumerate(found)]

    assert sum(right) >= 0.99 * len(right)


def test_planted_near_copies_are_found(anchors, index):
    copies = [with_words_replaced(normalised_text(text), str(i), 0.85) for i, text in enumerate(anchors)]
    overlaps = [shingle_overlap(a, c) for a, c in zip(anchors, copies, strict=True)]
    assert 0.84 < sum(overlaps) / len(overlaps) < 0.86
    found = index.findings(copies)
    right = [o is not None and (o.kind, o.anchor_id) == ("near", f"a{i}") for i, o in enumerate(found)]

    assert sum(right) >= 0.95 * len(right)
    assert all(o.copies for o in found if o is not None)
    for overlap, similarity in zip(found, overlaps, strict=True):
        if overlap is not None and overlap.kind == "near":
            assert overlap.similarity == pytest.approx(similarity)


def test_planted_quotations_are_found_in_long_texts(anchors, hosts, index):
    planted = [planted_quotation(a, hosts[i], str(i)) for i, a in enumerate(anchors)]
    found = index.findings([text for text, _ in planted])
    right = [
        overlap is not None and run in runs(anchors[int(overlap.anchor_id[1:])])
        for overlap, (_, run) in zip(found, planted, strict=True)
    ]

    assert sum(right) >= 0.99 * len(right)


def test_nothing_is_found_but_what_is_there(anchors, hosts, index):
    in_anchors = set().union(*(runs(text) for text in anchors))
    for host, overlap in zip(hosts, index.findings(hosts), strict=True):
        # Common runs are left out of the index, so that only one direction holds for all text.
        assert overlap is None or overlap.kind != "quotation" or runs(host) & in_anchors
        assert overlap is None or overlap.kind != "near" or overlap.similarity >= NEAR


def test_shares_are_those_of_covered_words(anchors, hosts, index):
    text, _ = planted_quotation(anchors[3], hosts[3], "shares")
    overlap = index.finding(text)
    assert (overlap.kind, overlap.anchor_id, overlap.similarity) == ("quotation", "a3", None)
    assert overlap.text_share == pytest.approx(13 / len(normalised_text(text).split()))
    assert overlap.anchor_share == pytest.approx(13 / len(normalised_text(anchors[3]).split()))
    assert not overlap.copies


def test_a_short_anchor_within_a_long_page_is_a_copy(anchors, hosts, index):
    overlap = index.finding(" ".join([*hosts[:20], anchors[7], *hosts[20:40]]))
    assert (overlap.kind, overlap.anchor_id, overlap.anchor_share) == ("quotation", "a7", 1.0)
    assert overlap.text_share < 0.1
    assert overlap.copies


def test_findings_do_not_depend_on_the_texts_beside_or_on_pickling(anchors, hosts, index):
    texts = [anchors[0], hosts[0], with_words_replaced(anchors[1], "x", 0.85), "", "one", anchors[2][:400]]
    alone = [index.finding(text) for text in texts]
    assert index.findings(texts * 40) == alone * 40
    assert pickle.loads(pickle.dumps(index)).findings(texts) == alone


def test_texts_without_enough_words():
    index = AnchorIndex.from_documents([("short", "Only four words here."), ("none", "...")])
    assert index.finding("only FOUR words, here").kind == "exact"
    assert index.finding("only four words") is None
    assert index.finding("!!!") is None
    assert AnchorIndex.from_documents([]).finding("anything at all") is None


def test_a_run_that_many_documents_have_is_nobodys():
    licence = " ".join(f"licence{i}" for i in range(20))
    texts = [f"{text} {licence}" for text in generated(COMMON_DOCUMENTS + 1, 60)]
    few = AnchorIndex.from_documents((str(i), text) for i, text in enumerate(texts[:-1]))
    many = AnchorIndex.from_documents((str(i), text) for i, text in enumerate(texts))
    page = f"another page {licence} and more of it"
    assert few.finding(page) == Overlap(
        kind="quotation", anchor_id="0", similarity=None, text_share=20 / 26, anchor_share=20 / 80
    )
    assert many.finding(page) is None


def test_a_text_that_repeats_itself_is_found_and_soon():
    said = " ".join(f"w{i}" for i in range(13))
    index = AnchorIndex.from_documents([("again", " ".join([said] * 3000))])
    overlap = index.finding(f"a b {' '.join([said] * 3000)} c d")
    assert overlap.anchor_id == "again"
    assert overlap.text_share == pytest.approx(39000 / 39004)
