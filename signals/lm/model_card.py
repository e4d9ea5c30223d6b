"""Publishing a trained scorer: its files, and a model card with figures measured on those files."""

import platform
import re
import time
from collections.abc import Mapping, Sequence
from pathlib import Path

import msgspec
import numpy as np
import torch
from tokenizers import Tokenizer
from transformers import GPT2LMHeadModel
from transformers.utils import logging

from wellspring.schemas.encoding import json_bytes
from wellspring.signals.lm.scorer import Scorer, Unscorable
from wellspring.signals.lm.tokenization import load_tokenizer
from wellspring.signals.lm.training import Recipe, Training
from wellspring.signals.lm.training_text import BOS, CorpusDocument


class HeldOut(msgspec.Struct, frozen=True, kw_only=True):
    """How well a scorer predicts text that it never saw, by register, and how fast it was."""

    bits_per_byte: dict[str, float]
    perplexity: dict[str, float]
    documents: dict[str, int]
    tokens_per_second: float


def save(folder: Path, model: GPT2LMHeadModel, tokenizer: Tokenizer, context: int) -> None:
    """Writes config, weights (safetensors, bfloat16) and tokenizer: all that a scorer loads.

    bfloat16 halves the files and costs nothing: training's forward passes saw the weights rounded to it.
    """
    folder.mkdir(parents=True, exist_ok=True)
    logging.disable_progress_bar()
    model.bfloat16().save_pretrained(folder)
    (folder / "model.safetensors").chmod(0o644)  # safetensors makes it the owner's alone
    (folder / "generation_config.json").unlink(missing_ok=True)
    tokenizer.save(str(folder / "tokenizer.json"))
    settings = {
        "tokenizer_class": "PreTrainedTokenizerFast",
        "bos_token": BOS,
        "eos_token": BOS,
        "model_max_length": context,
    }
    (folder / "tokenizer_config.json").write_bytes(json_bytes(settings) + b"\n")


def measure(folder: Path, held_out: Sequence[CorpusDocument]) -> HeldOut:
    """Scores held-out documents with the published files, as a pipeline would."""
    scorer = Scorer.load(str(folder))
    ids = load_tokenizer(str(folder)).encode_batch([document.text for document in held_out])
    sizes = [len(document.text.encode()) for document in held_out]
    scorer.score(ids[:8], sizes[:8])
    began = time.perf_counter()
    scored = scorer.score(ids, sizes)
    seconds = time.perf_counter() - began
    nll: dict[str, float] = {}
    tokens: dict[str, int] = {}
    count: dict[str, int] = {}
    size: dict[str, int] = {}
    for document, signals, document_bytes in zip(held_out, scored, sizes, strict=True):
        if isinstance(signals, Unscorable):
            continue
        for register in (document.register, "all"):
            nll[register] = nll.get(register, 0.0) + signals.nll
            tokens[register] = tokens.get(register, 0) + signals.scored_tokens
            size[register] = size.get(register, 0) + document_bytes
            count[register] = count.get(register, 0) + 1
    return HeldOut(
        bits_per_byte={name: nll[name] / np.log(2).item() / size[name] for name in sorted(nll)},
        perplexity={name: float(np.exp(nll[name] / tokens[name])) for name in sorted(nll)},
        documents=dict(sorted(count.items())),
        tokens_per_second=tokens["all"] / seconds,
    )


def write_card(
    folder: Path,
    recipe: Recipe,
    done: Training,
    weights: Mapping[str, float],
    documents: Sequence[CorpusDocument],
    held_out: HeldOut,
    corpus_notes: str,
) -> None:
    """README.md of the model. `corpus_notes` (origin and licences of the text) is quoted as it is."""
    words: dict[str, int] = {}
    for document in documents:
        words[document.register] = words.get(document.register, 0) + document.text.count(" ") + 1
    rows = [
        f"| {name} | {words.get(name, 0):,} | {weights.get(name, 1.0):g} | {held_out.documents[name]} "
        f"| {held_out.bits_per_byte[name]:.3f} | {held_out.perplexity[name]:.0f} |"
        for name in held_out.bits_per_byte
        if name != "all"
    ]
    megabytes = sum(path.stat().st_size for path in folder.iterdir() if path.name != "README.md") / 1e6
    parameters = _parameters(folder)
    table = "\n".join(rows)
    start = f" It went on from `{Path(recipe.start).name}`." if recipe.start else ""
    # their headings become subsections of the card's
    notes = re.sub(r"^#", "###", corpus_notes.strip(), flags=re.MULTILINE) or "Not stated."
    text = f"""# {folder.name}: a small causal LM that scores English text

Written by `wellspring train-reference`. It measures text; it is not meant to write any.{start}

- Shape: GPT-2, {recipe.layers} layers, width {recipe.width}, {recipe.heads} heads, context \
{recipe.context}, {parameters / 1e6:.1f}M parameters, head tied to the embeddings.
- Tokenizer: byte-level BPE, {recipe.vocabulary} tokens, GPT-2's pre-tokenizer; white space is folded to \
single spaces; `{BOS}` (id 0) stands before every document.
- Files: {megabytes:.1f} MB, weights in bfloat16 (safetensors).
- Training: {done.tokens:,} tokens in {done.steps:,} steps and {done.seconds / 60:.0f} minutes on a CPU \
shared with other work, bfloat16 autocast, seed {recipe.seed}, rows of {recipe.context} tokens, \
{recipe.rows_per_step} a step; Muon (rate {recipe.matrix_rate:g}) and AdamW ({recipe.other_rate:g}), \
warm-up, then cosine to zero.
- Speed: {held_out.tokens_per_second:,.0f} tokens/s, all signals, long documents in overlapping windows, \
{torch.get_num_threads()} threads ({platform.machine()}, {torch.backends.cpu.get_cpu_capability()}), \
measured once by the job at its end.

## What it was trained on, and how well it predicts text it never saw

Held out: by hash of the work's name, 2% of each register and at least one work. Few documents: the figures \
of small registers are rough.

| register | words trained on | weight | held-out documents | bits per byte | perplexity |
|---|---|---|---|---|---|
{table}
| **all** | {sum(words.values()):,} | | {held_out.documents["all"]} | {held_out.bits_per_byte["all"]:.3f} \
| {held_out.perplexity["all"]:.0f} |

A register of weight w is seen w times as often as one of weight 1.

## What it is not good for

- Any language but English, code, tables, poetry, chat: it has hardly seen them and calls them surprising.
- Telling machine text from human text by perplexity alone. A model this small finds informal human text as \
surprising as polished machine text; thresholds that were published for large models do not carry over. \
Calibrate on text of your own kind; spread and rhythm of surprisal carry over better than its mean.
- Texts of fewer than 50 tokens, and names, numbers and facts of any time: it knows next to none.
- Writing. It was trained for minutes, on edited prose, and says whatever follows.

## Origin and licences of the text

{notes}
"""
    (folder / "README.md").write_text(text, encoding="utf-8")


def _parameters(folder: Path) -> int:
    from safetensors import safe_open

    with safe_open(folder / "model.safetensors", framework="numpy") as file:
        return sum(int(np.prod(file.get_slice(key).get_shape())) for key in file.keys())  # noqa: SIM118
