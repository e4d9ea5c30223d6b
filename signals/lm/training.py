"""Training a small causal LM and its tokenizer from text, on a CPU, in a fixed budget.

The recipe is for models that see less than a few epochs: Muon (orthogonalised momentum, Jordan
et al. 2024) on the hidden matrices and AdamW on the rest, a short warm-up, cosine to nothing,
bfloat16 autocast, and a head whose logits exist only chunk by chunk. What is seen, in which order,
is a function of (seed, document id): two runs with a budget in tokens see the same rows.

This module imports torch: import it where training happens, not where `--help` is read.
"""

import math
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path

import msgspec
import numpy as np
import torch
from numpy.typing import NDArray
from tokenizers import Tokenizer
from transformers import GPT2Config, GPT2LMHeadModel

from wellspring.signals.lm.training_text import BOS, CorpusDocument, epoch_rows, weighted


class Recipe(msgspec.Struct, frozen=True, kw_only=True):
    """What decides a trained model, apart from the corpus and the hardware.

    The budget is `tokens` where given (then the result depends on nothing but the recipe, the
    corpus and the machine's arithmetic), else `minutes` of wall clock.
    """

    layers: int = 4
    width: int = 256
    heads: int = 4
    context: int = 512
    vocabulary: int = 8192
    rows_per_step: int = 8
    matrix_rate: float = 0.007
    """Peak learning rate of the hidden matrices (Muon, RMS-matched to AdamW)."""
    other_rate: float = 0.004
    """Peak learning rate of embeddings, biases and norms (AdamW)."""
    weight_decay: float = 0.05
    warm_up: float = 0.02
    """Share of the budget over which the rates rise from nothing."""
    minutes: float = 30.0
    tokens: int | None = None
    seed: int = 7
    start: str | None = None
    """Folder of a trained model to go on from: its weights, tokenizer and shape, gentler rates."""


class Progress(msgspec.Struct, frozen=True, kw_only=True):
    """One line of progress: losses in mean nats per token, null where there is none yet; `share` in 0..1."""

    step: int
    tokens: int
    seconds: float
    share: float
    loss: float | None
    held_out_loss: float | None


class Training(msgspec.Struct, frozen=True, kw_only=True):
    """What a finished training did: for the model card."""

    steps: int
    tokens: int
    seconds: float
    held_out_loss: float


def train(
    documents: Sequence[CorpusDocument],
    held_out: Sequence[CorpusDocument],
    tokenizer: Tokenizer,
    weights: Mapping[str, float],
    recipe: Recipe,
    checkpoint: Path,
    report: Callable[[Progress], None],
) -> tuple[GPT2LMHeadModel, Training]:
    """The trained model (float32) and what was done; goes on from `checkpoint` where that exists.

    A checkpoint is written every two minutes and at the end, by rename, and refused (ValueError)
    if it was made with another recipe.
    """
    bos = tokenizer.token_to_id(BOS)
    if bos is None:
        raise ValueError(f"the tokenizer has no {BOS}")
    ids_of = _encode(tokenizer, documents)
    held_ids = sorted(_encode(tokenizer, held_out).items())

    def rows_of(epoch: int) -> NDArray[np.int32]:
        chosen = weighted(documents, weights, recipe.seed, epoch)
        encoded = [(document.id, ids_of[document.id]) for document in chosen]
        return epoch_rows(encoded, recipe.context, bos, recipe.seed, epoch)

    held_rows = epoch_rows(held_ids, recipe.context, bos, 0, 0)
    return train_on_rows(rows_of, held_rows, bos, recipe, checkpoint, report)


