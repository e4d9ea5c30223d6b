"""From logits to the signals of a document: the formulas, and nothing else.

Two steps. `token_statistics` turns a chunk of logits into four numbers per token, on the model's device.
`document_signals` turns a document's numbers into its `LanguageModelSignals`, in float64.

With p = softmax of the logits at a position, x the token that came, l = ln p(x):

- surprisal           s = -l                                   nats, >= 0
- predictive entropy  H = -sum_v p ln p                        nats, 0..ln V
- predictive variance of ln p:  sum_v p (ln p)^2 - H^2         nats squared, >= 0
- rank of x: 1 + tokens with a larger logit                    1..V (ties count for x)
- cross-entropy of an observer's distribution o: -sum_v o ln p  nats, >= 0; with two models alone
- surprisal of x under the observer: -ln o(x)   nats, >= 0; with two models alone
"""

from typing import TYPE_CHECKING, NamedTuple

import numpy as np
from numpy.typing import NDArray

from wellspring.schemas.measurements import LanguageModelSignals

if TYPE_CHECKING:
    import torch

FORMULA = 2
"""Version of what this module computes: part of a scorer's fingerprint. Raise it with any change."""

MIN_K_SHARE = 0.2
_TINY = 1e-30
"""Below this a probability is taken from the logits again: float32 softmax underflows at 1e-38."""


class TokenStatistics(NamedTuple):
    """Per scored token, float32, each of shape (tokens,)."""

    surprisal: NDArray[np.float32]
    entropy: NDArray[np.float32]
    variance: NDArray[np.float32]
    rank: NDArray[np.float32]
    cross_entropy: NDArray[np.float32] | None = None
    observer_surprisal: NDArray[np.float32] | None = None


def token_statistics(logits: "torch.Tensor", targets: "torch.Tensor") -> "torch.Tensor":
    """Statistics of each row: logits (rows, vocabulary), targets (rows,) int64 -> (4, rows) float32.

    Rows of the result are those of `TokenStatistics`. Computed in float32 whatever the logits' dtype;
    a row's result depends on that row alone. Not finite where a logit isn't.
    """
    import torch

    column = targets[:, None]
    # Relative to the true token's logit: softmax does not mind, ranks need the sign alone, and the
    # second moment does not cancel, as it would for a model whose logits lie around -100.
    relative = logits.to(torch.float32, copy=True)
    relative.sub_(relative.gather(1, column))
    # One other buffer for all that follows: the chunk is made to stay in the cache, and memory that
    # the allocator fetches again for each chunk costs as much as the arithmetic.
    other = torch.gt(relative, 0, out=torch.empty_like(relative))
    rank = other.sum(1).add_(1)
    torch.softmax(relative, 1, out=other)
    true_probability = other.gather(1, column).squeeze(1)
    first_moment = other.mul_(relative).sum(1)
    second_moment = other.mul_(relative).sum(1)
    log_sum = true_probability.log().neg_()
    underflowed = true_probability < _TINY
    if bool(underflowed.any()):
        log_sum[underflowed] = relative[underflowed].logsumexp(1)
    return torch.stack(
        [
            log_sum.clamp_(min=0),
            (log_sum - first_moment).clamp_(min=0),
            (second_moment - first_moment.square()).clamp_(min=0),
            rank,
        ]
    )


def observer_statistics(
    logits: "torch.Tensor", observer_logits: "torch.Tensor", targets: "torch.Tensor"
) -> "torch.Tensor":
    """What a second model adds: both logits (rows, vocabulary), targets (rows,) -> (2, rows) float32.

    The first row is -sum_v o(v) ln p(v), with o the softmax of the observer's logits and p that of the
    scoring model's, the second -ln o(target). A row's result depends on that row alone.
    """
    import torch

    observed = observer_logits.float().log_softmax(1)
    surprisal = observed.gather(1, targets[:, None]).squeeze(1).neg_()
    crossed = observed.exp_().mul_(logits.float().log_softmax(1)).sum(1).neg_()
    return torch.stack([crossed, surprisal]).clamp_(min=0)


