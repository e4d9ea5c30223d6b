"""Text for training: read, held out, tokenized, weighted, and cut into rows, all decided by hashes of ids."""

import math
from collections.abc import Iterable, Mapping, Sequence

import msgspec
import numpy as np
import xxhash
from numpy.typing import NDArray
from tokenizers import Regex, Tokenizer, decoders, models, normalizers, pre_tokenizers, trainers

from wellspring.signals.stats.hashing import stable_hash

BOS = "<|endoftext|>"
_MAX_HASH = 2**64


class SmallCorpusError(ValueError):
    """There is too little text to train on; one line."""


class CorpusDocument(msgspec.Struct, frozen=True):
    """One document of the corpus; `register` is the name of the file it came from."""

    register: str
    id: str
    text: str


def split_held_out(
    documents: Sequence[CorpusDocument], share: float = 0.02
) -> tuple[list[CorpusDocument], list[CorpusDocument]]:
    """(training, held out): of every register `share` of its works, at least one, chosen by hash.

    A work is what comes before `#` in the id: pieces of one long document stay on one side.
    """
    works: dict[str, set[str]] = {}
    for document in documents:
        works.setdefault(document.register, set()).add(_work(document.id))
    held: set[tuple[str, str]] = set()
    for register, names in works.items():
        ranked = sorted(names, key=lambda name: (_hash("held-out", name), name))
        held.update((register, name) for name in ranked[: math.ceil(share * len(ranked))])
    training = [d for d in documents if (d.register, _work(d.id)) not in held]
    held_out = [d for d in documents if (d.register, _work(d.id)) in held]
    return training, held_out


def train_tokenizer(texts: Iterable[str], vocabulary: int) -> Tokenizer:
    """A byte-level BPE with GPT-2's pre-tokenizer, `<|endoftext|>` as token 0.

    White space is folded to single spaces by its normalizer: crawl text differs from books in its
    line ends, and a scorer should not see that.
    """
    tokenizer = Tokenizer(models.BPE())
    tokenizer.normalizer = normalizers.Sequence(
        [normalizers.Replace(Regex(r"\s+"), " "), normalizers.Strip()]
    )
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    tokenizer.decoder = decoders.ByteLevel()
    trainer = trainers.BpeTrainer(
        vocab_size=vocabulary,
        special_tokens=[BOS],
        initial_alphabet=pre_tokenizers.ByteLevel.alphabet(),
        show_progress=False,
    )
    tokenizer.train_from_iterator(texts, trainer)
    return tokenizer


def weighted(
    documents: Sequence[CorpusDocument], weights: Mapping[str, float], seed: int, epoch: int
) -> list[CorpusDocument]:
    """The documents of one epoch: each int(weight) times, and once more by hash for the rest.

    Registers that `weights` doesn't name weigh 1.
    """
    chosen = []
    for document in documents:
        weight = weights.get(document.register, 1.0)
        extra = _hash("weight", seed, epoch, document.id) < (weight % 1) * _MAX_HASH
        chosen.extend([document] * (int(weight) + extra))
    return chosen


def epoch_rows(
    encoded: Sequence[tuple[str, NDArray[np.int32]]], context: int, bos: int, seed: int, epoch: int
) -> NDArray[np.int32]:
    """One epoch as rows of context + 1 tokens, shape (rows, context + 1), in hash order.

    Three rows in four begin with BOS, since that is how a document is scored; the others begin in
    the middle, as later windows of a long document do. The rests of documents are packed into rows
    of their own, BOS between them.
    """
    rows: list[NDArray[np.int32]] = []
    rests: list[NDArray[np.int32]] = []
    start = np.array([bos], dtype=np.int32)
    for copy, (name, ids) in enumerate(encoded):
        # another cut in each epoch: the same text is not seen at the same positions again
        cut = _hash("cut", seed, epoch, copy, name) % context
        rests.append(np.concatenate([start, ids[:cut]]))
        while len(ids) - cut >= context + 1:
            if _hash("bos", seed, epoch, copy, name, cut) % 4:
                rows.append(np.concatenate([start, ids[cut : cut + context]]))
                cut += context
            else:
                rows.append(ids[cut : cut + context + 1])
                cut += context + 1
        rests.append(np.concatenate([start, ids[cut:]]))
    rests.sort(key=lambda rest: xxhash.xxh3_64_intdigest(rest.tobytes(), seed))
    packed = np.concatenate(rests) if rests else np.empty(0, dtype=np.int32)
    whole = len(packed) // (context + 1)
    rows.extend(packed[: whole * (context + 1)].reshape(whole, context + 1))
    if not rows:
        raise SmallCorpusError(f"the corpus has less than one row of {context + 1} tokens")
    order = sorted(range(len(rows)), key=lambda row: (_hash("row", seed, epoch, row), row))
    return np.stack([rows[row] for row in order])


def _work(document_id: str) -> str:
    return document_id.partition("#")[0]


def _hash(kind: str, *parts: object) -> int:
    return stable_hash("\0".join(map(str, parts)), kind)
