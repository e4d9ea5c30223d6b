import gzip
import json
import math
from collections import Counter
from itertools import pairwise

import msgspec
import numpy as np
import pytest

from wellspring.signals.batch import tail_coverage as tails
from wellspring.signals.batch.tail_coverage import (
    grouped_presence,
    load_tail_reference,
    make_tail_reference,
    read_tail_reference,
    tail_coverage,
)
from wellspring.signals.batch.token_groups import GROUPS
from wellspring.signals.entropy import unigram_entropy
from wellspring.signals.lm.model_folder import REFERENCE_EN, ModelError
from wellspring.signals.lm.tokenization import load_tokenizer
from wellspring.signals.stats.hashing import stable_hash


def zipf_text(generator, tokens, types=400):
    shares = 1 / (np.arange(types) + 5)
    return generator.choice(types, size=tokens, p=shares / shares.sum()).astype(np.int32)


def reference_of(documents):
    return read_tail_reference(msgspec.json.encode(make_tail_reference(documents, "abc")))


def coverage(reference, documents, groups=None):
    groups = groups or [i % GROUPS for i in range(len(documents))]
    lengths = [len(ids) for ids in documents]
    presence = grouped_presence(reference, np.concatenate(documents), lengths, groups)
    pairs = np.zeros(GROUPS, dtype=int)
    np.add.at(pairs, groups, [max(n - 1, 0) for n in lengths])
    return tail_coverage(reference, presence, pairs.tolist())


def test_it_is_the_definition_term_by_term():
    generator = np.random.default_rng(1)
    human = [zipf_text(generator, 500) for _ in range(40)]
    batch = [zipf_text(generator, 200) for _ in range(10)]
    counts = Counter(pair for ids in human for pair in pairwise(ids.tolist()))
    total = sum(counts.values())
    mass, limit = 0, 0
    for count in sorted(counts.values()):
        mass += count
        if mass >= 0.2 * total:
            limit = count - 1
            break
    rare = {pair: count for pair, count in counts.items() if 2 <= count <= max(limit, 2)}
    seen = {pair for ids in batch for pair in pairwise(ids.tolist())}
    drawn = sum(len(ids) - 1 for ids in batch)
    expected = sum(1 - math.exp(-drawn * count / total) for count in rare.values())
    assert coverage(reference_of(human), batch).value == pytest.approx(len(seen & rare.keys()) / expected)


def test_the_groups_change_the_interval_and_not_the_value():
    generator = np.random.default_rng(2)
    reference = reference_of([zipf_text(generator, 500) for _ in range(40)])
    batch = [zipf_text(generator, 100) for _ in range(40)]
    grouped = coverage(reference, batch)
    alone = coverage(reference, batch, [3] * 40)
    assert grouped.value == alone.value
    assert (alone.low, alone.high) == (None, None)
    # each group left out in turn, by a loop
    without = [coverage(reference, [d for i, d in enumerate(batch) if i % GROUPS != g]).value for g in (0, 9)]
    assert grouped.low < min(without) < max(without) < grouped.high


def test_a_random_draw_from_the_reference_has_coverage_one_at_any_size():
    generator = np.random.default_rng(3)
    human = zipf_text(generator, 400_000, types=3000)
    reference = reference_of([human])
    for size in (2_000, 20_000):
        starts = generator.integers(0, len(human) - 2, size=size)
        drawn = [human[start : start + 2] for start in starts]
        assert coverage(reference, drawn, [i % GROUPS for i in range(size)]).value == pytest.approx(
            1, abs=0.06
        )


def test_pairs_do_not_reach_over_the_end_of_a_document():
    reference = reference_of([np.array([1, 2, 1, 2], dtype=np.int32)])
    assert len(reference) == 1
    assert coverage(reference, [np.array([1], np.int32), np.array([2], np.int32)]) is None
    assert coverage(reference, [np.array([3, 1], np.int32), np.array([2, 3], np.int32)]).value == 0


def recursive(generator, ids, generations):
    """Text of a chain of bigram models, each fitted on the text of the one before and sampled as long."""
    for _ in range(generations):
        order = np.argsort(ids[:-1], kind="stable")
        followers, first = ids[1:][order], ids[:-1][order]
        start = np.searchsorted(first, np.arange(first.max() + 2))
        made = np.empty(len(ids), dtype=np.int32)
        current, draws = int(ids[0]), generator.random(len(ids))
        for i, draw in enumerate(draws):
            made[i] = current
            low, high = start[current], start[current + 1]
            current = int(followers[low + int(draw * (high - low))]) if high > low else int(ids[0])
        ids = made
    return ids


def human_text(shared_data, documents):
    with gzip.open(shared_data / "labelled" / "dev.jsonl.gz", "rt", encoding="utf-8") as lines:
        rows = [json.loads(line) for line in lines]
    human = sorted((r for r in rows if r["label"] == "human"), key=lambda r: stable_hash(r["id"], "tail"))
    return load_tokenizer(REFERENCE_EN).encode_batch([r["text"] for r in human[:documents]])


@pytest.mark.slow
def test_it_falls_on_a_collapsed_models_text_while_entropy_hardly_does(shared_data):
    documents = human_text(shared_data, 300)
    real = np.concatenate(documents)
    collapsed = recursive(np.random.default_rng(7), real, 5)
    reference = load_tail_reference(REFERENCE_EN)
    cut = [np.array_split(ids, 300) for ids in (real, collapsed)]
    before, after = (coverage(reference, parts) for parts in cut)
    bits = [unigram_entropy(np.bincount(ids, minlength=4096)) for ids in (real, collapsed)]
    assert 0.6 < before.value < 1.1
    assert after.value < 0.6 * before.value
    assert after.high < before.low
    assert bits[1] > 0.95 * bits[0]


def test_human_batches_of_other_sizes_have_about_the_same(shared_data):
    documents = human_text(shared_data, 400)
    reference = load_tail_reference(REFERENCE_EN)
    small = np.mean([coverage(reference, documents[i : i + 25]).value for i in range(0, 400, 25)])
    assert coverage(reference, documents).value == pytest.approx(small, rel=0.12)


def test_a_scorer_without_the_file_has_no_reference(tiny_scorer):
    assert load_tail_reference(tiny_scorer) is None


@pytest.mark.parametrize(
    "content",
    [b"{}", b"no json", b'{"tokenizer_sha256":"","pairs":5,"share":1,"seen":{"2":1},"keys":"AAAA"}'],
)
def test_a_damaged_file_is_an_error(content):
    with pytest.raises(ValueError, match="not a file of rare pairs"):
        read_tail_reference(content)


def test_another_tokenizers_file_is_an_error(tiny_scorer, tmp_path, monkeypatch):
    made = make_tail_reference([np.array([1, 2, 1, 2], dtype=np.int32)], "another")
    (tmp_path / tails.FILE).write_bytes(msgspec.json.encode(made))
    monkeypatch.setattr(tails, "model_folder", lambda name: type("Folder", (), {"path": tmp_path}))
    with pytest.raises(ModelError, match="made with another tokenizer"):
        load_tail_reference.__wrapped__(tiny_scorer)


def test_text_that_never_repeats_itself_has_no_rare_pairs():
    with pytest.raises(ValueError, match="no pair of tokens occurs twice"):
        make_tail_reference([np.arange(9, dtype=np.int32)], "abc")
