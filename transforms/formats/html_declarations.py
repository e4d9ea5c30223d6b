"""What a page's markup says about who or what made its text, within bounds on work.

A declaration counts where it speaks of the page's own text: an article whose picture is declared as a
model's work is not a model's work. So the scope of each is followed: the node of JSON-LD, the item of
microdata, the resource of RDFa.
"""

from collections.abc import Iterator
from typing import Any

import msgspec
from resiliparse.parse.html import HTMLTree

from wellspring.signals.verdict.declared_generator import source_type
from wellspring.transforms.formats.fields import bounded

MAX_DECLARATION_CHARACTERS = 200
_PROPERTY = "digitalsourcetype"
_NAMED = ", ".join(f'[{name}$="{_PROPERTY}" i]' for name in ("itemprop", "property", "name"))
_SCRIPTS = 'script[type="application/ld+json" i]'
# A page needs a handful of each. One with more is hostile and declares nothing: going through all matches
# of a selector is quadratic in their number, a page of 1 MB would take twenty minutes.
_MAX_MENTIONS = 50
_MAX_SCRIPTS = 200
_MAX_SCRIPT_CHARACTERS = 256 << 10
_MAX_NODES = 10_000
_MAX_VALUES = 10
_MAX_ANCESTORS = 200
# Types of things that are text, and of the pages that hold them. Any other type (pictures, products,
# comments, organisations) is not the page's text.
_TEXTS = (
    "article",
    "posting",
    "page",
    "report",
    "creativework",
    "book",
    "chapter",
    "recipe",
    "review",
    "story",
)
_NOT_TEXTS = ("imageobject", "image", "video", "audio", "media")
_SAME_TEXT = ("@graph", "mainentity", "mainentityofpage")


def page_declarations(html: str, tree: HTMLTree) -> dict[str, str]:
    """`generator` (the publishing system, as it calls itself) and `digital_source_type` (schema.org's or
    IPTC's, of the page's own text), each at most 200 characters.

    Where several digital source types are declared of the text, one that names a machine comes first.
    JSON-LD that is no JSON declares nothing.
    """
    declared: dict[str, str] = {}
    document: Any = tree.document  # resiliparse's annotations lack the nodes' methods
    lowered = html.lower()
    if document is None:
        return declared
    if "generator" in lowered:
        meta = document.query_selector('meta[name="generator" i][content]')
        if meta is not None:
            declared["generator"] = (meta.getattr("content") or "").strip()
    if 0 < lowered.count(_PROPERTY) <= _MAX_MENTIONS and lowered.count("<script") <= _MAX_SCRIPTS:
        found = [*_in_json_ld(document), *_in_attributes(document)]
        if found:
            value = next((value for value in found if source_type(value)), found[0])
            declared["digital_source_type"] = value
    cleaned = {name: bounded(value, MAX_DECLARATION_CHARACTERS) for name, value in declared.items()}
    return {name: value for name, value in cleaned.items() if value}


def _in_json_ld(document: Any) -> Iterator[str]:
    room = _MAX_NODES
    for script in document.query_selector_all(_SCRIPTS):
        text: str = script.text
        if len(text) > _MAX_SCRIPT_CHARACTERS or _PROPERTY not in text.lower():
            continue
        try:
            pending = [msgspec.json.decode(_without_cdata(text).encode(errors="replace"))]
        except (msgspec.DecodeError, RecursionError):
            continue  # no JSON: whose declaration it would be can't be known
        while pending and room:
            room -= 1
            node = pending.pop()
            if isinstance(node, list):
                pending += node[:room]
            elif isinstance(node, dict) and _is_text(node.get("@type")):
                for key, value in node.items():
                    name = key.lower()
                    if name.endswith(_PROPERTY):
                        yield from _values(value)
                    elif name.rpartition(":")[2].rpartition("/")[2] in _SAME_TEXT:
                        pending.append(value)


def _without_cdata(text: str) -> str:
    """JSON without the marks that old publishing systems put around scripts."""
    return text.strip().removeprefix("//").removeprefix("<![CDATA[").removesuffix("]]>").rstrip("/ \r\n\t")


def _values(value: object) -> Iterator[str]:
    for each in value[:_MAX_VALUES] if isinstance(value, list) else [value]:
        named = each.get("@id") if isinstance(each, dict) else each
        if isinstance(named, str) and named.strip():
            yield named.strip()


def _is_text(types: object) -> bool:
    """Whether a thing of these types may be the page's text. One without a type may: a node of @graph
    often only adds to another.
    """
    names = [str(each).lower() for each in (types if isinstance(types, list) else [types]) if each]
    if any(part in name for name in names for part in _NOT_TEXTS):
        return False
    return not names or any(part in name for name in names for part in _TEXTS)


def _in_attributes(document: Any) -> Iterator[str]:
    for element in document.query_selector_all(_NAMED):
        attribute = "itemscope" if element.hasattr("itemprop") else "typeof"
        if not _in_text(element, attribute):
            continue
        for name in ("content", "href", "resource", "src"):
            if value := (element.getattr(name) or "").strip():
                yield value
                break
        else:
            if value := element.text.strip()[: MAX_DECLARATION_CHARACTERS + 1]:
                yield value


def _in_text(element: Any, attribute: str) -> bool:
    """Whether the nearest thing around an element, by `itemscope` or `typeof`, is the page's text. What
    lies outside of every thing speaks of the page.
    """
    if attribute == "typeof" and element.getattr("about"):
        return False
    node = element.parent
    for _ in range(_MAX_ANCESTORS):
        if node is None or not node.tag or node.tag.startswith("#"):
            return True
        if node.hasattr(attribute):
            types = node.getattr("itemtype" if attribute == "itemscope" else "typeof") or ""
            if not _is_text(types.split()):
                return False
            # The text of something on the page, such as a comment's or another article's, isn't the page's.
            owner = "itemprop" if attribute == "itemscope" else "property"
            return (node.getattr(owner) or "").lower().rpartition(":")[2] in ("", *_SAME_TEXT)
        node = node.parent
    return False
