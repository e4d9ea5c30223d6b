"""A batch's stratum and window in words, as the report and the review page name them."""

import json

from schemas.audit import Audit

NO_DATE = "no date"


def stratum_words(stratum: str, *, keys: bool = True) -> str:
    """`{"source": "wiki", "language": "en"}` as `source=wiki, language=en`, without keys as `wiki, en`;
    other text as it is."""
    try:
        values = json.loads(stratum)
    except json.JSONDecodeError:
        return stratum
    if not isinstance(values, dict):
        return stratum
    words = [f"{key}={value}" if keys else str(value) for key, value in values.items()]
    return ", ".join(words) or "all documents"


def window_words(audit: Audit) -> str:
    """The first and last day of the batch's crawl window."""
    if audit.window_start is None:
        return NO_DATE
    start, end = audit.window_start[:10], (audit.window_end or "")[:10]
    return f"{start} to {end}" if end and end != start else start
