"""What the report calls things: labels, reasons of rejects, and how to read the page."""

from wellspring.schemas.label import HUMAN_UNVERIFIED, HUMAN_VERIFIED, SYNTHETIC_KNOWN, SYNTHETIC_SUSPECTED

LABELS = {
    HUMAN_VERIFIED: (
        "Somebody attests that people wrote it, and its measurements don't contradict that strongly."
    ),
    HUMAN_UNVERIFIED: "Nothing says that a machine wrote it. That is not proof that a person did.",
    SYNTHETIC_KNOWN: "Declared to be machine text: by its source, its metadata or its data set.",
    SYNTHETIC_SUSPECTED: "Only its measurements speak for machine text.",
}

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
    "untokenizable": "The tokenizer failed on the text.",
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
