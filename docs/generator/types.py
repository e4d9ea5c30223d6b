"""Types in the words of someone who reads JSON or YAML."""

import types
import typing
from collections.abc import Iterable
from typing import Annotated, Literal

import msgspec
from pydantic import BaseModel
from pydantic.fields import FieldInfo

from docs.generator.markdown import code
from wellspring.schemas.audit import Audit

_WORDS = {
    str: "text",
    int: "integer",
    float: "number",
    bool: "true or false",
    bytes: "bytes",
    object: "anything",
}
_BOUNDS = (
    ("ge", "from {}"),
    ("gt", "above {}"),
    ("le", "to {}"),
    ("lt", "below {}"),
    ("min_length", "at least {} long"),
)


def type_words(annotation: object, bounds: Iterable[object] = ()) -> str:
    """An annotation in words: `list[str] | None` is "list of text, or null".

    A struct or model is a link to the section of its name on the same page.

    Args:
        bounds: what else is asked of the value, as pydantic and annotated-types have it.
    """
    origin, arguments = typing.get_origin(annotation), typing.get_args(annotation)
    if origin is Annotated:
        return type_words(arguments[0], [*arguments[1:], *bounds])
    words = _words(annotation, origin, arguments)
    limits = [text.format(f"{value:g}") for value, text in _limits(bounds)]
    return " ".join([words, *limits])


def _words(annotation: object, origin: object, arguments: tuple[object, ...]) -> str:
    if origin is Literal:
        return " or ".join(code(value) for value in arguments)
    if origin in (types.UnionType, typing.Union):
        members = [type_words(each) for each in arguments if each is not types.NoneType]
        return " or ".join(members) + (", or null" if types.NoneType in arguments else "")
    if origin is dict:
        return f"object of {type_words(arguments[1])}"
    if origin is list:
        return f"list of {type_words(arguments[0])}"
    if origin is tuple:
        return "[" + ", ".join(type_words(each) for each in arguments) + "]"
    if annotation is Audit:
        return "a row of [audits](../tables/audits.md)"
    if isinstance(annotation, type) and issubclass(annotation, msgspec.Struct | BaseModel):
        return f"[{annotation.__name__}](#{annotation.__name__.lower()})"
    if isinstance(annotation, type) and hasattr(annotation, "_fields"):
        return "[" + ", ".join(annotation._fields) + "]"
    return _WORDS.get(annotation, str(annotation)) if isinstance(annotation, type) else str(annotation)


def _limits(bounds: Iterable[object]) -> list[tuple[float, str]]:
    flat = [
        each for bound in bounds for each in (bound.metadata if isinstance(bound, FieldInfo) else [bound])
    ]
    return [
        (getattr(bound, name), text)
        for bound in flat
        for name, text in _BOUNDS
        if getattr(bound, name, None) is not None
    ]
