"""From what the runs hold and what a recipe asks for to how many tokens of each stratum are drawn."""

import math
from collections.abc import Mapping
from typing import NamedTuple

from wellspring.schemas.label import (
    HUMAN_UNVERIFIED,
    HUMAN_VERIFIED,
    PROVENANCE_LABELS,
    SYNTHETIC_KNOWN,
    SYNTHETIC_SUSPECTED,
)
from wellspring.schemas.recipe import MOST_COPIES, Recipe
from wellspring.schemas.training_set import TAIL, StratumPlan
from wellspring.signals.mix.draw import largest_remainders, reach
from wellspring.signals.stats.log_histogram import LogHistogram

PROBABILITY_UNIT = 2**20
"""Expected synthetic tokens are kept as whole numbers of 1 / 2^20 token, so that sums merge exactly."""
_ROUNDS = 50


class PlanError(ValueError):
    """The runs can't give what the recipe asks for; the message says which stratum and by how much."""


class StratumCounts(NamedTuple):
    """What the runs hold of a stratum: documents, tokens, and (key, tokens) of all copies.

    `synthetic`: (key, expected synthetic tokens in units of 2^-20) of the documents with a probability;
    `judged`: tokens of these documents by key.
    """

    documents: int
    tokens: int
    keys: LogHistogram
    synthetic: LogHistogram | None = None
    judged: LogHistogram | None = None

    def synthetic_share(self, tokens: int) -> float | None:
        """Expected share of synthetic text among the first `tokens` by key; None where nothing is judged."""
        if self.synthetic is None or self.judged is None:
            return None
        high = reach(self.keys, max(tokens, 1)).high
        expected = sum(b.amount for b in self.synthetic.buckets() if b.low < high)
        judged = sum(b.amount for b in self.judged.buckets() if b.low < high)
        if not judged:  # a draw of next to nothing: the whole stratum's
            expected = sum(b.amount for b in self.synthetic.buckets())
            judged = sum(b.amount for b in self.judged.buckets())
        return expected / PROBABILITY_UNIT / judged if judged else None


class MixPlan(NamedTuple):
    strata: list[StratumPlan]
    tokens: int
    lowered_from: int | None


def plan_mix(recipe: Recipe, counts: Mapping[str, StratumCounts]) -> MixPlan:
    """How many tokens of each stratum, and how far its draw goes.

    Args:
        counts: by label, and by `tail` where the recipe injects one; a document stands in one stratum.

    Raises:
        PlanError: a stratum with a share is empty; or one is too small and `when_short` is stop; or more
            synthetic text is expected among the unverified than the recipe's synthetic shares allow.
    """
    wanted = dict.fromkeys(PROVENANCE_LABELS, 0.0) | {**recipe.shares}
    for label, share in wanted.items():
        only_tail = label == HUMAN_VERIFIED and recipe.tail is not None and share <= recipe.tail.share
        if share > 0 and not only_tail and not _tokens(counts, label):
            raise PlanError(f"the runs hold no {label} text, of which the recipe wants {share:.1%}")
    if recipe.tail is not None and not _tokens(counts, TAIL):
        raise PlanError(f"tail: {recipe.tail.pack} gives no document that can be injected")

    tokens, lowered_from = recipe.tokens, None
    shares = _shares(recipe, wanted, counts, tokens)
    short = _short(shares, counts, tokens)
    if short and recipe.when_short == "stop":
        raise PlanError("; ".join(short.values()) + " (when_short: lower draws less of everything)")
    rounds = 0
    while short:
        # By probabilities, fewer tokens may have other shares: what is lowered once may be short again.
        tokens = min(tokens - 1, *(math.floor(_most(counts, name) / shares[name]) for name in short))
        rounds += 1
        if tokens < 1 or rounds > _ROUNDS:
            raise PlanError("no total keeps the shares: " + "; ".join(short.values()))
        lowered_from = recipe.tokens
        shares = _shares(recipe, wanted, counts, tokens)
        short = _short(shares, counts, tokens)

    names = [name for name in shares if shares[name] > 0]
    planned = largest_remainders([shares[name] for name in names], tokens)
    return MixPlan(
        [_stratum(name, shares[name], n, counts[name]) for name, n in zip(names, planned, strict=True)],
        tokens,
        lowered_from,
    )


def _stratum(name: str, share: float, planned: int, counts: StratumCounts) -> StratumPlan:
    end = reach(counts.keys, planned)
    everything = math.isinf(end.high)
    return StratumPlan(
        name=name,
        documents=counts.documents,
        tokens=counts.tokens,
        share=share,
        planned=planned,
        low=None if everything else end.low,
        high=None if everything else end.high,
        room=end.room,
        synthetic=counts.synthetic_share(planned),
    )