def document_signals(tokens: TokenStatistics, byte_count: int) -> LanguageModelSignals:
    """The signals of one document of T >= 1 scored tokens and `byte_count` >= 1 UTF-8 bytes.

    With s, H, var, r per token as above, and m the mean of s:

    - nll = sum s; perplexity = exp(nll / T); bits_per_byte = nll / (ln 2 * bytes).
    - log_rank = mean ln r; lrr = sum s / sum ln r (Su et al. 2023), null when that sum is 0.
    - predictive_entropy = mean H.
    - curvature = sum (H - s) / sqrt(sum var): Fast-DetectGPT's analytic discrepancy with one model for
      sampling and scoring (Bao et al. 2024); null when the variance is 0.
    - surprisal_variance = mean (s - m)^2, null for T < 2; skewness = mean (s - m)^3 / variance^1.5 and
      excess kurtosis = mean (s - m)^4 / variance^2 - 3, null for T < 3 or no variance.
    - surprisal_autocorrelation = sum (s_t - m)(s_{t+1} - m) / sum (s_t - m)^2, and
      surprisal_difference_variance, the population variance of s_{t+1} - s_t: null for T < 3 (the first
      also without variance).
    - min_k = mean ln p of the max(1, floor(T / 5)) least likely tokens (Shi et al. 2024, Min-k% prob).
    - top_10_share, top_100_share: share of r <= 10, r <= 100 (Gehrmann et al. 2019, GLTR).
    - binoculars = sum s / sum X with X the cross-entropy per token (Hans et al. 2024: the model that
      scores is their performer, the other their observer); null without an observer.
    - cross_entropy_difference = (sum s - sum s') / T with s' the observer's surprisal (Moore and Lewis
      2010), nats per token: above 0 where the observer predicts the text better; null without an observer.

    Values can be infinite or NaN only if the statistics are, or perplexity passes 1e308: the caller checks.
    """
    surprisal = tokens.surprisal.astype(np.float64)
    entropy = tokens.entropy.astype(np.float64)
    count = len(surprisal)
    nll = float(surprisal.sum())
    log_ranks = float(np.log(tokens.rank.astype(np.float64)).sum())
    predicted_variance = float(tokens.variance.astype(np.float64).sum())
    discrepancy = float(entropy.sum()) - nll

    deviation = surprisal - nll / count
    squares = deviation * deviation
    variance = float(squares.sum()) / count
    # what float32 surprisals leave of a variance that is nothing
    varies = count >= 3 and variance > 1e-12 * (1 + (nll / count) ** 2)
    differences = np.diff(surprisal)
    lowest = max(int(count * MIN_K_SHARE), 1)
    least_likely = np.partition(surprisal, count - lowest)[count - lowest :]
    crossed = 0.0 if tokens.cross_entropy is None else float(tokens.cross_entropy.astype(np.float64).sum())
    difference = None
    if tokens.observer_surprisal is not None:
        difference = (nll - float(tokens.observer_surprisal.astype(np.float64).sum())) / count
    with np.errstate(over="ignore"):
        perplexity = float(np.exp(nll / count))
    return LanguageModelSignals(
        scored_tokens=count,
        nll=nll,
        perplexity=perplexity,
        bits_per_byte=nll / (np.log(2).item() * byte_count),
        log_rank=log_ranks / count,
        lrr=nll / log_ranks if log_ranks > 0 else None,
        predictive_entropy=float(entropy.sum()) / count,
        curvature=discrepancy / predicted_variance**0.5 if predicted_variance > 0 else None,
        surprisal_variance=variance if count >= 2 else None,
        surprisal_skewness=float((squares * deviation).sum()) / count / variance**1.5 if varies else None,
        surprisal_kurtosis=float((squares * squares).sum()) / count / variance**2 - 3 if varies else None,
        surprisal_autocorrelation=float((deviation[1:] * deviation[:-1]).sum()) / (variance * count)
        if varies
        else None,
        surprisal_difference_variance=float(differences.var()) if count >= 3 else None,
        min_k=-float(least_likely.mean()),
        top_10_share=float((tokens.rank <= 10).mean()),
        top_100_share=float((tokens.rank <= 100).mean()),
        binoculars=nll / crossed if crossed > 0 else None,
        cross_entropy_difference=difference,
    )
