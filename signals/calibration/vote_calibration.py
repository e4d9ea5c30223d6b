"""From measured documents of known origin to a small profile: vote rules and a batch limit.

This is the demo's calibration: a few hundred documents, one language, one pair of thresholds a
signal. Its figures hold for text like that it was made from and for nothing else.
"""

import math
from collections.abc import Iterable, Sequence

import numpy as np

from wellspring.schemas.measurements import Measurements
from wellspring.schemas.profile import Direction, Gate, Limit, Profile, VoteRule, Votes
from wellspring.signals.batch.batch_signals import OF_THE_SCORER, Document, linear_signal
from wellspring.signals.stats.hashing import stable_hash
from wellspring.signals.verdict.votes import beyond, votes_synthetic

# Signal -> what its vote says in words, when low and when high.
VOTE_SIGNALS: dict[str, tuple[str, str]] = {
    "perplexity": ("the text is easy to predict", "the text is hard to predict"),
    "log_rank": ("its words are the likely ones", "its words are unlikely ones"),
    "curvature": ("its words are less likely than samples", "its words are as likely as samples"),
    "surprisal_variance": ("surprises are spread evenly", "surprises come in jumps"),
    "burstiness": ("sentence lengths vary little", "sentence lengths vary much"),
    "mattr": ("few distinct words in 50", "many distinct words in 50"),
}
_RULES = 3
_NEEDED = 2
_DRAWS = 400
# One-sided 99.5% of a normal distribution: human batches are held about once in 200.
_LIMIT_DEVIATIONS = 2.576


def calibrate(
    human: Sequence[Measurements],
    synthetic: Sequence[Measurements],
    *,
    name: str,
    description: str,
    calibrated_on: str,
    scorer: str,
    batch_documents: int,
    max_fpr: float = 0.05,
) -> Profile:
    """A profile from documents of known origin, all in English and scored by the same scorer.

    Votes: for each signal the threshold that `max_fpr` of the human documents cross, in the
    direction that catches more of the synthetic ones; the three signals that catch most vote,
    SYNTHETIC at two votes. Gate: the batch signal whose synthetic batches lie furthest from the
    human ones in units of the human batches' spread; its limit lies 2.58 of them from the mean.

    Raises:
        ValueError: either side has fewer documents than a batch.
    """
    for side, documents in (("human", human), ("synthetic", synthetic)):
        if len(documents) < batch_documents:
            raise ValueError(
                f"{len(documents)} {side} documents are fewer than a batch of {batch_documents}: "
                "give more documents or a smaller batch"
            )
    votes = _votes(human, synthetic, max_fpr)
    gate = _gate(human, synthetic, batch_documents)
    return Profile(
        name=name,
        description=description,
        can_enforce=True,
        scorer=scorer,
        languages=["en"],
        batch_documents=batch_documents,
        votes=votes,
        gate=gate,
        calibrated_on=f"{calibrated_on}: {len(human)} human, {len(synthetic)} synthetic documents",
        measured=_measured(human, synthetic, votes, gate, batch_documents),
    )


def _votes(human: Sequence[Measurements], synthetic: Sequence[Measurements], max_fpr: float) -> Votes:
    candidates = [
        _rule(signal, direction, human, max_fpr)
        for signal in VOTE_SIGNALS
        for direction in ("below", "above")
    ]
    best: dict[str, VoteRule] = {}
    for rule in sorted(candidates, key=lambda rule: -_share(rule, synthetic)):
        best.setdefault(rule.signal, rule)
    rules = list(best.values())[:_RULES]
    human_votes = [_cast(rules, m) for m in human]
    synthetic_votes = [_cast(rules, m) for m in synthetic]
    probability = []
    for votes in range(len(rules) + 1):
        # Laplace's rule: no vote count was seen often enough for a 0 or a 1.
        h = (human_votes.count(votes) + 1) / (len(human) + len(rules) + 1)
        s = (synthetic_votes.count(votes) + 1) / (len(synthetic) + len(rules) + 1)
        probability.append(s / (s + h))
    return Votes(
        rules=rules,
        needed=_NEEDED,
        min_tokens=50,
        probability=probability,
        probability_basis="share of synthetic documents at each vote count, at even prevalence",
    )


