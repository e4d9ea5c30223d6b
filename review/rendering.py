"""How pages are made of templates: what is printed is escaped and made visible, whatever a template says."""

from datetime import UTC, datetime

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup, escape

from wellspring.signals.text.visible_text import visible_text

_NONE = Markup("–")
SHORT_ID = 8


def environment() -> Environment:
    """The templates of this folder. Every string that they print is escaped, its invisible and reordering
    characters shown as escapes; only `Markup` made by our own functions stands as it is.
    """
    made = Environment(
        loader=PackageLoader("wellspring.review"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        finalize=_harmless,
    )
    made.filters |= {
        "apart": apart,
        "lines": lines,
        "unchanged": escape,  # only for a value that a form sends back
        "number": number,
        "integer": integer,
        "percent": percent,
        "short": lambda batch_id: batch_id[:SHORT_ID],
        "moment": moment,
    }
    return made


def _harmless(value: object) -> object:
    return visible_text(value) if isinstance(value, str) and not isinstance(value, Markup) else value


def apart(value: str | None, limit: int = 200) -> Markup:
    """Text from data, at most `limit` characters of it, in a direction of its own."""
    if value is None:
        return _NONE
    return Markup("<bdi>{}</bdi>").format(visible_text(value, limit))


def lines(value: str) -> Markup:
    """Text in which line breaks and tabs stay what they are."""
    shown = "".join(c if c in "\n\t" else visible_text(c) for c in value.replace("\r\n", "\n"))
    return escape(shown)


def number(value: float | None, digits: int = 4) -> str:
    """Significant digits; a dash for null."""
    if value is None:
        return _NONE
    return f"{value:,.0f}" if abs(value) >= 10_000 else f"{value:.{digits}g}"


def integer(value: int) -> str:
    return f"{value:,}"


def percent(share: float | None) -> str:
    return _NONE if share is None else f"{100 * share:.0f}%"


def moment(value: str | None) -> str:
    """An ISO 8601 moment to the minute, UTC; what is none is shown as it is."""
    if value is None:
        return _NONE
    try:
        parsed = datetime.fromisoformat(value)
    except ValueError:
        return value[:40]
    if parsed.tzinfo is not None:
        parsed = parsed.astimezone(UTC)
    return f"{parsed:%Y-%m-%d %H:%M}"


def span_words(seconds: float) -> str:
    """A span of time as people say it: "3 days", "12 seconds"."""
    for unit, size in (("day", 86_400), ("hour", 3600), ("minute", 60)):
        if seconds >= size:
            count = int(seconds // size)
            return f"{count:,} {unit}{'s' * (count != 1)}"
    return f"{max(0, int(seconds))} seconds"