def _tokens(counts: Mapping[str, StratumCounts], name: str) -> int:
    return counts[name].tokens if name in counts else 0


def _most(counts: Mapping[str, StratumCounts], name: str) -> int:
    """Tokens that a stratum can give: copies come of weights and of the tail's rule, not of shortage."""
    return _tokens(counts, name) * (MOST_COPIES if name == TAIL else 1)


def _short(shares: Mapping[str, float], counts: Mapping[str, StratumCounts], tokens: int) -> dict[str, str]:
    return {
        name: f"{name} has {_most(counts, name):,} tokens"
        + (f", {MOST_COPIES} copies each," if name == TAIL else "")
        + f" where {share:.1%} of {tokens:,} are {math.ceil(share * tokens):,}"
        for name, share in shares.items()
        if math.floor(share * tokens) > _most(counts, name)
    }


def _shares(
    recipe: Recipe, wanted: Mapping[str, float], counts: Mapping[str, StratumCounts], tokens: int
) -> dict[str, float]:
    """The shares of the strata, the tail taken out of the verified."""
    shares = dict(wanted)
    if recipe.by == "probabilities":
        shares = _by_probabilities(wanted, counts, tokens)
    if recipe.tail is not None:
        shares[HUMAN_VERIFIED] = max(0.0, shares[HUMAN_VERIFIED] - recipe.tail.share)
        shares[TAIL] = recipe.tail.share
    return shares


def _by_probabilities(
    wanted: Mapping[str, float], counts: Mapping[str, StratumCounts], tokens: int
) -> dict[str, float]:
    """Shares under which the text expected to be synthetic is the two synthetic shares together.

    Verified text counts as human, known synthetic text as synthetic. Of the unverified a share p is expected
    to be synthetic, of the suspected q. With S = known + suspected wanted, V verified, x, y, z the drawn
    shares of unverified, suspected and known: p x + q y + z = S, V + x + y + z = 1, and what p x leaves of S
    is split between q y and z as the recipe splits S.
    """
    verified, synthetic = wanted[HUMAN_VERIFIED], wanted[SYNTHETIC_KNOWN] + wanted[SYNTHETIC_SUSPECTED]
    x = wanted[HUMAN_UNVERIFIED]
    if not x:  # of the rest, suspected text may well be human: the synthetic shares are an upper bound
        return dict(wanted)
    y, z = wanted[SYNTHETIC_SUSPECTED], wanted[SYNTHETIC_KNOWN]
    split = wanted[SYNTHETIC_SUSPECTED] / synthetic if synthetic else 0.0
    for _ in range(_ROUNDS):
        # p and q depend a little on how many are drawn where weights go with probability.
        p = _expected(counts, HUMAN_UNVERIFIED, x * tokens)
        q = _expected(counts, SYNTHETIC_SUSPECTED, y * tokens) if wanted[SYNTHETIC_SUSPECTED] else 1.0
        if wanted[SYNTHETIC_SUSPECTED] and q <= p:
            raise PlanError(
                f"by probabilities: suspected text is expected to be {q:.1%} synthetic, unverified "
                f"text {p:.1%}: the labels tell nothing apart here"
            )
        # y + z = (S - p x) k with k = split / q + 1 - split, and x = 1 - V - (y + z).
        k = split / q + 1 - split
        free = 1 - verified
        new_x = (free - synthetic * k) / (1 - p * k)
        rest = synthetic - p * new_x
        if rest < -1e-9 or new_x < 0:
            raise PlanError(
                f"by probabilities: {p:.1%} of the unverified text is expected to be synthetic, so that the "
                f"set would have {p * free:.1%} of it where the recipe allows {synthetic:.1%}: "
                "raise the synthetic shares, or take more verified text"
            )
        new_y, new_z = max(rest, 0) * split / q, max(rest, 0) * (1 - split)
        if abs(new_x - x) + abs(new_y - y) + abs(new_z - z) < 1e-9:
            break
        x, y, z = new_x, new_y, new_z
    for label, share in ((SYNTHETIC_SUSPECTED, y), (SYNTHETIC_KNOWN, z)):
        if share > 0 and not _tokens(counts, label):
            raise PlanError(f"the runs hold no {label} text, of which the plan wants {share:.1%}")
    return {
        HUMAN_VERIFIED: verified,
        HUMAN_UNVERIFIED: x,
        SYNTHETIC_KNOWN: z,
        SYNTHETIC_SUSPECTED: y,
    }


def _expected(counts: Mapping[str, StratumCounts], label: str, tokens: float) -> float:
    share = counts[label].synthetic_share(round(tokens)) if label in counts else None
    if share is None:
        raise PlanError(f"by probabilities: no {label} document has a probability")
    return share
