"""Text sampled from a scorer's model: machine text whose model is known, the same for a seed everywhere."""

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from wellspring.signals.lm.scorer import Scorer
from wellspring.signals.lm.tokenization import load_tokenizer
from wellspring.signals.stats.hashing import stable_hash

ROWS = 128
"""Texts drawn side by side, always: a text's arithmetic does not depend on how many are asked for."""


def sample_texts(scorer: Scorer, count: int, seed: int, tokens: int = 250) -> list[str]:
    """`count` texts of `tokens` tokens, drawn at temperature 1; text i depends on (seed, i) alone."""
    texts: list[str] = []
    tokenizer = load_tokenizer(scorer.fingerprint.model)
    for first in range(0, count, ROWS):
        ids = sample(scorer, range(first, first + ROWS), seed, tokens)[: count - first]
        texts.extend(tokenizer.decode_batch(list(ids)))
    return [text.strip() for text in texts]


def sample(scorer: Scorer, indices: Sequence[int], seed: int, tokens: int) -> NDArray[np.int32]:
    """Token ids, shape (len(indices), tokens), drawn at temperature 1 after BOS; BOS itself is never drawn.

    Row i is decided by (seed, indices[i]) and the model, through the inverse of its distribution
    function: no generator has a state. Raises ValueError for a scorer without BOS, or for more tokens
    than its window holds.
    """
    import torch

    if scorer.bos_id is None:
        raise ValueError(f"{scorer.fingerprint.model} has no BOS token to begin a text with")
    if not 1 <= tokens <= scorer.fingerprint.window:
        raise ValueError(f"{tokens} tokens: the window holds 1..{scorer.fingerprint.window}")
    draws = np.array([[_uniform(seed, index, at) for at in range(tokens)] for index in indices])
    model: Any = scorer.model
    ids = np.empty((len(indices), tokens), dtype=np.int32)
    step = torch.full((len(indices), 1), scorer.bos_id, device=model.device)
    past = None
    with torch.inference_mode():
        for at in range(tokens):
            out = model(step, past_key_values=past, use_cache=True)
            past = out.past_key_values
            logits = out.logits[:, -1].float()
            logits[:, scorer.bos_id] = -torch.inf
            cumulative = logits.softmax(1).cumsum(1, dtype=torch.float64)
            drawn = torch.from_numpy(draws[:, at, None]).to(cumulative) * cumulative[:, -1:]
            step = torch.searchsorted(cumulative, drawn, right=True).clamp_(max=cumulative.shape[1] - 1)
            ids[:, at] = step[:, 0].cpu().numpy()
    return ids


def _uniform(seed: int, index: int, position: int) -> float:
    """In [0, 1)."""
    return (stable_hash(f"{index}\0{position}", f"sample\0{seed}") >> 11) / 2**53
