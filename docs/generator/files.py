"""The files that people write and the JSON that jobs write: each key with its type, default and meaning."""

import typing
from typing import NamedTuple

import msgspec
from pydantic import BaseModel

from docs.generator.fields import Declared, Field, explained, fields_of
from docs.generator.markdown import code, page, table
from docs.generator.types import type_words
from wellspring.schemas.accuracy import Accuracy
from wellspring.schemas.anchor import AnchorRemoval, AnchorVersion, LoggedExport
from wellspring.schemas.audit import Audit, Ticket
from wellspring.schemas.cost_assumptions import CostAssumptions
from wellspring.schemas.decision import Decision, Release
from wellspring.schemas.forgotten import ForgottenRecord
from wellspring.schemas.manifest import Manifest
from wellspring.schemas.monitor import MonitorReport, OutputBaseline
from wellspring.schemas.profile import Profile
from wellspring.schemas.recipe import Recipe
from wellspring.schemas.simulation import SimulatedGeneration
from wellspring.schemas.sources import SourceEntry
from wellspring.schemas.tail_benchmark import TailItem, TailManifest, TailScores
from wellspring.schemas.training_set import SetManifest
from wellspring.schemas.window_audit import WindowAudit


class Described(NamedTuple):
    title: str
    intro: str
    roots: tuple[Declared, ...]


FILES: dict[str, Described] = {
    "sources": Described(
        "sources.yaml",
        "A list of entries; the first that matches a document counts. "
        "See [say what you know of your sources](../../how-to/sources.md).",
        (SourceEntry,),
    ),
    "recipe": Described(
        "recipe.yaml",
        "What a training set is made of. See [draw a training set](../../how-to/training-set.md).",
        (Recipe,),
    ),
    "profile": Described(
        "profile.json",
        "What `wellspring calibrate` writes: thresholds, limits and where they come from. "
        "See [calibrate on your own text](../../how-to/calibrate.md).",
        (Profile,),
    ),
    "cost-assumptions": Described(
        "cost_assumptions.yaml",
        "Rates and prices behind `wellspring estimate`. See [estimate the cost](../../how-to/cost.md).",
        (CostAssumptions,),
    ),
    "manifest": Described(
        "manifest.json of a run", "Written last; without it a folder is no run.", (Manifest,)
    ),
    "set-manifest": Described(
        "manifest.json of a training set",
        "All keys of a [run's manifest](manifest.md), and these.",
        (SetManifest,),
    ),
    "hold": Described(
        "Tickets, decisions and releases",
        "`hold/batch=ID/ticket.json`, `decisions/ID/N.json` and `releases/N.json`.",
        (Ticket, Decision, Release),
    ),
    "drift": Described("audits/_drift-*.json", "One line per stratum and crawl window.", (WindowAudit,)),
    "forgotten": Described(
        "forgotten/N.json",
        "What `wellspring forget` leaves in a run or set; an anchor set's removals have more.",
        (ForgottenRecord, AnchorRemoval),
    ),
    "anchor": Described(
        "An anchor set's versions and exports",
        "`versions/N/version.json` and `exports/N.json`.",
        (AnchorVersion, LoggedExport),
    ),
    "accuracy": Described(
        "accuracy.json", "What `wellspring evaluate` and `calibrate` measure.", (Accuracy,)
    ),
    "simulation": Described("simulation.json", "A list; one entry per generation.", (SimulatedGeneration,)),
    "tails": Described(
        "Tail benchmarks",
        "`items.jsonl` and `manifest.json` of `wellspring tails build`, and what `tails score` writes.",
        (TailItem, TailManifest, TailScores),
    ),
    "monitor": Described(
        "monitor.json and baseline.json", "What `wellspring monitor` writes.", (MonitorReport, OutputBaseline)
    ),
}


def pages() -> dict[str, str]:
    """{path under reference/: page} for every file."""
    return {
        f"files/{name}.md": page(each.title, each.intro, *_sections(each.roots))
        for name, each in FILES.items()
    }


def _sections(roots: tuple[Declared, ...]) -> list[str]:
    inherited = frozenset(f.name for f in fields_of(Manifest) if roots == (SetManifest,))
    return [_section(each, inherited) for each in reachable(roots, inherited)]


def _section(declared: Declared, without: frozenset[str]) -> str:
    fields = [field for field in fields_of(declared) if field.name not in without]
    hints = typing.get_type_hints(declared, include_extras=True)
    rows = [
        (
            code(field.name),
            _meaning(field),
            type_words(hints[field.name], _bounds(declared, field.name)),
            _default(declared, field.name),
        )
        for field in fields
    ]
    body = table(("key", "meaning", "type", "default"), rows)
    return f"## {declared.__name__}\n\n{explained(declared.__doc__ or '')}\n\n{body}"


def _meaning(field: Field) -> str:
    parts = [field.meaning]
    if field.unit:
        parts.append(f"Unit: {field.unit}.")
    if field.null:
        parts.append(f"Null: {field.null}.")
    return " ".join(part for part in parts if part)


def _bounds(declared: Declared, name: str) -> list[object]:
    return list(declared.model_fields[name].metadata) if issubclass(declared, BaseModel) else []


def _default(declared: Declared, name: str) -> str:
    if issubclass(declared, BaseModel):
        field = declared.model_fields[name]
        if field.is_required():
            return "required"
        return code(_as_json(field.get_default(call_default_factory=True)))
    found = next(f for f in msgspec.structs.fields(declared) if f.name == name)
    if found.required:
        return ""
    default = found.default if found.default is not msgspec.NODEFAULT else found.default_factory()
    return code(_as_json(default))


def _as_json(value: object) -> str:
    return msgspec.json.encode(value, enc_hook=str).decode()


def reachable(roots: tuple[Declared, ...], without: frozenset[str] = frozenset()) -> list[Declared]:
    """The roots and every class that their fields hold, each once, breadth first."""
    found, waiting = [], list(roots)
    while waiting:
        declared = waiting.pop(0)
        if declared in found:
            continue
        found.append(declared)
        hints = typing.get_type_hints(declared)
        for field in fields_of(declared):
            if field.name not in without:
                waiting += _declared_within(hints[field.name])
    return found


def _declared_within(annotation: object) -> list[Declared]:
    if annotation is Audit:  # a table of its own
        return []
    if isinstance(annotation, type) and issubclass(annotation, msgspec.Struct | BaseModel):
        return [annotation]
    return [each for argument in typing.get_args(annotation) for each in _declared_within(argument)]
