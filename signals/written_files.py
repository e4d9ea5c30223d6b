"""Files that people write, YAML and JSON: what is wrong is one line with file, line and key.

Refused in both: a key that is given twice, a value of another type than its key's (a number in quotes is no
number), one that is not finite, an unknown key. In YAML also a key without a value: a blank is mostly a value
that somebody meant to fill in, and taken as "any" it says the contrary of nothing.

YAML is read by the core schema of version 1.2: `no` and `2019-05-01` are text, `1e6` is a number.
"""

import difflib
import json
import math
import re
from collections.abc import Iterator
from typing import Any, TypeVar

import yaml
from pydantic import TypeAdapter, ValidationError
from pydantic_core import ErrorDetails

T = TypeVar("T")
Path = tuple[str | int, ...]
_MEANT_OF = 12


class _Loader(yaml.SafeLoader):
    """YAML 1.2's core schema, and underscores in numbers."""


_Loader.yaml_implicit_resolvers = {}
for _tag, _pattern, _first in (
    ("null", r"~|null|Null|NULL|", ["~", "n", "N", ""]),
    ("bool", r"true|True|TRUE|false|False|FALSE", list("tTfF")),
    ("int", r"[-+]?(?:0|[1-9][0-9_]*)", list("-+0123456789")),
    (
        "float",
        r"[-+]?(?:[0-9][0-9_]*\.[0-9_]*|\.[0-9]+|[0-9]+(?=[eE]))(?:[eE][-+]?[0-9]+)?"
        r"|[-+]?\.(?:inf|Inf|INF)|\.(?:nan|NaN|NAN)",
        list("-+.0123456789"),
    ),
    ("merge", r"<<", ["<"]),
):
    _Loader.add_implicit_resolver(f"tag:yaml.org,2002:{_tag}", re.compile(rf"^(?:{_pattern})$"), _first)


def parse_yaml(text: str, name: str, form: TypeAdapter[T], none: str) -> T:
    """What a YAML text says, in the given form.

    Args:
        name: the file's, for messages.
        none: what the file should hold, for a message about one that holds nothing.

    Raises:
        ValueError: one line that says what is wrong, with file, line and key.
    """
    if (bad := _unprintable(text)) is not None:
        raise ValueError(f"{name}, line {bad}: is not YAML: a control character")
    loader = _Loader(text)
    try:
        node = loader.get_single_node()
        if node is None:
            raise ValueError(f"{name}, line 1: the file says nothing: {none}")
        lines: dict[Path, int] = {}
        for path, line, problem in _walk(node, (), set()):
            lines.setdefault(path, line)
            if problem:
                raise ValueError(_message(name, line, path, problem))
        value = loader.construct_document(node)
        content = json.dumps(value)
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        where = f"{name}, line {mark.line + 1}" if mark else name
        raise ValueError(f"{where}: is not YAML: {error.problem or error.context}") from error
    except (yaml.YAMLError, TypeError, RecursionError) as error:
        raise ValueError(f"{name}: is not YAML of plain keys and values: {_one_line(error)}") from error
    finally:
        loader.dispose()
    return _checked(content, name, form, lines, none)


def parse_json(text: str, name: str, form: TypeAdapter[T]) -> T:
    """What a JSON text says, in the given form; `null` stands where the form has it.

    Raises:
        ValueError: one line that says what is wrong, with file, line and key.
    """
    try:
        json.loads(text, object_pairs_hook=_once, parse_constant=_not_finite)
    except json.JSONDecodeError as error:
        raise ValueError(f"{name}, line {error.lineno}: is not JSON: {error.msg}") from error
    except RecursionError as error:
        raise ValueError(f"{name}: is not JSON: it nests too deep") from error
    except _RefusedError as error:
        _, problem = _json_lines(text)
        path, line = problem or ((), 1)
        raise ValueError(_message(name, line, path, str(error))) from error
    try:
        return form.validate_json(text, strict=True)
    except ValidationError:
        return _checked(text, name, form, _json_lines(text)[0], "the file holds one object, { ... }")


class _RefusedError(Exception):
    """JSON that Python reads and this project doesn't."""


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    if len(found := dict(pairs)) < len(pairs):
        raise _RefusedError("the key is given twice; remove one")
    for key, value in pairs:
        if isinstance(value, float) and not math.isfinite(value):
            raise _RefusedError(f"{key} is not a finite number")
    return found


def _not_finite(word: str) -> float:
    raise _RefusedError(f"{word} is no finite number")


def _walk(node: yaml.Node, path: Path, above: set[int]) -> Iterator[tuple[Path, int, str]]:
    """Each key with its line and what is wrong with it, if anything."""
    line = node.start_mark.line + 1
    if id(node) in above:
        yield path, line, "the value holds itself"
        return
    above = above | {id(node)}
    if isinstance(node, yaml.MappingNode):
        seen: set[str] = set()
        for key, value in node.value:
            name = str(key.value) if isinstance(key, yaml.ScalarNode) else "?"
            of_key, at = (*path, name), key.start_mark.line + 1
            problem = ""
            if not isinstance(key, yaml.ScalarNode):
                problem = "a key is one word, no list and no mapping"
            elif name in seen:
                problem = "the key is given twice; remove one"
            elif _is_blank(value):
                problem = "the value is blank; write one, or remove the key"
            seen.add(name)
            yield of_key, at, problem
            yield from _walk(value, of_key, above)
    elif isinstance(node, yaml.SequenceNode):
        for number, value in enumerate(node.value):
            blank = "the entry is blank; write it, or remove it" if _is_blank(value) else ""
            yield (*path, number), value.start_mark.line + 1, blank
            yield from _walk(value, (*path, number), above)
    elif node.tag.endswith(":float") and re.search(r"(?i)inf|nan", str(node.value)):
        yield path, line, f"{node.value} is no finite number"
    else:
        yield path, line, ""