def train_on_rows(
    rows_of: Callable[[int], NDArray[np.int32]],
    held_rows: NDArray[np.int32],
    bos: int,
    recipe: Recipe,
    checkpoint: Path | None,
    report: Callable[[Progress], None],
) -> tuple[GPT2LMHeadModel, Training]:
    """`train`, of text that is tokenized already.

    Args:
        rows_of: the rows of an epoch (0, 1, ...), each of context + 1 tokens, in the order they are seen.
        held_rows: rows of text that isn't trained on; 64 of them measure the loss.
        checkpoint: None writes none.
    """
    torch.manual_seed(recipe.seed)
    held = torch.from_numpy(held_rows[:64]).long()
    model = new_model(recipe, bos) if recipe.start is None else _started(recipe.start)
    optimizers = _optimizers(model, recipe)
    step, tokens, epoch, position, seconds = 0, 0, 0, 0, 0.0
    if checkpoint is not None and checkpoint.exists():
        state = torch.load(checkpoint, weights_only=True)
        if state["recipe"] != msgspec.json.encode(recipe).decode():
            raise ValueError(f"{checkpoint} was made with another recipe: remove it, or use that one")
        model.load_state_dict(state["model"])
        for optimizer, saved in zip(optimizers, state["optimizers"], strict=True):
            optimizer.load_state_dict(saved)
        step, tokens, epoch, position = state["at"]
        seconds = state["seconds"]

    def save() -> None:
        if checkpoint is None:
            return
        state = {
            "recipe": msgspec.json.encode(recipe).decode(),
            "model": model.state_dict(),
            "optimizers": [optimizer.state_dict() for optimizer in optimizers],
            "at": (step, tokens, epoch, position),
            "seconds": seconds,
        }
        torch.save(state, checkpoint.with_suffix(".tmp"))
        checkpoint.with_suffix(".tmp").rename(checkpoint)

    def share_done() -> float:
        return tokens / recipe.tokens if recipe.tokens else seconds / (60 * recipe.minutes)

    began, saved_at, reported_at = time.monotonic() - seconds, seconds, seconds
    losses: list[float] = []
    model.train()
    while share_done() < 1:
        for batch in _batches(rows_of(epoch), recipe.rows_per_step, position):
            share = share_done()
            if share >= 1:
                break
            _set_rates(optimizers, _rate_factor(share, recipe.warm_up))
            losses.append(_step(model, optimizers, batch))
            step, position = step + 1, position + len(batch)
            tokens += batch.shape[0] * (batch.shape[1] - 1)
            seconds = time.monotonic() - began
            if seconds - reported_at >= 30:
                report(_progress(step, tokens, seconds, share_done(), losses, None))
                reported_at, losses = seconds, []
            if seconds - saved_at >= 120:
                save()
                saved_at = seconds
        else:
            epoch, position = epoch + 1, 0
    model.eval()
    held_out_loss = _held_out_loss(model, held)
    report(_progress(step, tokens, seconds, 1.0, losses, held_out_loss))
    save()
    return model, Training(steps=step, tokens=tokens, seconds=seconds, held_out_loss=held_out_loss)


def going_on_from(folder: str, recipe: Recipe) -> Recipe:
    """The recipe for more training of the model in `folder`: its shape, and a third of the rates.

    Raises OSError where there is no such model.
    """
    config = GPT2Config.from_pretrained(folder, local_files_only=True)
    return msgspec.structs.replace(
        recipe,
        start=folder,
        layers=config.n_layer,
        width=config.n_embd,
        heads=config.n_head,
        context=config.n_positions,
        vocabulary=config.vocab_size,
        matrix_rate=recipe.matrix_rate / 3,
        other_rate=recipe.other_rate / 3,
    )


def new_model(recipe: Recipe, bos: int) -> GPT2LMHeadModel:
    """A GPT-2-shaped model with random weights (torch's seed), head tied to the embeddings."""
    config = GPT2Config(
        vocab_size=recipe.vocabulary,
        n_positions=recipe.context,
        n_embd=recipe.width,
        n_layer=recipe.layers,
        n_head=recipe.heads,
        # transformers' default, gelu_new, is the same function in five unfused operations
        activation_function="gelu_pytorch_tanh",
        resid_pdrop=0.0,
        embd_pdrop=0.0,
        attn_pdrop=0.0,
        bos_token_id=bos,
        eos_token_id=bos,
        use_cache=False,
    )
    return GPT2LMHeadModel(config)


def _started(folder: str) -> GPT2LMHeadModel:
    model: GPT2LMHeadModel = GPT2LMHeadModel.from_pretrained(
        folder, dtype=torch.float32, use_safetensors=True, local_files_only=True
    )
    return model


