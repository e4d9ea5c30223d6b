"""Training on a toy corpus: that it learns, that it goes on where it stopped."""

from pathlib import Path

import msgspec
import pytest
import torch

from tests.signals.toy_documents import toy_documents
from wellspring.signals.lm.training import ChunkedCrossEntropy, Progress, Recipe, train
from wellspring.signals.lm.training_text import BOS, CorpusDocument, split_held_out, train_tokenizer


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
    return split_held_out(toy_documents(120))


@pytest.mark.slow
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
