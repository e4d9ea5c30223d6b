"""What a reader refuses to hold or to work on: the bounds that hostile input runs into."""

import msgspec


class Limits(msgspec.Struct, frozen=True, kw_only=True):
    """Bounds on one record. Past them a record becomes a reject, it never stops a file.

    `max_record_bytes` bounds each form that a record takes in turn: as stored, after its HTTP
    content-encoding is undone, and as text. `min_characters` counts the text without the white
    space around it. `max_html_steps` bounds elements x depth, which is what extraction costs: it
    walks towards the root from every node, so a page of 100,000 nested `<div>`s takes minutes and
    a nested list writes gigabytes of indentation. A real page of 8 MiB needs about 10 million.
    """

    max_record_bytes: int = 8 << 20
    min_characters: int = 50
    max_metadata_bytes: int = 64 << 10
    max_html_steps: int = 20_000_000
    max_tag_attributes: int = 10_000
    max_options: int = 10_000
    max_templates: int = 10_000


DEFAULT_LIMITS = Limits()
