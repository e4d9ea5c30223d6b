"""HTML to text, within bounds on work."""

import re

from resiliparse.extract.html2text import extract_plain_text
from resiliparse.parse.encoding import bytes_to_str, detect_encoding, map_encoding_to_html5
from resiliparse.parse.html import HTMLTree

from wellspring.transforms.formats.html_declarations import page_declarations
from wellspring.transforms.formats.http import TooLargeError
from wellspring.transforms.formats.limits import Limits

# Below these sizes a page can't cost more than about two seconds whatever it holds, so that the
# pages of every day pay nothing for the checks.
_UNCHECKED_TAGS = 10_000
_UNCHECKED_CHARACTERS = 256 << 10
# A start tag as a browser reads it: quotes count only where a value begins. Possessive throughout
# and without its end, so that matching is linear in whatever follows a `<`.
_ATTRIBUTE = r"""[^\s/>][^\s/>=]*+(?:\s*+=\s*+(?:"[^"]*+"|'[^']*+'|[^\s>"'][^\s>]*+)?+)?+"""
_START_TAG = re.compile(rf"<[a-zA-Z][^\s/>]*+((?:[\s/]++|{_ATTRIBUTE})*+)")
_ATTRIBUTES = re.compile(_ATTRIBUTE)
_OPTION = re.compile(r"<option", re.IGNORECASE)
_TEMPLATE = re.compile(r"<template", re.IGNORECASE)
# Comments and raw text (matched whole, as they may hold tags), and tags, in lexbor's serialization.
_SERIALIZED_ATTRIBUTES = r"""(?:\s++[^\s=>"]++(?:="[^"]*+")?+)*+"""
_SERIALIZED_TAG = re.compile(
    rf"<!--.*?-->|<(script|style|xmp|iframe|noembed|noframes|plaintext|noscript){_SERIALIZED_ATTRIBUTES}>"
    rf".*?</\1>|<(/?)([^\s/>!?]++){_SERIALIZED_ATTRIBUTES}\s*+/?>",
    re.DOTALL,
)
_VOID = frozenset({
    "area", "base", "basefont", "bgsound", "br", "col", "embed", "frame", "hr", "img", "input", "keygen",
    "link", "meta", "param", "source", "track", "wbr",
})  # fmt: skip


def decode_page(body: bytes, declared: str | None, *, is_html: bool) -> str:
    """The characters of a page: byte order mark, then valid UTF-8 (which is no accident), then what
    the server declares, then what the page declares or its bytes look like. Undecodable bytes
    become U+FFFD.
    """
    if body[:2] in (b"\xff\xfe", b"\xfe\xff"):
        return body.decode("utf-16", "replace")
    if b"\x1b" not in body:  # ISO-2022-JP is ASCII all over
        try:
            return body.decode("utf-8-sig")
        except UnicodeDecodeError:
            pass
    encoding = map_encoding_to_html5(declared, fallback_utf8=False) if declared else None
    if encoding is None:
        encoding = detect_encoding(body, from_html_meta=is_html)
    text: str = bytes_to_str(body, encoding or "utf-8", errors="replace", fallback_encodings=())
    return text


def html_to_text(html: str, limits: Limits) -> tuple[str, dict[str, str]]:
    """The main content of a page as text, and what the page declares: `generator`,
    `digital_source_type` (schema.org or IPTC), each at most 200 characters.

    Extraction has dolma's settings: main content alone, block-level formatting kept (paragraphs
    and lists are what sentence lengths are measured on), no link targets, alternative texts,
    forms or comment sections.

    Raises:
        TooLargeError: the page is built so that parsing or extraction would take minutes.
    """
    if len(html) > _UNCHECKED_CHARACTERS:
        _check_parsing(html, limits)
    tree = HTMLTree.parse(html)
    if html.count("<") > _UNCHECKED_TAGS:
        _check_writing_out(html, limits)
        _check_extraction(tree, limits)
    text: str = extract_plain_text(
        tree,
        preserve_formatting=True,
        main_content=True,
        list_bullets=True,
        alt_texts=False,
        links=False,
        form_fields=False,
        noscript=False,
        comments=False,
    )
    return text, page_declarations(html, tree)


def _check_parsing(html: str, limits: Limits) -> None:
    """Refuses what parsing is quadratic in: attributes of one tag, options of a select."""
    for tag in _START_TAG.finditer(html):
        attributes = tag.group(1)
        # An attribute takes at least two characters with what separates it.
        if len(attributes) > 2 * limits.max_tag_attributes:
            count = sum(1 for _ in _ATTRIBUTES.finditer(attributes))
            if count > limits.max_tag_attributes:
                raise TooLargeError(f"an HTML tag with {count} attributes")
    options = sum(1 for _ in _OPTION.finditer(html))
    if options > limits.max_options:
        raise TooLargeError(f"HTML with {options} options")


def _check_writing_out(html: str, limits: Limits) -> None:
    """Refuses what `_check_extraction` would die of: lexbor writes a template inside a template by calling
    itself, and 100,000 of them are more than a stack holds. All are counted, nested or not.
    """
    templates = sum(1 for _ in _TEMPLATE.finditer(html))
    if templates > limits.max_templates:
        raise TooLargeError(f"HTML with {templates} templates")


def _check_extraction(tree: HTMLTree, limits: Limits) -> None:
    """Refuses a tree whose elements x depth, summed, pass the bound.

    Measured on the tree written out again, where every element that isn't void has its end tag and
    quotes are regular: ten times faster than walking the nodes.
    """
    depth = steps = 0
    for tag in _SERIALIZED_TAG.finditer(str(tree)):
        name = tag.group(3)
        if name is None or name in _VOID:
            continue
        depth += -1 if tag.group(2) else 1
        steps += depth
        if steps > 2 * limits.max_html_steps:  # start and end tags both counted
            raise TooLargeError(f"HTML nested {depth} deep: over {limits.max_html_steps} steps to extract")
