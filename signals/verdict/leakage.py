"""Phrases that chat models leave in text: proof in the text's own voice, a hint elsewhere."""

import re
from typing import NamedTuple

_PHRASES = (
    "as an ai language model",
    "as a large language model",
    "i'm just an ai",
    "i am an ai language model",
    "i'm an ai assistant",
    "my last knowledge update",
    "as of my last update",
    "as of my knowledge cutoff",
    "my knowledge cutoff",
    "i cannot fulfill that request",
    "i can't fulfill that request",
    "i cannot fulfill your request",
    "i'm sorry, but i can't assist with that",
    "regenerate response",
    "certainly! here is",
    "certainly! here's",
    "sure! here's a",
    "is there anything else i can help you with",
    "i hope this helps! let me know if you",
)
_EDGE = 200
# Quotations within a paragraph; a single quote begins one only before and ends one only after a word, so
# that apostrophes don't.
_QUOTED = re.compile(
    r'"[^"\n]{1,600}"|[“„][^”“„\n]{1,600}[”“]|[«»][^«»\n]{1,600}[«»]|「[^」「\n]{1,600}」'
    r"|`[^`\n]{1,600}`|(?<!\w)'(?=\w)(?:[^'\n]|(?<=\w)'(?=\w)){1,600}'(?!\w)|(?m:^>.{0,600}$)"
)
_ASSISTANTS = re.compile(r"\b(?:chatgpt|openai|gpt-[345]|chatbots?|language models|llms?)\b")
_OWN_NAME = 120
"""Characters behind a phrase in which a model may name itself or its maker."""


class Leak(NamedTuple):
    phrase: str
    certain: bool
    """In the text's own voice: at its beginning or end, or beside another such phrase, in a text that
    doesn't speak of chat models otherwise."""


def find_leak(text: str) -> Leak | None:
    """The first phrase outside quotation that only a chat model writes of itself; None without one.

    People write about such phrases and quote them: within quotation marks, or on a line that begins
    with ">", they don't count; and one in the middle of a text, away from its first and last 200
    characters and alone, is a hint and no proof.
    """
    lowered = text.lower().replace("’", "'").replace("‘", "'")
    found = [phrase for phrase in _PHRASES if phrase in lowered]
    if not found:
        return None
    # Same length as the text, so that positions stand; quotations blanked.
    own = _QUOTED.sub(lambda match: " " * len(match.group()), lowered)
    places = {phrase: own.find(phrase) for phrase in found if phrase in own}
    if not places:
        return None
    first = min(places, key=lambda phrase: places[phrase])
    end = len(own.rstrip())
    at_edge = any(at < _EDGE or at + len(phrase) > end - _EDGE for phrase, at in places.items())
    certain = (at_edge or len(places) > 1) and not _speaks_of_models(own, places)
    return Leak(first, certain=certain)


def _speaks_of_models(text: str, places: dict[str, int]) -> bool:
    """Whether a text names chat models apart from where a phrase stands: then it may be about them."""
    own = [(at - _OWN_NAME // 4, at + len(phrase) + _OWN_NAME) for phrase, at in places.items()]
    return any(
        not any(start <= name.start() < end for start, end in own) for name in _ASSISTANTS.finditer(text)
    )
