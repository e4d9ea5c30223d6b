"""The text of a recipe.yaml to a `Recipe`, or one line that says what is wrong with it."""

import difflib

import yaml
from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from schemas.label import PROVENANCE_LABELS
from schemas.recipe import LowFrequency, Recipe, Tail

_PARTS: dict[str, type[BaseModel]] = {"low_frequency": LowFrequency, "tail": Tail}


def parse_recipe(content: str, name: str = "recipe.yaml") -> Recipe:
    """The recipe in a YAML text; `name` is for messages.

    Raises:
        ValueError: it is no YAML, a key is unknown (with the one that was meant), a value is wrong,
            or the shares don't sum to one.
    """
    try:
        value = yaml.safe_load(content)
    except yaml.YAMLError as error:
        raise ValueError(f"{name} is not YAML: {' '.join(str(error).split())}") from error
    if not isinstance(value, dict):
        raise ValueError(f"{name}: a recipe is a list of `key: value` lines")
    try:
        return Recipe.model_validate(value)
    except ValidationError as error:
        # A misspelt key is also a missing one: the first says what to do.
        errors = sorted(error.errors(), key=lambda e: e["type"] != "extra_forbidden")
        raise ValueError(f"{name}: {_line(errors[0])}") from error


def _line(error: ErrorDetails) -> str:
    where = [str(part) for part in error["loc"] if part != "[key]"]
    message = error["msg"].removeprefix("Value error, ")
    if error["type"] == "extra_forbidden":
        model = _PARTS.get(where[0], Recipe) if len(where) > 1 else Recipe
        return f"unknown key {'.'.join(where)}{_meant(where[-1], list(model.model_fields))}"
    if where[:1] == ["shares"] and error["type"] == "literal_error":
        return f"shares: unknown label {where[-1]}{_meant(where[-1], list(PROVENANCE_LABELS))}"
    return f"{'.'.join(where)}: {message}" if where else message


def _meant(word: str, known: list[str]) -> str:
    close = difflib.get_close_matches(word, known, n=1)
    return f"; did you mean {close[0]}?" if close else f"; there are {', '.join(known)}"
