"""Training on a toy corpus: what is seen, that it learns, that it goes on where it stopped."""

import gzip
import json
from pathlib import Path

import msgspec
import numpy as np
import pytest
import torch

from signals.training import ChunkedCrossEntropy, Progress, Recipe, train
from signals.training_text import (
    BOS,
    CorpusDocument,
    epoch_rows,
    read_corpus,
    split_held_out,
    train_tokenizer,
    weighted,
)

WORDS = ["cat", "sat", "mat", "while", "rain", "fell", "over", "old", "roofs", "and", "birds", "sang"]


def _documents(count: int, register: str = "toy", words: int = 80) -> list[CorpusDocument]:
    generator = np.random.default_rng(0)
    return [
        CorpusDocument(register, f"{register}/{i // 2}#{i % 2}", " ".join(generator.choice(WORDS, words)))
        for i in range(count)
    ]


def test_corpus_is_read_with_white_space_folded(tmp_path: Path) -> None:
    with gzip.open(tmp_path / "news.jsonl.gz", "wt") as file:
        file.write(json.dumps({"id": "a", "text": " two\n\n words\t"}) + "\n")
    assert read_corpus([tmp_path / "news.jsonl.gz"]) == [CorpusDocument("news", "a", "two words")]
    with gzip.open(tmp_path / "torn.jsonl.gz", "wt") as file:
        file.write('{"id": "a"}\n')
    with pytest.raises(msgspec.ValidationError, match=r"torn\.jsonl\.gz:1"):
        read_corpus([tmp_path / "torn.jsonl.gz"])


def test_works_are_held_out_whole_and_of_every_register() -> None:
    documents = _documents(200) + _documents(4, "rare")
    training, held_out = split_held_out(documents)
    assert len(training) + len(held_out) == 204
    works = {d.id.partition("#")[0] for d in held_out}
    assert not works & {d.id.partition("#")[0] for d in training}
    assert {d.register for d in held_out} == {"toy", "rare"}
    assert split_held_out(documents[::-1])[1] == held_out[::-1]


def test_weights_repeat_and_thin_out() -> None:
    documents = _documents(1000) + _documents(100, "rare")
    chosen = weighted(documents, {"toy": 0.3, "rare": 2.5}, seed=1, epoch=0)
    assert sum(d.register == "toy" for d in chosen) == pytest.approx(300, abs=60)
    assert sum(d.register == "rare" for d in chosen) == pytest.approx(250, abs=20)
    assert chosen == weighted(documents, {"toy": 0.3, "rare": 2.5}, seed=1, epoch=0)


def test_rows_hold_each_token_about_once() -> None:
    encoded = [(f"d{i}", np.arange(1 + 100 * i, 1 + 100 * i + 90, dtype=np.int32)) for i in range(50)]
    rows = epoch_rows(encoded, context=16, bos=0, seed=1, epoch=0)
    assert rows.shape[1] == 17
    tokens, counts = np.unique(rows[rows > 0], return_counts=True)
    assert counts.max() == 1
    assert len(tokens) > 0.99 * 50 * 90
    assert 0.5 < (rows[:, 0] == 0).mean() < 1
    assert np.array_equal(rows, epoch_rows(encoded, 16, 0, 1, 0))
    assert not np.array_equal(rows[:9], epoch_rows(encoded, 16, 0, 1, 1)[:9])


def test_the_chunked_loss_is_cross_entropy() -> None:
    generator = torch.Generator().manual_seed(0)
    hidden = torch.randn(1100, 24, generator=generator, requires_grad=True)
    weight = torch.randn(90, 24, generator=generator, requires_grad=True)
    targets = torch.randint(0, 90, (1100,), generator=generator)
    plain = torch.nn.functional.cross_entropy(hidden @ weight.T, targets)
    wanted = torch.autograd.grad(plain, (hidden, weight))
    loss = ChunkedCrossEntropy.apply(hidden, weight, targets)
    got = torch.autograd.grad(loss, (hidden, weight))
    assert loss.item() == pytest.approx(plain.item(), rel=1e-5)
    for one, other in zip(got, wanted, strict=True):
        assert torch.allclose(one, other, rtol=1e-4, atol=1e-6)


@pytest.fixture(scope="module")
def corpus() -> tuple[list[CorpusDocument], list[CorpusDocument]]:
    return split_held_out(_documents(120))


def test_training_learns_repeats_itself_and_goes_on(
    corpus: tuple[list[CorpusDocument], list[CorpusDocument]], tmp_path: Path
) -> None:
    documents, held_out = corpus
    tokenizer = train_tokenizer([d.text for d in documents], 300)
    assert tokenizer.token_to_id(BOS) == 0
    recipe = Recipe(layers=1, width=32, heads=2, context=32, vocabulary=300, rows_per_step=4, tokens=6400)
    lines: list[Progress] = []

    def run(name: str, recipe: Recipe = recipe) -> tuple[torch.nn.Module, float]:
        model, done = train(documents, held_out, tokenizer, {}, recipe, tmp_path / name, lines.append)
        return model, done.held_out_loss

    model, loss = run("one.pt")
    # the words come at random: no model gets below ln 16 a word, an untrained one starts at ln 300 a token
    assert loss < 4.5
    assert lines[-1].share == 1
    again, _ = run("two.pt")
    resumed, resumed_loss = run("one.pt")
    assert resumed_loss == loss
    for parameter, other, third in zip(
        model.parameters(), again.parameters(), resumed.parameters(), strict=True
    ):
        assert torch.equal(parameter, other)
        assert torch.equal(parameter, third)
    with pytest.raises(ValueError, match="another recipe"):
        run("one.pt", msgspec.structs.replace(recipe, width=64))
