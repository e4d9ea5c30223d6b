import re
from collections import Counter
from itertools import pairwise

import pytest

from tests.zipf_text import documents
from wellspring.schemas.tail_benchmark import KINDS, SETS
from wellspring.signals.collapse.tail_items import CONTEXT_WORDS, ITEMS_OF_DOCUMENT, ItemMaker, Source
from wellspring.signals.text.word_counts import Vocabulary, WordReference

TRAINING = documents(900, 120, seed=1)
HELD_OUT = documents(250, 120, seed=2)


def maker(training, texts, seed=7, **options):
    vocabulary = Vocabulary()
    reference = [vocabulary.split(text) for text in training]
    sources = [Source(f"h{i}", "made", vocabulary.split(text)) for i, text in enumerate(texts)]
    within = not reference
    counted = WordReference(reference or [source.words for source in sources], len(vocabulary))
    return ItemMaker(sources, counted, vocabulary, within=within, seed=seed, **options)


@pytest.fixture(scope="module")
def found():
    made = maker(TRAINING, HELD_OUT)
    return {set_: made.items(set_, "made", 300)[0] for set_ in SETS}


def sentences(texts):
    return [sentence.split() for text in texts for sentence in text.rstrip(".").split(". ")]


SEEN = Counter(word for sentence in sentences(TRAINING) for word in sentence)
PAIRS = Counter(pair for text in TRAINING for pair in {p for s in sentences([text]) for p in pairwise(s)})


def two(item):
    return item.choices[item.answer], item.choices[1 - item.answer]


def test_every_kind_takes_its_turn(found):
    for set_ in SETS:
        assert len(found[set_]) == 300
        assert set(Counter(item.kind for item in found[set_])) == set(KINDS)
    assert min(Counter(item.kind for item in found["tail"]).values()) >= 40


def test_the_passage_is_the_documents_own_and_the_distractor_is_not_in_its_place(found):
    for item in found["tail"] + found["head"]:
        true, distractor = two(item)
        text = HELD_OUT[int(item.document[1:])]
        assert re.search(rf"{re.escape(item.context)} {true}\b", text)
        assert item.context == item.context.strip()
        before = item.context.split()[-1]
        assert PAIRS[before, distractor] == 0
        words = len(re.findall(r"\w+", item.context))
        assert CONTEXT_WORDS[0] <= words <= CONTEXT_WORDS[1]


def test_the_distractor_matches_in_length_ending_and_frequency(found):
    for item in found["tail"] + found["head"]:
        true, distractor = two(item)
        assert true != distractor
        assert abs(len(true) - len(distractor)) <= 1
        if len(true) > 4 and len(distractor) > 4:
            assert true.endswith("s") == distractor.endswith("s")
        assert (item.words_seen, item.distractor_seen) == (SEEN[true], SEEN[distractor])
        assert 0.5 < item.words_seen / item.distractor_seen < 2


def test_tail_types_are_rare_head_types_frequent(found):
    words = sum(SEEN.values())
    for item in found["tail"]:
        true, distractor = two(item)
        before = item.context.split()[-1]
        pair = PAIRS[before, true]
        lift = pair * words / (SEEN[before] * SEEN[true])
        text = HELD_OUT[int(item.document[1:])]
        if item.kind == "term":
            assert pair >= 2
            assert lift >= 10
            assert true not in re.findall(r"\w+", text.split(item.context)[0])
        else:
            assert 2 <= pair <= 5
            assert item.documents_seen == pair
            assert lift >= {"collocation": 10, "construction": 5, "sense": 0}[item.kind]
        if item.kind != "construction":
            assert distractor not in re.findall(r"\w+", text)
    for item in found["head"]:
        assert PAIRS[item.context.split()[-1], two(item)[0]] >= 8
    rare = [item.words_seen for item in found["tail"] if item.kind == "term"]
    mass = sum(n for n in SEEN.values() if n <= max(rare)) / words
    assert mass <= 0.1


def test_a_tail_distractor_follows_the_same_frequent_word_most_often(found):
    frequent = {word for word, count in SEEN.items() if count >= 100}
    usual = {}
    for (before, word), _ in sorted(PAIRS.items(), key=lambda pair: (pair[1], pair[0][0])):
        if before in frequent:
            usual[word] = before
    same = [usual.get(a) == usual.get(b) for a, b in map(two, found["tail"])]
    other = [usual.get(a) == usual.get(b) for a, b in map(two, found["head"])]
    assert sum(same) / len(same) > sum(other) / len(other) + 0.2


def test_no_place_and_no_passage_twice_and_no_document_too_often(found):
    for set_ in SETS:
        items = found[set_]
        assert len({(item.context, two(item)[0]) for item in items}) == len(items)
        assert max(Counter(item.document for item in items).values()) <= ITEMS_OF_DOCUMENT
    terms = [two(item)[0] for item in found["tail"] if item.kind == "term"]
    assert len(set(terms)) == len(terms)
    assert len({item.id for set_ in SETS for item in found[set_]}) == 600


def test_the_true_word_is_first_in_about_half_the_items(found):
    first = sum(item.answer == 0 for item in found["tail"] + found["head"])
    assert 250 < first < 350


@pytest.mark.slow
def test_items_depend_on_text_and_seed_and_not_on_the_order_of_documents(found):
    vocabulary = Vocabulary()
    reference = [vocabulary.split(text) for text in reversed(TRAINING)]
    sources = [Source(f"h{i}", "made", vocabulary.split(text)) for i, text in enumerate(HELD_OUT)][::-1]
    counted = WordReference(reference, len(vocabulary))
    again = ItemMaker(sources, counted, vocabulary, within=False, seed=7).items("tail", "made", 300)[0]
    assert again == found["tail"]
    other = maker(TRAINING, HELD_OUT, seed=8).items("tail", "made", 300)[0]
    assert {item.context for item in other} != {item.context for item in again}


def test_without_training_text_a_document_is_measured_by_the_others():
    items = maker([], TRAINING).items("tail", "made", 200)[0]
    assert len(items) == 200
    pairs_of = [{pair for s in sentences([text]) for pair in pairwise(s)} for text in TRAINING]
    for item in items:
        own = sentences([TRAINING[int(item.document[1:])]])
        true, before = two(item)[0], item.context.split()[-1]
        assert item.words_seen == SEEN[true] - sum(s.count(true) for s in own)
        if item.kind in ("collocation", "sense"):
            assert item.documents_seen == sum((before, true) in pairs for pairs in pairs_of) - 1


def test_refused_passages_give_no_item():
    def refused(passage):
        return " ka " in passage

    items, left_out = maker(TRAINING, HELD_OUT, refused=refused).items("tail", "made", None)
    assert left_out["passage_shared"] > 0
    assert items
    assert not [item for item in items if refused(f"{item.context} {two(item)[0]}")]


def test_text_without_words_or_repetition_gives_none():
    assert maker([], ["", "1 2 3 4 5 6 7 8 9 10 11 12", "one two three"]).items("tail", "x", None) == ([], {})
    assert maker(TRAINING, []).items("head", "x", None) == ([], {})
