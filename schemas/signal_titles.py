"""What signals are called wherever people read of them: in reports and on the review page."""

SIGNALS = {
    "perplexity": ("Perplexity", "how surprised the scorer is by a token on average; low is predictable"),
    "bits_per_byte": ("Bits per byte", "surprise per byte of text, comparable between tokenizers"),
    "curvature": ("Curvature", "Fast-DetectGPT: high where the text takes the scorer's likely choices"),
    "burstiness": ("Burstiness", "coefficient of variation of sentence lengths; low is even"),
    "type_token_ratio": ("Type-token ratio", "distinct words per word; falls with the length of a text"),
    "mattr": (
        "Moving type-token ratio",
        "type-token ratio over windows of 50 words; hardly depends on length",
    ),
    "log_rank": ("Log-rank", "mean logarithm of the rank the scorer gave to the true token"),
    "lrr": ("Likelihood to rank ratio", "log-likelihood over log-rank"),
    "predictive_entropy": ("Predictive entropy", "how undecided the scorer was before each token, in nats"),
    "min_k": ("Min-20%", "mean log-probability of the least likely fifth of the tokens"),
    "surprisal_variance": ("Variance of surprisal", "how much surprise varies over a text"),
    "surprisal_skewness": ("Skewness of surprisal", "how lopsided surprise is within a text"),
    "surprisal_kurtosis": ("Kurtosis of surprisal", "how heavy the tails of surprise are within a text"),
    "surprisal_autocorrelation": ("Autocorrelation of surprisal", "whether surprise comes in runs"),
    "surprisal_difference_variance": (
        "Variance of surprisal steps",
        "how much surprise jumps between tokens",
    ),
    "top_10_share": ("Share of tokens in the top 10", "tokens among the scorer's ten first choices"),
    "top_100_share": ("Share of tokens in the top 100", "tokens among the scorer's hundred first choices"),
    "binoculars": ("Binoculars", "perplexity over cross-perplexity of two models; low in machine text"),
    "cross_entropy_difference": (
        "Cross-entropy difference",
        "nats per token by which a model of machine text predicts it better than one of human text",
    ),
    "tokens": ("Tokens", "length in the scorer's tokens"),
    "words": ("Words", "length in words"),
    "sentences": ("Sentences", "length in sentences"),
    "bytes": ("Bytes", "length in UTF-8 bytes"),
    "cross_entropy_bits": (
        "Cross-entropy, bits per token",
        "mean bits per token under the scorer, over the batch",
    ),
    "surprisal_spread": (
        "Spread of surprisal, nats",
        "mean over documents of the standard deviation of surprisal",
    ),
    "mean_log_odds": (
        "Mean log-odds of synthetic",
        "mean over documents of the log-odds of being synthetic",
    ),
    "confident_share": (
        "Share surely synthetic",
        "share of documents whose probability of being synthetic is above 95%",
    ),
    "entropy_bits": ("Unigram entropy, bits", "entropy of the batch's token counts"),
    "corrected_entropy_bits": (
        "Unigram entropy without bias, bits",
        "entropy of the batch's token counts, corrected for what so few tokens miss",
    ),
    "tail_coverage": ("Tail coverage", "rare token pairs present, over those expected of as much human text"),
    "missing_mass": ("Missing mass", "share of such text whose token types the batch lacks, estimated"),
    "distinct_2": ("Distinct-2", "distinct token pairs over all pairs, on a sample of equal size"),
    "compression_ratio": ("Compression", "compressed bytes over bytes, on a sample of equal size"),
}
"""Signal -> (title, what it is), in the order in which the report shows them."""


def signal_title(signal: str) -> str:
    """The signal's title for people; an unknown signal is called by its own name."""
    return SIGNALS[signal][0] if signal in SIGNALS else signal
