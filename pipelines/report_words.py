"""What the report calls things: labels, signals, reasons of rejects, and how to read the page."""

from schemas.label import HUMAN_UNVERIFIED, HUMAN_VERIFIED, SYNTHETIC_KNOWN, SYNTHETIC_SUSPECTED

LABELS = {
    HUMAN_VERIFIED: (
        "Somebody attests that people wrote it, and its measurements don't contradict that strongly."
    ),
    HUMAN_UNVERIFIED: "Nothing says that a machine wrote it. That is not proof that a person did.",
    SYNTHETIC_KNOWN: "Declared to be machine text: by its source, its metadata or its data set.",
    SYNTHETIC_SUSPECTED: "Only its measurements speak for machine text.",
}

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
        "nats a token by which a model of machine text predicts it better than one of human text",
    ),
    "tokens": ("Tokens", "length in the scorer's tokens"),
    "words": ("Words", "length in words"),
    "sentences": ("Sentences", "length in sentences"),
    "bytes": ("Bytes", "length in UTF-8 bytes"),
    "cross_entropy_bits": (
        "Cross-entropy, bits a token",
        "mean bits a token under the scorer, over the batch",
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

REASONS = {
    "empty": "The record has no text.",
    "too_short": "The text is shorter than the least length.",
    "too_large": "The record is larger than the limit for one record.",
    "not_html": "A web response that is no HTML, such as an image or a PDF.",
    "no_text": "HTML from which no text could be taken.",
    "duplicate": "The same text as another document of this run, after normalising: kept once.",
    "malformed": "The record breaks the rules of its format.",
    "http_status": "The server answered with an error or a redirection, not with a page.",
    "no_payload": "The record carries no content.",
    "damaged": "The record is cut short: its file is damaged.",
    "segmented": "A part of a record that is spread over several files.",
    "no_tokens": "The tokenizer made no token of the text.",
    "unscorable": "The scorer could not process the text.",
    "undecodable": "The bytes are not text in any encoding that was tried.",
}

GLOSSARY = (
    ("provenance label", "Where a document comes from, as far as known: one of the four labels above."),
    (
        "verdict, confidence",
        "What the measurements alone say of one document: SYNTHETIC, LIKELY_HUMAN or ABSTAIN, with LOW, "
        "MEDIUM "
        "or HIGH confidence. Evidence about the source comes before it.",
    ),
    (
        "batch, window, stratum",
        "Documents of one span of crawl dates and one kind (such as source and language) that would be "
        "trained on "
        "together: the unit that is audited and held.",
    ),
    (
        "audit, deciding signal, limit",
        "The entropy record of a batch. One signal, chosen by the profile, decides: a batch is held when "
        "its value "
        "crosses the profile's limit for its stratum. Bars are 95% intervals with documents as the unit; "
        "they show "
        "the margin, they don't decide.",
    ),
    (
        "gate",
        "Under monitor it is recorded what would be held, and nothing is; under enforce those batches "
        "wait in "
        "hold/ for a person's decision.",
    ),
    (
        "not gated",
        "A batch too small to be judged, or without a limit for its stratum: measured and passed on.",
    ),
    ("profile", "The thresholds and limits in use, and the scorer for which they were calibrated."),
    ("reject", "A record that became no document, with the reason; the rows are in rejects/."),
)

SEED_CAVEATS = (
    "The profile seed holds printed thresholds that were not calibrated for this scorer or this text. Its "
    "verdicts "
    "are votes, not probabilities; expect many errors in both directions, and more on short texts.",
    "Type-token ratio falls with length, so long human texts collect votes that they don't deserve.",
    "Its entropy floor hardly ever fires on ordinary tokens, so seed only monitors: it never holds a batch.",
)

CAVEATS = (
    "No measurement proves who wrote a single text. Use labels for shares and trends, not to accuse an "
    "author.",
    "Human text differs between sources by about as much as a moderate share of machine text moves a "
    "batch: a limit "
    "from a source's own earlier crawls is worth more than one from elsewhere.",
    "Histograms show labels that were set with the help of these same signals: that the curves of "
    "suspected and "
    "unverified text lie apart is no evidence that the labels are right.",
)


def signal_title(signal: str) -> str:
    """The signal's title for people; an unknown signal is called by its own name."""
    return SIGNALS[signal][0] if signal in SIGNALS else signal
