import numpy as np
import pytest

from wellspring.schemas.tail_benchmark import TailItem
from wellspring.signals.collapse.tail_scoring import accuracies, compare, encode, margins
from wellspring.signals.lm.model_folder import REFERENCE_EN, ModelError
from wellspring.signals.lm.scorer import Scorer
from wellspring.signals.lm.tokenization import load_tokenizer
from wellspring.signals.stats.paired_tests import DocumentDraws


def item(context, choices, answer=0, set_="tail", document="d", kind="term"):
    return TailItem(
        id=f"{set_} {document} {context} {choices}", set=set_, kind=kind, domain="x", context=context,
        choices=choices, answer=answer, document=document, source="s", words_seen=2, distractor_seen=2,
        documents_seen=2,
    )  # fmt: skip


ITEMS = [
    item("the colour of the sky", ["was", "war"]),
    item("a", ["x", "yes"], 1),
    item("café au lait, s'il vous", ["plaît", "plâtre"]),
]


def test_a_margin_is_what_whole_texts_differ_by_a_byte(tiny_scorer):
    """Independent of where the boundary lies: of words of equal length the context's part falls out."""
    scorer, tokenizer = Scorer.load(tiny_scorer), load_tokenizer(tiny_scorer)
    (found,) = margins(ITEMS[:1], scorer, tokenizer)
    sums = [
        -float(scorer.surprisals(tokenizer.encode_batch([f"{ITEMS[0].context} {choice}"]))[0].sum())
        for choice in ITEMS[0].choices
    ]
    assert found == pytest.approx((sums[0] - sums[1]) / 3, abs=1e-4)


def test_only_the_choice_is_scored_and_divided_by_its_bytes(tiny_scorer):
    scorer, tokenizer = Scorer.load(tiny_scorer), load_tokenizer(tiny_scorer)
    found = margins(ITEMS, scorer, tokenizer)
    for margin, one in zip(found, ITEMS, strict=True):
        scores = []
        for choice in one.choices:
            (ids,) = tokenizer.encode_batch([f"{one.context} {choice}"])
            (surprisal,) = scorer.surprisals([ids])
            own = len(f" {choice}".encode())  # the tiny model has a token a byte
            scores.append(-float(surprisal[-own:].sum()) / len(choice.encode()))
        assert margin == pytest.approx(scores[one.answer] - scores[1 - one.answer], abs=1e-5)


class Merging:
    """Joins "n" and " t" over a boundary, which byte pairs of a real tokenizer may do."""

    def encode_batch(self, texts):
        return [np.array([ord(c) for c in text.replace("n t", "\u00ff")], dtype=np.int32) for text in texts]


def test_a_token_over_the_boundary_is_scored_for_both_choices():
    (found,) = encode([item("down", ["town", "gown"])], Merging())
    assert found.start == len("dow")
    assert [len(ids) for ids in found.ids] == [len("dow\u00ffown"), len("down gown")]


def test_a_tokenizer_with_more_ids_than_the_model_is_one_line(tiny_scorer):
    with pytest.raises(ModelError, match="not the tokenizer it was trained with") as error:
        margins(ITEMS, Scorer.load(tiny_scorer), load_tokenizer(REFERENCE_EN))
    assert "\n" not in str(error.value)


def many(count):
    kinds = ("term", "collocation")
    return [
        item(f"context {i}", ["one", "two"], set_=("tail", "head")[i % 2], document=f"d{i // 6}",
             kind=kinds[i // 2 % 2])
        for i in range(count)
    ]  # fmt: skip


def test_accuracy_is_a_share_with_its_interval():
    items = many(120)
    right = np.array([i % 2 == 1 or i % 4 == 0 for i in range(120)])
    found = accuracies(items, right, DocumentDraws([one.document for one in items], 7))
    assert found["head"].accuracy.value == 1.0
    assert found["tail"].accuracy.value == 0.5
    assert found["tail"].by_kind == {"term": 1.0, "collocation": 0.0}
    assert found["tail"].items == 60
    low, high = found["tail"].accuracy.low, found["tail"].accuracy.high
    assert low is not None
    assert high is not None
    assert low < 0.5 < high


def test_what_a_model_lost_on_the_tail_beyond_the_head():
    items = many(600)
    generator = np.random.default_rng(1)
    tail = np.array([one.set == "tail" for one in items])
    first = generator.random(600) < np.where(tail, 0.85, 0.97)
    second = first & (generator.random(600) < np.where(tail, 0.8, 0.99))
    found = compare(items, first, second, DocumentDraws([one.document for one in items], 7))
    lost = first & ~second
    assert found.tail_drop.value == pytest.approx(lost[tail].mean())
    assert found.head_drop.value == pytest.approx(lost[~tail].mean())
    assert found.difference.value == pytest.approx(lost[tail].mean() - lost[~tail].mean())
    assert found.difference.p < 0.001
    assert found.mcnemar["tail"].only_first == lost[tail].sum()
    assert found.mcnemar["head"].only_second == 0


def test_without_head_items_there_is_no_comparison():
    items = [one for one in many(8) if one.set == "tail"]
    right = np.ones(4, dtype=bool)
    with pytest.raises(ValueError, match="no head items"):
        compare(items, right, right, DocumentDraws([one.document for one in items], 7))
