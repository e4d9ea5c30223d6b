"""The text of a recipe.yaml to a `Recipe`, or one line that says what is wrong with it."""

from pydantic import TypeAdapter

from wellspring.schemas.recipe import Recipe
from wellspring.signals.written_files import parse_yaml

_FORM = TypeAdapter(Recipe)


def parse_recipe(content: str, name: str = "recipe.yaml") -> Recipe:
    """The recipe in a YAML text; `name` is for messages.

    Raises:
        ValueError: it is no YAML, a key is unknown (with the one that was meant), doubled or blank, a value
            is wrong, or the shares don't sum to one; the message has the line.
    """
    return parse_yaml(content, name, _FORM, "a recipe is a list of `key: value` lines")
