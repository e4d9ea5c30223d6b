"""report.html of a training set."""

from collections.abc import Sequence

from pipelines.page import Html, document
from schemas.audit import Audit
from schemas.training_set import SetManifest


def render_set(manifest: SetManifest, audits: Sequence[Audit]) -> str:
    """The whole page, a function of its arguments alone."""
    return document("Wellspring: a training set", [Html("<h1>A training set</h1>")])
