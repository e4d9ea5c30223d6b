"""Everything measured on one document, raw: no threshold has been applied to any of it."""

import msgspec


class LanguageModelSignals(msgspec.Struct, frozen=True, kw_only=True):
    """What one forward pass of a causal LM says about one document.

    All logarithms are natural unless the name says bits. Null where the number of scored tokens
    does not allow it. Formulas and sources: `signals.lm.language_model_signals`.
    """

    scored_tokens: int
    """Tokens that have a probability under the model. Unit: tokens."""
    nll: float
    """Sum of -ln p over the scored tokens, >= 0. Unit: nats."""
    perplexity: float
    """exp(nll / scored_tokens), >= 1. Unit: none."""
    bits_per_byte: float
    """nll / (ln 2 * UTF-8 bytes), >= 0; comparable between tokenizers. Unit: bits per byte."""
    log_rank: float
    """Mean ln rank of the true token, rank from 1, >= 0. Unit: none."""
    lrr: float | None
    """Log-likelihood log-rank ratio, -sum ln p / sum ln rank (Su et al. 2023). Unit: nats. Null: every
    token was ranked first."""
    predictive_entropy: float
    """Mean entropy of the predicted distribution, >= 0. Unit: nats per token."""
    curvature: float | None
    """Fast-DetectGPT's analytic discrepancy, sum(l + H) / sqrt(sum var) (Bao et al. 2024); high where the
    text takes the model's likely choices. Unit: standard deviations. Null: the predicted variance is 0."""
    surprisal_variance: float | None
    """Population variance of the surprisals. Unit: nats squared. Null: fewer than 2 scored tokens."""
    surprisal_skewness: float | None
    """Skewness of the surprisals. Unit: none. Null: fewer than 3 scored tokens, or no variance."""
    surprisal_kurtosis: float | None
    """Excess kurtosis of the surprisals, 0 for a normal distribution. Unit: none. Null: fewer than 3 scored
    tokens, or no variance."""
    surprisal_autocorrelation: float | None
    """Lag-1 autocorrelation of the surprisals. Unit: -1 to 1. Null: fewer than 3 scored tokens, or no
    variance."""
    surprisal_difference_variance: float | None
    """Population variance of the steps from one surprisal to the next. Unit: nats squared. Null: fewer than 3
    scored tokens."""
    min_k: float
    """Mean ln p of the 20% least likely tokens, <= 0 (Min-k% prob, Shi et al. 2024). Unit: nats."""
    top_10_share: float
    """Share of tokens whose rank is 10 or better (GLTR, Gehrmann et al. 2019). Unit: 0 to 1."""
    top_100_share: float
    """Share of tokens whose rank is 100 or better. Unit: 0 to 1."""
    binoculars: float | None = None
    """Log-perplexity over cross-perplexity of two models, > 0 and about 1, lower for machine text (Hans et
    al. 2024). Unit: none. Null: a single model scored."""
    cross_entropy_difference: float | None = None
    """By how much the second model predicts the text better than the first (Moore and Lewis 2010). Unit:
    nats per token. Null: a single model scored."""


_OF_PAIRS = ("binoculars", "cross_entropy_difference")


class Measurements(msgspec.Struct, frozen=True, kw_only=True):
    """A row of `measurements/`. Null means undefined, and `undefined` says why.

    The language-model signals, `scored_tokens` and all below it, are those of `LanguageModelSignals`.
    """

    id: str
    """The document's id, as in `documents/`."""
    scorer: str | None = None
    """Fingerprint of the scorer that made the language-model signals. Null: none scored this document."""
    language: str | None
    """ISO 639-1 code. Null: the language can't be told."""
    bytes: int
    """Length of the text in UTF-8. Unit: bytes."""
    tokens: int
    """Length of the text by the scorer's tokenizer. Unit: tokens."""
    words: int
    """Length of the text in words. Unit: words."""
    sentences: int
    """Length of the text in sentences. Unit: sentences."""
    burstiness: float | None
    """Coefficient of variation of sentence lengths in words, >= 0. Unit: none. Null: fewer than two
    sentences."""
    type_token_ratio: float | None
    """Distinct words over words; falls with length. Unit: 0 to 1. Null: no words."""
    mattr: float | None
    """Moving-average type-token ratio over windows of 50 words; hardly depends on length (Covington and
    McFall 2010). Unit: 0 to 1. Null: fewer than 50 words."""
    undefined: list[str] = []
    """One line for each null, such as "burstiness: one sentence". The language-model signals have one line
    together where no model scored, and `binoculars` and `cross_entropy_difference` none with a single
    model. One line more for each run of characters that can't be seen, which was taken out of the text
    before it was measured: "c2pa_text_manifest: 3086 invisible characters left out, sha256 ..."."""

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
