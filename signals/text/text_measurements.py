"""All that is measured on a text without a language model."""

from wellspring.schemas.measurements import Measurements
from wellspring.signals.text.burstiness import burstiness
from wellspring.signals.text.vocabulary import MATTR_WINDOW, mattr, type_token_ratio
from wellspring.signals.text.words import words_and_sentences


def measure_text(id: str, text: str, *, language: str | None, tokens: int) -> Measurements:
    """The text's own measurements; what is undefined is None and its reason is recorded.

    Args:
        tokens: how many tokens the scorer's tokenizer made of the text.
    """
    split = words_and_sentences(text)
    words, lengths = split.words, split.sentence_lengths
    undefined = []
    if not words:
        undefined.append("type_token_ratio: no words")
    if len(words) < MATTR_WINDOW:
        undefined.append(f"mattr: fewer than {MATTR_WINDOW} words")
    if len(lengths) < 2:
        undefined.append("burstiness: one sentence" if lengths else "burstiness: no sentences")
    return Measurements(
        id=id,
        language=language,
        bytes=len(text.encode()),
        tokens=tokens,
        words=len(words),
        sentences=len(lengths),
        burstiness=burstiness(lengths),
        type_token_ratio=type_token_ratio(words),
        mattr=mattr(words),
        undefined=undefined,
    )
