"""The anchor set of a recipe: verified before anything is read, its index for the workers."""

from collections.abc import Callable
from typing import Any, NamedTuple

from pipelines.arguments import UsageError


class MixAnchor(NamedTuple):
    load: Callable[[], Any]
    """On a worker: the index of its documents."""
    facts: dict[str, str]
    """For the set's manifest."""


def load_anchor(path: str) -> MixAnchor:
    """An anchor set that verifies.

    Raises:
        UsageError: it doesn't: not a byte of a set is written beside an anchor that may have changed.
    """
    raise UsageError(f"anchor: {path}: this version can't verify anchor sets yet")
