"""Everything measured on one document, raw: no threshold has been applied to any of it."""

import msgspec


class LanguageModelSignals(msgspec.Struct, frozen=True, kw_only=True):
    """What one forward pass of a causal LM says about one document.

    All logarithms are natural unless the name says bits. Null where the number of scored tokens
    does not allow it. Formulas and sources: `signals.language_model_signals`.
    """

    scored_tokens: int
    nll: float
    """Sum of -ln p over the scored tokens, nats, >= 0."""
    perplexity: float
    """exp(nll / scored_tokens), >= 1."""
    bits_per_byte: float
    """nll / (ln 2 * UTF-8 bytes), >= 0."""
    log_rank: float
    """Mean ln rank of the true token, rank from 1, >= 0."""
    lrr: float | None
    """-sum ln p / sum ln rank (Su et al. 2023); null when every token was ranked first."""
    predictive_entropy: float
    """Mean entropy of the predicted distribution, nats, >= 0."""
    curvature: float | None
    """Analytic Fast-DetectGPT discrepancy, sum(l + H) / sqrt(sum var), unbounded."""
    surprisal_variance: float | None
    surprisal_skewness: float | None
    surprisal_kurtosis: float | None
    """Excess kurtosis of the surprisals (0 for a normal distribution)."""
    surprisal_autocorrelation: float | None
    """Lag-1 autocorrelation of the surprisals, -1..1."""
    surprisal_difference_variance: float | None
    min_k: float
    """Mean ln p of the 20% least likely tokens, <= 0 (Min-k% prob)."""
    top_10_share: float
    """Share of tokens whose rank is 10 or better, 0..1 (GLTR)."""
    top_100_share: float
    binoculars: float | None = None
    """Perplexity over cross-perplexity of two models, in logarithms, > 0 and about 1, lower for machine
    text (Hans et al. 2024); null with a single model."""
    cross_entropy_difference: float | None = None
    """Nats a token by which the second model predicts the text better than the first (Moore and Lewis
    2010); null with a single model."""


_OF_PAIRS = ("binoculars", "cross_entropy_difference")


class Measurements(msgspec.Struct, frozen=True, kw_only=True):
    """A row of `measurements/`. Null means undefined, and `undefined` says why."""

    id: str
    scorer: str | None = None
    """Fingerprint of the scorer that made the LM signals; null when none ran."""
    language: str | None
    bytes: int
    """UTF-8 bytes of the text."""
    tokens: int
    words: int
    sentences: int
    burstiness: float | None
    """Coefficient of variation of sentence lengths in words, >= 0."""
    type_token_ratio: float | None
    """Distinct words / words, in (0, 1]; falls with length."""
    mattr: float | None
    """Type-token ratio averaged over windows of 50 words; null below 50 words."""
    undefined: list[str] = []
    """One line for each null: "burstiness: one sentence"."""

    scored_tokens: int | None = None
    nll: float | None = None
    perplexity: float | None = None
    bits_per_byte: float | None = None
    log_rank: float | None = None
    lrr: float | None = None
    predictive_entropy: float | None = None
    curvature: float | None = None
    surprisal_variance: float | None = None
    surprisal_skewness: float | None = None
    surprisal_kurtosis: float | None = None
    surprisal_autocorrelation: float | None = None
    surprisal_difference_variance: float | None = None
    min_k: float | None = None
    top_10_share: float | None = None
    top_100_share: float | None = None
    binoculars: float | None = None
    cross_entropy_difference: float | None = None
    """Both null with a single model, without a line in `undefined`."""

    def with_signals(self, signals: LanguageModelSignals, scorer: str) -> "Measurements":
        """The same measurements with the LM signals filled in, nulls among them explained."""
        values = msgspec.structs.asdict(signals)
        nulls = [
            f"{name}: {signals.scored_tokens} scored tokens don't define it"
            for name, value in values.items()
            if value is None and name not in _OF_PAIRS
        ]
        return msgspec.structs.replace(self, scorer=scorer, undefined=self.undefined + nulls, **values)

    def without_signals(self, reason: str) -> "Measurements":
        """The same measurements, with the reason why the LM signals are null."""
        return msgspec.structs.replace(self, undefined=[*self.undefined, f"perplexity: {reason}"])
