"""What a training set turned out to be: sums over its rows that merge to the same figures in any order."""

import math
from collections import Counter
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from wellspring.schemas.label import HUMAN_VERIFIED, SYNTHETIC_KNOWN
from wellspring.schemas.training_set import TAIL, RareTypes, SetDocument, StratumDrawn, StratumPlan
from wellspring.signals.mix.licences import stated_licence
from wellspring.signals.mix.low_frequency import WeightSums
from wellspring.signals.stats.count_min import CountMin, Keys
from wellspring.signals.stats.intervals import Estimate
from wellspring.signals.stats.log_histogram import LogHistogram
from wellspring.signals.stats.ratio_sums import RatioSums
from wellspring.signals.stats.weighted_sample import Threshold

_ONE_IN = np.uint64(16)
_TAIL_LISTED = 1000


class StratumTally(NamedTuple):
    rows: int = 0
    documents: int = 0
    tokens: int = 0
    rows_held: int = 0
    weights: WeightSums = WeightSums()

    def merged(self, other: "StratumTally") -> "StratumTally":
        return StratumTally(
            self.rows + other.rows,
            self.documents + other.documents,
            self.tokens + other.tokens,
            self.rows_held + other.rows_held,
            self.weights.merged(other.weights),
        )


class SetTally:
    """Sums over the rows of a set."""

    def __init__(self) -> None:
        self.strata: dict[str, StratumTally] = {}
        self.labels: Counter[str] = Counter()
        """Tokens by label."""
        self._rows: Counter[str] = Counter()
        self.copies: Counter[int] = Counter()
        self.licences: Counter[str] = Counter()
        """Documents by the licence that they state."""
        self.synthetic: dict[str, RatioSums] = {}
        """By label, over documents with a probability: expected synthetic tokens over tokens."""
        self.unjudged: dict[str, RatioSums] = {}
        """The other documents' tokens."""
        self.rarity = LogHistogram()
        self.once = 0
        """Content words that one document of the corpus has, and it is in the set."""
        self.twice: NDArray[np.uint64] = np.empty(0, np.uint64)
        """Of those that two have, a sixteenth by hash: each once."""
        self.tail: list[tuple[str, float, int]] = []
        self.batches = 0
        self.batches_held = 0

    def add_rows(self, rows: Sequence[SetDocument], *, held: bool) -> None:
        """Counts rows that are in the set, or that its gate holds."""
        for row in rows:
            tally = self.strata.get(row.stratum, StratumTally())
            if held:
                self.strata[row.stratum] = tally._replace(rows_held=tally.rows_held + 1)
                continue
            self.labels[row.provenance] += row.token_count
            self._rows[row.provenance] += 1
            first = row.copy == 0
            self.strata[row.stratum] = StratumTally(
                tally.rows + 1,
                tally.documents + first,
                tally.tokens + row.token_count,
                tally.rows_held,
                tally.weights.merged(WeightSums.of([1 / row.expected_copies])) if first else tally.weights,
            )
            if first:
                self._add_document(row)

    def _add_document(self, row: SetDocument) -> None:
        self.copies[row.copies] += 1
        self.licences[stated_licence(row.metadata)] += 1
        tokens = row.token_count * row.copies
        p = {HUMAN_VERIFIED: 0.0, SYNTHETIC_KNOWN: 1.0}.get(row.provenance, row.probability)
        sums = self.unjudged if p is None else self.synthetic
        one = RatioSums.of([((p or 0.0) * tokens, tokens)])
        sums[row.provenance] = sums.get(row.provenance, RatioSums()).merged(one)
        if row.rarity is not None:
            self.rarity.add((row.rarity, row.token_count))
        if row.stratum == TAIL:
            self._keep_tail([(row.id, row.expected_copies, row.copies)])

    def add_words(self, words: Sequence[Keys], counted: CountMin) -> None:
        """Counts the rare words of documents of the set, each document once."""
        keys = np.concatenate([*words, np.empty(0, dtype=np.uint64)])
        times = counted.counts(keys)
        self.once += int((times == 1).sum())
        twice = keys[times == 2]
        self.twice = np.union1d(self.twice, twice[twice % _ONE_IN == 0])

    def merge(self, other: "SetTally") -> None:
        """Takes in what the other counted."""
        for name, tally in other.strata.items():
            self.strata[name] = self.strata.get(name, StratumTally()).merged(tally)
        self.labels.update(other.labels)
        self._rows.update(other._rows)
        self.copies.update(other.copies)
        self.licences.update(other.licences)
        for mine, theirs in ((self.synthetic, other.synthetic), (self.unjudged, other.unjudged)):
            for label, sums in theirs.items():
                mine[label] = mine.get(label, RatioSums()).merged(sums)
        self.rarity.merge(other.rarity)
        self.once += other.once
        self.twice = np.union1d(self.twice, other.twice)
        self._keep_tail(other.tail)
        self.batches += other.batches
        self.batches_held += other.batches_held

    @property
    def tokens(self) -> int:
        return sum(self.labels.values())

    def rows_of(self, label: str) -> int:
        """Rows of a label, copies counted."""
        return self._rows[label]

    def drawn(self, plan: Sequence[StratumPlan], thresholds: dict[str, Threshold]) -> list[StratumDrawn]:
        """What each planned stratum gave."""
        drawn = []
        for stratum in plan:
            tally = self.strata.get(stratum.name, StratumTally())
            threshold = thresholds.get(stratum.name)
            drawn.append(
                StratumDrawn(
                    name=stratum.name,
                    rows=tally.rows,
                    documents=tally.documents,
                    tokens=tally.tokens,
                    share=tally.tokens / self.tokens if self.tokens else 0.0,
                    threshold=threshold.key if threshold else None,
                    threshold_id=threshold.id if threshold else None,
                    rows_held=tally.rows_held,
                    effective_sample_size=tally.weights.effective_sample_size,
                )
            )
        return drawn

    def effective_sample_size(self) -> float:
        """Of the strata together: what the recipe makes unequal between them is asked for and no loss."""
        return math.fsum(tally.weights.effective_sample_size for _, tally in sorted(self.strata.items()))

    def expected_synthetic(self) -> tuple[Estimate | None, int]:
        """(share of tokens expected to be synthetic with its interval, documents without a probability).

        Verified text counts as human, known synthetic text as such. A document that no profile judged counts
        by the mean of its label; None where a label has no judged document at all.
        """
        total = RatioSums()
        unjudged = 0
        for label in sorted({*self.synthetic, *self.unjudged}):
            known = self.synthetic.get(label, RatioSums())
            unknown = self.unjudged.get(label, RatioSums())
            unjudged += unknown.n
            if unknown.n and not known.w:
                return None, unjudged
            total = total.merged(known)
            if unknown.n:
                # The same mean, at the weights of the unjudged: their interval is that of a constant.
                mean = known.x / known.w
                total = total.merged(
                    RatioSums(
                        unknown.n,
                        round(mean * unknown.w),
                        unknown.w,
                        round(mean * mean * unknown.ww),
                        round(mean * unknown.ww),
                        unknown.ww,
                    )
                )
        return (total.estimate() if total.w else None), unjudged

    def rare_types(
        self, singles: dict[str, int], doubles: dict[str, int], tokens: dict[str, int]
    ) -> RareTypes:
        """Rare words in the corpus, in the set, and in a set drawn without weights.

        Args:
            singles, doubles: of `MixCounts`, by label. tokens: of the corpus, by label.
        """
        plain = 0.0
        for label, n in tokens.items():
            rate = min(1.0, self.labels[label] / n) if n else 0.0
            plain += singles.get(label, 0) * rate + doubles.get(label, 0) / 2 * (2 * rate - rate**2)
        return RareTypes(
            corpus=sum(singles.values()) + sum(doubles.values()) // 2, kept=self.rare_kept(), plain=plain
        )

    def rare_kept(self) -> float:
        """Rare words that the set has, of those that `add_words` counted."""
        return self.once + len(self.twice) * float(_ONE_IN)

    def _keep_tail(self, more: Sequence[tuple[str, float, int]]) -> None:
        self.tail = sorted([*self.tail, *more])[:_TAIL_LISTED]