class ChunkedCrossEntropy(torch.autograd.Function):
    """Mean cross-entropy (nats) of a linear head, its gradients made chunk by chunk on the way.

    `apply(hidden (n, width), weight (vocabulary, width), targets (n,))`. The logits of the whole
    batch would be n * vocabulary float32 numbers, read and written several times; a chunk of them
    stays in the cache.
    """

    CHUNK = 512

    @staticmethod
    def forward(ctx, hidden, weight, targets):  # type: ignore[no-untyped-def]
        head = weight.to(hidden.dtype)
        hidden_gradient = torch.empty_like(hidden)
        weight_gradient = torch.zeros_like(weight)
        total = torch.zeros((), dtype=torch.float64)
        for first in range(0, len(hidden), ChunkedCrossEntropy.CHUNK):
            part = slice(first, first + ChunkedCrossEntropy.CHUNK)
            logits = (hidden[part] @ head.T).float()
            target = targets[part, None]
            true_logits = logits.gather(1, target)
            log_sum = logits.logsumexp(1, keepdim=True)
            total += (log_sum - true_logits).sum(dtype=torch.float64)
            gradient = logits.sub_(log_sum).exp_()
            gradient.scatter_add_(1, target, torch.full_like(true_logits, -1.0))
            gradient = gradient.mul_(1 / len(hidden)).to(hidden.dtype)
            hidden_gradient[part] = gradient @ head
            weight_gradient += gradient.T @ hidden[part]
        ctx.save_for_backward(hidden_gradient, weight_gradient)
        return (total / len(hidden)).float()

    @staticmethod
    def backward(ctx, gradient):  # type: ignore[no-untyped-def]
        hidden_gradient, weight_gradient = ctx.saved_tensors
        return hidden_gradient * gradient, weight_gradient * gradient, None


def _step(model: GPT2LMHeadModel, optimizers: Sequence[torch.optim.Optimizer], batch: torch.Tensor) -> float:
    loss = _loss(model, batch)
    loss.backward()
    torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
    for optimizer in optimizers:
        optimizer.step()
        optimizer.zero_grad(set_to_none=True)
    return float(loss.detach())


def _loss(model: GPT2LMHeadModel, batch: torch.Tensor) -> torch.Tensor:
    with torch.autocast("cpu", dtype=torch.bfloat16):
        hidden = model.transformer(batch[:, :-1]).last_hidden_state
    hidden = hidden.reshape(-1, hidden.shape[-1]).bfloat16()
    return ChunkedCrossEntropy.apply(hidden, model.lm_head.weight, batch[:, 1:].reshape(-1))


@torch.no_grad()
def _held_out_loss(model: GPT2LMHeadModel, rows: torch.Tensor) -> float:
    parts = rows.split(16)
    return float(sum(float(_loss(model, part)) * len(part) for part in parts) / len(rows))


def _optimizers(model: GPT2LMHeadModel, recipe: Recipe) -> list[torch.optim.Optimizer]:
    hidden = [p for name, p in model.named_parameters() if ".h." in name and p.ndim == 2]
    tables = [p for name, p in model.named_parameters() if ".h." not in name and p.ndim == 2]
    vectors = [p for p in model.parameters() if p.ndim < 2]
    return [
        torch.optim.Muon(
            hidden,
            lr=recipe.matrix_rate,
            weight_decay=recipe.weight_decay,
            adjust_lr_fn="match_rms_adamw",
        ),
        torch.optim.AdamW(
            [
                {"params": tables, "weight_decay": recipe.weight_decay},
                {"params": vectors, "weight_decay": 0.0},
            ],
            lr=recipe.other_rate,
            betas=(0.9, 0.98),
        ),
    ]


def _rate_factor(share: float, warm_up: float) -> float:
    """Share of the peak rate at that share of the budget: linear up, cosine down to 0."""
    if share < warm_up:
        return max(share / warm_up, 0.01)
    return 0.5 * (1 + math.cos(math.pi * min((share - warm_up) / (1 - warm_up), 1.0)))


def _set_rates(optimizers: Sequence[torch.optim.Optimizer], factor: float) -> None:
    for optimizer in optimizers:
        for group in optimizer.param_groups:
            group["lr"] = factor * group.setdefault("peak", group["lr"])


def _batches(rows: NDArray[np.int32], rows_per_step: int, position: int) -> Iterator[torch.Tensor]:
    for first in range(position, len(rows), rows_per_step):
        yield torch.from_numpy(rows[first : first + rows_per_step]).long()


def _encode(tokenizer: Tokenizer, documents: Sequence[CorpusDocument]) -> dict[str, NDArray[np.int32]]:
    ids: dict[str, NDArray[np.int32]] = {}
    for first in range(0, len(documents), 256):
        part = documents[first : first + 256]
        encodings = tokenizer.encode_batch_fast([d.text for d in part], add_special_tokens=False)
        ids.update(
            (document.id, np.array(encoding.ids, dtype=np.int32))
            for document, encoding in zip(part, encodings, strict=True)
        )
    return ids


def _progress(
    step: int, tokens: int, seconds: float, share: float, losses: Sequence[float], held_out: float | None
) -> Progress:
    loss = sum(losses) / len(losses) if losses else None
    return Progress(step=step, tokens=tokens, seconds=seconds, share=share, loss=loss, held_out_loss=held_out)
