"""The language of a text."""

from resiliparse.parse.lang import detect_fast

# resiliparse's distance from the best language's n-gram profile: above this its own default
# calls a text unknown.
_MAX_DISTANCE = 1200
# More says no more: of 1,000 texts none changed its language with ten times as many.
_MAX_CHARACTERS = 2_000


def detect_language(text: str) -> str | None:
    """ISO 639-1 code of the text's language, None where it can't be told."""
    language, distance = detect_fast(text[:_MAX_CHARACTERS])
    return None if language == "unknown" or distance > _MAX_DISTANCE else str(language)
