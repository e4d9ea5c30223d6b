"""Tiny causal LMs with random weights, and a plain reference for what a scorer should say of them."""

import json
import math
from pathlib import Path

import numpy as np
import tokenizers
import torch
from numpy.typing import NDArray
from scipy import stats
from tokenizers import decoders, models, pre_tokenizers
from transformers import (
    GPT2Config,
    GPT2LMHeadModel,
    GPTNeoXConfig,
    GPTNeoXForCausalLM,
    LlamaConfig,
    LlamaForCausalLM,
    PreTrainedModel,
)

VOCABULARY = 500
CONTEXT = 64
SHAPES = ("gpt2", "llama", "neox")


def write_model(folder: Path, shape: str, seed: int = 0, bos: str | None = "<|endoftext|>") -> Path:
    """A model folder: config, safetensors and a tokenizer whose token 0 is `<|endoftext|>`.

    The weights are scaled so that predictions are neither flat nor certain.
    """
    torch.manual_seed(seed)
    model = _model(shape)
    with torch.no_grad():
        for parameter in model.parameters():
            parameter.mul_(4 if parameter.ndim == 2 else 1)
        model.get_output_embeddings().weight.mul_(3)
    model.save_pretrained(folder)
    alphabet = sorted(pre_tokenizers.ByteLevel.alphabet())
    vocabulary = {"<|endoftext|>": 0} | {letter: i for i, letter in enumerate(alphabet, 1)}
    tokenizer = tokenizers.Tokenizer(models.BPE(vocab=vocabulary, merges=[]))
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    tokenizer.decoder = decoders.ByteLevel()
    tokenizer.add_special_tokens(["<|endoftext|>"])
    tokenizer.save(str(folder / "tokenizer.json"))
    (folder / "tokenizer_config.json").write_text(json.dumps({"bos_token": bos}))
    return folder


def _model(shape: str) -> PreTrainedModel:
    sizes = {"vocab_size": VOCABULARY, "bos_token_id": 0, "eos_token_id": 0}
    llama_sizes = {
        "hidden_size": 32,
        "num_hidden_layers": 2,
        "num_attention_heads": 4,
        "intermediate_size": 64,
        "max_position_embeddings": CONTEXT,
    }
    if shape == "gpt2":
        config = GPT2Config(n_embd=32, n_layer=2, n_head=4, n_positions=CONTEXT, **sizes)
        return GPT2LMHeadModel(config)
    if shape == "llama":
        return LlamaForCausalLM(LlamaConfig(num_key_value_heads=2, **llama_sizes, **sizes))
    return GPTNeoXForCausalLM(GPTNeoXConfig(**llama_sizes, **sizes))


def documents(lengths: list[int], seed: int = 1) -> list[NDArray[np.int32]]:
    """Random token ids of these lengths."""
    generator = np.random.default_rng(seed)
    return [generator.integers(1, VOCABULARY, length).astype(np.int32) for length in lengths]


def reference(
    model: PreTrainedModel, ids: NDArray[np.int32], bos: int | None, window: int, stride: int, size: int
) -> dict[str, float | None]:
    """Every signal of one document by full float32 logits, one window at a time, one token at a time."""
    sequence = ([] if bos is None else [bos]) + ids.tolist()
    surprisal, entropy, variance, rank = [], [], [], []
    start = 0
    while len(surprisal) < len(sequence) - 1:
        part = sequence[start : start + window + 1]
        with torch.no_grad():
            logits = model(torch.tensor([part[:window]])).logits[0].double().numpy()
        for position in range(len(surprisal) - start, len(part) - 1):
            row, token = logits[position], part[position + 1]
            log_p = row - row.max() - math.log(np.exp(row - row.max()).sum())
            p = np.exp(log_p)
            surprisal.append(-log_p[token])
            entropy.append(-(p * log_p).sum())
            variance.append((p * log_p**2).sum() - (p * log_p).sum() ** 2)
            rank.append(1 + int((row > row[token]).sum()))
        start += stride
    s = np.array(surprisal)
    n = len(s)
    centred = s - s.mean()
    varied = n >= 3
    return {
        "scored_tokens": n,
        "nll": s.sum(),
        "perplexity": math.exp(s.mean()),
        "bits_per_byte": s.sum() / math.log(2) / size,
        "log_rank": np.log(rank).mean(),
        "lrr": s.sum() / np.log(rank).sum() if max(rank) > 1 else None,
        "predictive_entropy": np.mean(entropy),
        "curvature": (np.sum(entropy) - s.sum()) / math.sqrt(np.sum(variance)),
        "surprisal_variance": np.var(s) if n >= 2 else None,
        "surprisal_skewness": stats.skew(s) if varied else None,
        "surprisal_kurtosis": stats.kurtosis(s) if varied else None,
        "surprisal_autocorrelation": np.dot(centred[1:], centred[:-1]) / np.dot(centred, centred)
        if varied
        else None,
        "surprisal_difference_variance": np.var(np.diff(s)) if varied else None,
        "min_k": -np.mean(np.sort(s)[-max(n // 5, 1) :]),
        "top_10_share": np.mean(np.array(rank) <= 10),
        "top_100_share": np.mean(np.array(rank) <= 100),
    }
