"""The licence that a document's metadata states, as it states it."""

import msgspec

UNKNOWN = "unknown"
_KEYS = ("license", "licence")
_LONGEST = 100


def stated_licence(metadata: str) -> str:
    """`license` or `licence` of a document's metadata (a JSON object), on one line of at most 100
    characters; "unknown" where it states none.
    """
    if not any(key in metadata for key in _KEYS):
        return UNKNOWN
    try:
        values = msgspec.json.decode(metadata, type=dict[str, object])
    except msgspec.DecodeError:
        return UNKNOWN
    for key in _KEYS:
        value = values.get(key)
        if isinstance(value, str) and (line := " ".join(value.split())):
            return line[:_LONGEST]
    return UNKNOWN
