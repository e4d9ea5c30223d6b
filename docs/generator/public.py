"""The public package: every name that others may import, and the cards of the models that ship."""

import inspect
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import apache_beam as beam
import msgspec
from pydantic import BaseModel

import wellspring
from docs.generator import files, tables
from docs.generator.markdown import code, page

_INTRO = """\
What `import wellspring` offers. Everything else may change between versions. How to use it:
[use it from Python](../how-to/python.md)."""


def _is(*bases: type) -> Callable[[Any], bool]:
    return lambda value: isinstance(value, type) and issubclass(value, bases)


_KINDS: tuple[tuple[str, Callable[[Any], bool]], ...] = (
    ("Functions", inspect.isfunction),
    ("Transforms", _is(beam.PTransform)),
    ("Data", _is(msgspec.Struct, BaseModel)),
    ("Other classes", inspect.isclass),
    ("Constants", lambda value: True),
)
_FIELDS: dict[type, tuple[str, str]] = {
    root: (each.title, f"files/{name}.md") for name, each in files.FILES.items() for root in each.roots
} | {
    each.struct: (title, f"tables/{name}.md") for name, (title, _, of) in tables.PAGES.items() for each in of
}
_CARDS = {"reference-en": "reference_en", "reference-en-machine": "reference_en_machine"}
_LONGEST_LINE = 100
_CARD_FOLDER = Path(__file__).parents[2] / "signals"
_MODULES = re.compile(
    r"\b(?:wellspring|schemas|signals|transforms|apache_beam|numpy|collections)(?:\.\w+)*\.(?=\w)"
)


def pages() -> dict[str, str]:
    """{path under reference/: page} for the package and the models' cards."""
    entries: dict[str, list[str]] = {kind: [] for kind, _ in _KINDS}
    for name in wellspring.__all__:
        value = getattr(wellspring, name)
        kind = next(kind for kind, fits in _KINDS if fits(value))
        entries[kind].append(_entry(name, value, kind))
    parts = [f"## {kind}\n\n" + "\n\n".join(of_kind) for kind, of_kind in entries.items() if of_kind]
    cards = {f"models/{name}.md": _card(name, folder) for name, folder in _CARDS.items()}
    return {"python.md": page("Python", _INTRO, *parts), **cards}


def _entry(name: str, value: Any, kind: str) -> str:
    if kind == "Constants":
        return f"### {name}\n\n{code(repr(value))}"
    described = _as_markdown(value.__doc__ or "")
    if kind == "Data":
        fields = f"\n\nIts fields: [{_FIELDS[value][0]}]({_FIELDS[value][1]})." if value in _FIELDS else ""
        return f"### {name}\n\n{described}{fields}"
    parts = [f"### {name}", _signature(name, value), described]
    if kind == "Other classes":
        parts += [part for method in _methods(value) for part in method]
    return "\n\n".join(parts)


def _methods(value: type) -> list[tuple[str, str]]:
    """The public methods of a class, in the order of their declaration: signature, docstring."""
    return [
        (_signature(f"{value.__name__}.{name}", getattr(value, name)), _as_markdown(method.__doc__))
        for name, declared in vars(value).items()
        if (method := getattr(declared, "__func__", declared)).__doc__
        and inspect.isfunction(method)
        and not name.startswith("_")
    ]


def _signature(name: str, value: Any) -> str:
    """The call with its types, one argument per line where it is long."""
    signature = inspect.signature(value)
    arguments: list[str] = []
    keywords_only = False
    for parameter in signature.parameters.values():
        if parameter.name == "self":
            continue
        if parameter.kind is parameter.KEYWORD_ONLY and not keywords_only:
            arguments.append("*")
            keywords_only = True
        arguments.append(_shortened(str(parameter)))
    returns = signature.return_annotation
    result = "" if returns in (None, "None", signature.empty) else inspect.formatannotation(returns)
    end = _shortened(f") -> {result}") if result else ")"
    line = f"{name}({', '.join(arguments)}{end}"
    if len(line) > _LONGEST_LINE:
        inner = "".join(f"    {argument},\n" for argument in arguments)
        line = f"{name}(\n{inner}{end}"
    return f"```python\n{line}\n```"


def _shortened(text: str) -> str:
    """A type as it is written: without modules, numpy's arrays by their short name, no quotation marks."""
    text = _MODULES.sub("", text).replace("typing.", "")
    text = re.sub(r"ndarray\[tuple\[Any, \.\.\.\], dtype\[(\w+)\]\]", r"NDArray[\1]", text)
    text = re.sub(r"= (\w+)\([^()]*\)", r"= \1()", text)
    return re.sub(r"(: |-> )'([^']*)'", r"\1\2", text)


def _as_markdown(docstring: str) -> str:
    """A docstring in Google's form: its sections as headings in bold, their entries as lists."""
    lines: list[str] = []
    inside = False
    for line in inspect.cleandoc(docstring).splitlines():
        if section := re.fullmatch(r"(Args|Returns|Raises|Yields):", line):
            lines += [f"**{section[1]}**", ""]
            inside = True
        elif inside and (entry := re.fullmatch(r"    (\w[\w, ]*): (.*)", line)):
            lines.append(f"- `{entry[1]}`: {entry[2]}")
        else:
            lines.append(f"  {line.strip()}" if inside and line.strip() else line)
    return "\n".join(lines).strip()


def _card(name: str, folder: str) -> str:
    text = (_CARD_FOLDER / folder / "README.md").read_text(encoding="utf-8")
    _title, _, body = text.partition("\n")
    body = re.sub(r"^#+(?= Reference-model text| more_open)", "###", body, flags=re.MULTILINE)
    return page(f"Model card: {name}", body.strip())
