"""The fields of a struct or model, with what the code says of each beside its declaration."""

import ast
import functools
import inspect
import re
import textwrap
from typing import NamedTuple

import msgspec
from pydantic import BaseModel

Declared = type[msgspec.Struct] | type[BaseModel]
_PART = re.compile(r"\b(Unit|Null): ")


class Field(NamedTuple):
    """A field as it is documented.

    The docstring under a field may end in `Unit: ...` and `Null: ...`, a sentence each: they are cut off it.
    """

    name: str
    annotation: str
    """As it is written in the class."""
    meaning: str
    unit: str
    null: str
    """When the value is null; empty where the docstring doesn't say."""

    @property
    def nullable(self) -> bool:
        return "None" in self.annotation


@functools.cache
def fields_of(declared: Declared) -> tuple[Field, ...]:
    """The fields of a class in their order, those of its bases first.

    A field that a subclass declares again stands in the place of the base's.
    """
    found: dict[str, Field] = {}
    for base in reversed(declared.__mro__):
        if base.__module__.split(".")[0] in ("builtins", "msgspec", "pydantic"):
            continue
        found |= {field.name: field for field in _declared_in(base)}
    return tuple(found[name] for name in _names(declared) if name in found)


def explained(text: str) -> str:
    """A docstring as Markdown: its paragraphs unwrapped, headings of its own left out."""
    paragraphs = inspect.cleandoc(text).split("\n\n")
    return "\n\n".join(p if p.startswith(("|", "    ", "- ")) else " ".join(p.split()) for p in paragraphs)


def _names(declared: Declared) -> tuple[str, ...]:
    if issubclass(declared, msgspec.Struct):
        return declared.__struct_fields__
    return tuple(declared.model_fields)


def _declared_in(declared: type) -> list[Field]:
    try:
        source = textwrap.dedent(inspect.getsource(declared))
    except (OSError, TypeError):
        return []
    body = ast.parse(source).body[0]
    assert isinstance(body, ast.ClassDef)
    fields = []
    for statement, following in zip(body.body, [*body.body[1:], None], strict=True):
        if not isinstance(statement, ast.AnnAssign) or not isinstance(statement.target, ast.Name):
            continue
        doc = ""
        if isinstance(following, ast.Expr) and isinstance(following.value, ast.Constant):
            doc = str(following.value.value)
        fields.append(_field(statement.target.id, ast.unparse(statement.annotation), doc))
    return fields


def _field(name: str, annotation: str, doc: str) -> Field:
    meaning, *rest = _PART.split(" ".join(doc.split()))
    parts = dict(zip(rest[::2], rest[1::2], strict=True))
    unit, null = (parts.get(part, "").strip().rstrip(".") for part in ("Unit", "Null"))
    return Field(name, annotation.strip("'\""), meaning.strip(), unit, null)