def _is_blank(node: yaml.Node) -> bool:
    if not isinstance(node, yaml.ScalarNode):
        return False
    return node.tag == "tag:yaml.org,2002:null" or not str(node.value).strip()


def _checked(content: str, name: str, form: TypeAdapter[T], lines: dict[Path, int], none: str) -> T:
    try:
        return form.validate_json(content, strict=True)
    except ValidationError as error:
        # A misspelt key is also a missing one: the first says what to do.
        first = min(error.errors(), key=lambda e: e["type"] != "extra_forbidden")
        path = tuple(part for part in first["loc"] if part != "[key]")
        if not path and first["type"] in ("model_type", "list_type"):
            raise ValueError(f"{name}, line 1: {none}") from error
        near = path
        while near and near not in lines:  # a key that is missing has no line: its parent's
            near = near[:-1]
        raise ValueError(_message(name, lines.get(near, 1), path, _words(first, form))) from error


def _words(error: ErrorDetails, form: TypeAdapter[Any]) -> str:
    message = error["msg"].removeprefix("Value error, ")
    if error["type"] == "extra_forbidden":
        known = _keys_beside(form.json_schema(), error["loc"])
        return f"unknown key{_closest_option(str(error['loc'][-1]), known)}"
    if error["type"] == "literal_error" and error["loc"][-1] == "[key]":
        expected = re.findall(r"'([^']*)'", error.get("ctx", {}).get("expected", ""))
        return f"unknown key{_closest_option(str(error['loc'][-2]), expected)}"
    if error["type"] == "missing":
        return "the key is missing"
    return message


def _keys_beside(schema: dict[str, Any], path: Path) -> list[str]:
    """The keys that there are where the path's last key stands."""
    parts = schema.get("$defs", {})

    def resolved(part: dict[str, Any]) -> dict[str, Any]:
        for choice in (part, *part.get("anyOf", ())):
            if "$ref" in choice:
                found: dict[str, Any] = parts[choice["$ref"].rpartition("/")[2]]
                return found
        return next((one for one in part.get("anyOf", ()) if one.get("type") != "null"), part)

    at = resolved(schema)
    for key in path[:-1]:
        step = at.get("items") if isinstance(key, int) else at.get("properties", {}).get(key)
        step = step or at.get("additionalProperties")
        if not isinstance(step, dict):
            return []
        at = resolved(step)
    return list(at.get("properties", {}))


def _closest_option(word: str, known: list[str]) -> str:
    if close := difflib.get_close_matches(word, known, n=1):
        return f"; did you mean {close[0]}?"
    shown = ", ".join(known[:_MEANT_OF]) + (", ..." if len(known) > _MEANT_OF else "")
    return f"; there are {shown}" if known else ""


def _message(name: str, line: int, path: Path, problem: str) -> str:
    parts = [
        f"entry {part + 1}" if isinstance(part, int) and n == 0 else str(part) for n, part in enumerate(path)
    ]
    if parts and parts[0].startswith("entry ") and len(parts) > 1:
        parts = [f"{parts[0]}, {parts[1]}", *parts[2:]]
    key = _one_line(".".join(parts))
    return f"{name}, line {line}: {key}: {problem}" if key else f"{name}, line {line}: {problem}"


def _one_line(what: object) -> str:
    return " ".join(str(what).split())


def _unprintable(text: str) -> int | None:
    """The line of a character that YAML has no place for."""
    found = yaml.reader.Reader.NON_PRINTABLE.search(text)
    return None if found is None else text.count("\n", 0, found.start()) + 1


_TOKEN = re.compile(r'"(?:[^"\\]|\\.)*"|[{}\[\],:]|[^\s{}\[\],:"]+', re.DOTALL)


def _json_lines(text: str) -> tuple[dict[Path, int], tuple[Path, int] | None]:
    """The line of each key and entry of a JSON text, and the first key that is doubled or not finite."""
    lines: dict[Path, int] = {}
    problem: tuple[Path, int] | None = None
    place: list[str | int | None] = []  # a key, an entry's number, or None before the first key
    line, end, tokens = 1, 0, list(_TOKEN.finditer(text))
    for number, token in enumerate(tokens):
        line += text.count("\n", end, token.start())
        end, word = token.start(), token.group()
        before = tokens[number - 1].group() if number else ""
        after = tokens[number + 1].group() if number + 1 < len(tokens) else ""
        if word == "{":
            place.append(None)
        elif word == "[":
            place.append(0)
        elif word in "}]":
            place.pop()
            continue
        elif word == "," and isinstance(place[-1], int):
            place[-1] += 1
        elif word[0] == '"' and after == ":" and before in "{,":
            place[-1] = json.loads(word)
            path = _path(place)
            if path in lines and problem is None:
                problem = path, line
            lines.setdefault(path, line)
        elif word not in ",:":
            lines.setdefault(_path(place), line)
            infinite = word.lstrip("-") in ("NaN", "Infinity") or (
                word[0] in "-0123456789" and not math.isfinite(float(word))
            )
            if infinite and problem is None:
                problem = _path(place), line
    return lines, problem


def _path(place: list[str | int | None]) -> Path:
    return tuple(part for part in place if part is not None)
