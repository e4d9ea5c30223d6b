"""A causal LM on the items of a tail benchmark: which of two words it prefers, and how two models differ."""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from wellspring.schemas.tail_benchmark import (
    KINDS,
    SETS,
    Comparison,
    Discordant,
    Interval,
    SetAccuracy,
    TailItem,
    TestedInterval,
)
from wellspring.signals.lm.model_folder import ModelError
from wellspring.signals.lm.scorer import Scorer
from wellspring.signals.lm.tokenization import Tokenizer
from wellspring.signals.stats.paired_tests import DocumentDraws, Drawn, judged, mcnemar, mean_of

_AT_ONCE = 512


class Sequences(NamedTuple):
    """An item for one tokenizer: ids of the context with each choice, and from where these are scored."""

    ids: tuple[NDArray[np.int32], NDArray[np.int32]]
    start: int


def margins(items: Sequence[TailItem], scorer: Scorer, tokenizer: Tokenizer) -> NDArray[np.float64]:
    """Log probability per byte (nats) of each item's true word less that of its distractor, shape (items,).

    The score of a word is the sum of ln p of its tokens over its UTF-8 bytes, the space before it among
    the tokens but not the bytes (as in lm-evaluation-harness' `acc_bytes`).

    Raises:
        ModelError: the tokenizer makes ids that the model lacks, or the model gives no finite number.
    """
    result = np.empty(len(items))
    for first in range(0, len(items), _AT_ONCE):
        part = items[first : first + _AT_ONCE]
        sequences = encode(part, tokenizer)
        surprisals = scorer.surprisals([ids for each in sequences for ids in each.ids])
        for index, (item, each) in enumerate(zip(part, sequences, strict=True)):
            scores = []
            for choice, ids, surprisal in zip(
                item.choices, each.ids, surprisals[2 * index : 2 * index + 2], strict=True
            ):
                missing = len(ids) - len(surprisal)  # without a BOS the first token has no score
                if len(ids) and missing == len(ids):
                    raise ModelError(_unscorable(scorer, tokenizer))
                scores.append(-float(surprisal[max(each.start - missing, 0) :].sum(dtype=np.float64)))
                scores[-1] /= len(choice.encode())
            result[first + index] = scores[item.answer] - scores[1 - item.answer]
    return result


def encode(items: Sequence[TailItem], tokenizer: Tokenizer) -> list[Sequences]:
    """Context and choice are encoded as one text, as the model knows it, never apart.

    Where the choice begins: after the tokens that the context alone has in common with both texts. A
    token over the boundary is so part of what is scored, for both choices alike, and what is scored of
    the context is the same text for both.
    """
    texts = [
        text
        for item in items
        for text in (item.context, *(f"{item.context} {choice}" for choice in item.choices))
    ]
    encoded = tokenizer.encode_batch(texts)
    result = []
    for index in range(0, len(encoded), 3):
        context, one, other = encoded[index : index + 3]
        result.append(Sequences((one, other), min(_common(context, one), _common(context, other))))
    return result


def _common(one: NDArray[np.int32], other: NDArray[np.int32]) -> int:
    """How many first ids two sequences share."""
    length = min(len(one), len(other))
    differ = np.flatnonzero(one[:length] != other[:length])
    return int(differ[0]) if len(differ) else length


def _unscorable(scorer: Scorer, tokenizer: Tokenizer) -> str:
    name = scorer.fingerprint.model
    known = int(scorer.model.get_output_embeddings().weight.shape[0])  # type: ignore[operator]
    if tokenizer.vocab_size > known:
        return (
            f"{name}: its tokenizer makes ids up to {tokenizer.vocab_size - 1}, the model has "
            f"0..{known - 1}: not the tokenizer it was trained with"
        )
    return f"{name}: the model gives NaN or infinity, or an item does not fit into memory"


def accuracies(
    items: Sequence[TailItem], right: NDArray[np.bool_], draws: DocumentDraws
) -> dict[str, SetAccuracy]:
    """By set; one without items is left out.

    Args:
        right: which items the model has right. draws: of the items' documents.
    """
    values = right.astype(np.float64)
    result: dict[str, SetAccuracy] = {}
    for name in SETS:
        of_set = np.array([item.set == name for item in items])
        value = mean_of(values, of_set)
        if value is None:
            continue
        kinds = {
            kind: mean_of(values, np.array([item.set == name and item.kind == kind for item in items]))
            for kind in KINDS
        }
        drawn = judged(value, draws.mean(values, of_set), draws.documents)
        result[name] = SetAccuracy(
            items=int(of_set.sum()),
            accuracy=Interval(value=value, low=drawn.estimate.low, high=drawn.estimate.high),
            by_kind={kind: share for kind, share in kinds.items() if share is not None},
        )
    return result


def compare(
    items: Sequence[TailItem], first: NDArray[np.bool_], second: NDArray[np.bool_], draws: DocumentDraws
) -> Comparison:
    """What the second model lost: accuracy of the first less that of the second, tail, head and their
    difference, by a bootstrap that draws documents.

    Raises:
        ValueError: a set has no items.
    """
    lost = first.astype(np.float64) - second.astype(np.float64)
    drops, drawn = {}, {}
    tests: dict[str, Discordant] = {}
    for name in SETS:
        of_set = np.array([item.set == name for item in items])
        value = mean_of(lost, of_set)
        if value is None:
            raise ValueError(f"no {name} items")
        drops[name], drawn[name] = value, draws.mean(lost, of_set)
        tests[name] = Discordant(**mcnemar(first[of_set], second[of_set])._asdict())
    return Comparison(
        tail_drop=_tested(judged(drops["tail"], drawn["tail"], draws.documents)),
        head_drop=_tested(judged(drops["head"], drawn["head"], draws.documents)),
        difference=_tested(
            judged(drops["tail"] - drops["head"], drawn["tail"] - drawn["head"], draws.documents)
        ),
        mcnemar=tests,
    )


def _tested(drawn: Drawn) -> TestedInterval:
    return TestedInterval(
        value=drawn.estimate.value, low=drawn.estimate.low, high=drawn.estimate.high, p=drawn.p
    )