def _rule(signal: str, direction: Direction, human: Sequence[Measurements], max_fpr: float) -> VoteRule:
    values = [value for m in human if (value := getattr(m, signal)) is not None]
    quantile = max_fpr if direction == "below" else 1 - max_fpr
    low, high = VOTE_SIGNALS[signal]
    return VoteRule(
        name=f"{'low' if direction == 'below' else 'high'}_{signal}",
        signal=signal,
        direction=direction,
        threshold=float(np.quantile(values, quantile)),
        reason=low if direction == "below" else high,
    )


def _cast(rules: Sequence[VoteRule], measurements: Measurements) -> int:
    return sum(votes_synthetic(rule, measurements) for rule in rules)


def _share(rule: VoteRule, documents: Sequence[Measurements]) -> float:
    return sum(votes_synthetic(rule, m) for m in documents) / len(documents)


def _gate(human: Sequence[Measurements], synthetic: Sequence[Measurements], size: int) -> Gate:
    human_batches, synthetic_batches = list(_draws(human, size)), list(_draws(synthetic, size))
    values = {
        signal: (_values(signal, human_batches), _values(signal, synthetic_batches))
        for signal in sorted(OF_THE_SCORER)
    }
    moments = {
        signal: (*_mean_and_spread(own), _mean(other))
        for signal, (own, other) in values.items()
        if own and other
    }
    signal = max(moments, key=lambda s: abs(moments[s][2] - moments[s][0]) / moments[s][1])
    mean, spread, other = moments[signal]
    sign = -1 if other < mean else 1
    limit = Limit(
        limit=mean + sign * _LIMIT_DEVIATIONS * spread, batches=len(human) // size, mean=mean, spread=spread
    )
    return Gate(signal=signal, direction="below" if sign < 0 else "above", languages={"en": limit})


def _draws(documents: Sequence[Measurements], size: int) -> Iterable[list[Measurements]]:
    """Batches drawn by hash: draw k holds the documents whose hash with seed k is smallest."""
    for draw in range(_DRAWS):
        hashed = [(stable_hash(m.id, f"draw {draw}"), i) for i, m in enumerate(documents)]
        yield [documents[i] for _, i in sorted(hashed)[:size]]


def _mixed(
    human: Sequence[Measurements], synthetic: Sequence[Measurements], size: int, share: float
) -> Iterable[list[Measurements]]:
    n = round(size * share)
    for h, s in zip(_draws(human, size), _draws(synthetic, size), strict=True):
        yield h[: size - n] + s[:n]


def _values(signal: str, batches: Iterable[Sequence[Measurements]]) -> list[float]:
    estimates = (linear_signal(signal, [Document(m, None) for m in batch]) for batch in batches)
    return [estimate.value for estimate in estimates if estimate is not None]


def _mean(values: Sequence[float]) -> float:
    return math.fsum(values) / len(values)


def _mean_and_spread(values: Sequence[float]) -> tuple[float, float]:
    mean = _mean(values)
    return mean, math.sqrt(math.fsum((v - mean) ** 2 for v in values) / len(values))


def _measured(
    human: Sequence[Measurements],
    synthetic: Sequence[Measurements],
    votes: Votes,
    gate: Gate,
    size: int,
) -> dict[str, float]:
    """In-sample figures: what the profile does on the text that it was made from."""
    limit = gate.languages["en"].limit
    measured = {
        f"documents_{side}_flagged": sum(_cast(votes.rules, m) >= votes.needed for m in documents)
        / len(documents)
        for side, documents in (("human", human), ("synthetic", synthetic))
    }
    for share in (0.0, 0.25, 0.5, 1.0):
        values = _values(gate.signal, _mixed(human, synthetic, size, share))
        held = sum(beyond(value, limit, gate.direction) for value in values)
        measured[f"batches_held_at_{share:.0%}_synthetic"] = held / len(values)
    return measured
