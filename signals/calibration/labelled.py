"""Labelled text: documents of known origin, and what may not be told apart when a classifier is judged."""

import re
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from typing import Literal

import msgspec

from wellspring.schemas.document import Document
from wellspring.signals.stats.hashing import content_hash


class LabelledText(msgspec.Struct, frozen=True, kw_only=True):
    """A text of known origin.

    `prompt` is shared by texts that are not independent: a human text and what models made of the same
    prompt. `collection` is the part of `source` before "/": a data set made by one hand.
    """

    id: str
    text: str
    synthetic: bool
    generator: str | None
    source: str
    domain: str | None
    prompt: str
    collection: str


class _Labels(msgspec.Struct, kw_only=True):
    label: Literal["human", "synthetic"]
    generator: str | None = None
    domain: str | None = None
    prompt: str | None = None


def labelled_text(row: Mapping[str, object], document: Document) -> LabelledText:
    """A row `{"text", "label": "human"|"synthetic"}` as it was read.

    `id`, `generator`, `source`, `domain` and `prompt` may stand beside: without an id or a source the
    document has those that every job gives it. Without `prompt` it is the id up to the generator's name
    ("human" for human text), without that the whole id.

    Raises:
        ValueError: the row is not of that form.
    """
    known = {name: row[name] for name in _Labels.__struct_fields__ if not _is_missing(row.get(name))}
    labels = msgspec.convert(known, _Labels)
    return LabelledText(
        id=document.id,
        text=document.text,
        synthetic=labels.label == "synthetic",
        generator=labels.generator or ("unknown" if labels.label == "synthetic" else None),
        source=document.source,
        domain=labels.domain,
        prompt=labels.prompt or prompt_of(document.id, labels.generator),
        collection=document.source.partition("/")[0],
    )


def _is_missing(value: object) -> bool:
    """Null, or what tables have in its place."""
    return value is None or value != value


def prompt_of(document_id: str, generator: str | None) -> str:
    """The part of an id before the last name: `xsum-0075` of `xsum-0075-gpt-4` by gpt-4."""
    name = re.sub(r"[^a-z0-9.]+", "-", generator.lower()).strip("-") if generator else "human"
    prompt, found, _ = document_id.lower().rpartition(f"-{name}")
    return prompt if found else document_id


def independent(texts: Sequence[LabelledText]) -> list[LabelledText]:
    """The same texts, with prompts and collections merged until nothing is shared between two of them.

    Equal texts (`signals.stats.hashing.content_hash`) are made one prompt; collections that share a prompt
    are made one, named after all of them ("fast-detect-gpt + glimpse").

    Raises:
        ValueError: the same text stands under both labels.
    """
    by_content: dict[bytes, LabelledText] = {}
    prompts = _Groups()
    for text in texts:
        first = by_content.setdefault(content_hash(text.text), text)
        if first.synthetic != text.synthetic:
            raise ValueError(f"{first.id} and {text.id} are the same text, labelled human and synthetic")
        prompts.join(first.prompt, text.prompt)
    collections_of: dict[str, set[str]] = defaultdict(set)
    for text in texts:
        collections_of[prompts.name(text.prompt)].add(text.collection)
    collections = _Groups()
    for together in collections_of.values():
        first_of, *others = sorted(together)
        collections.join(first_of, first_of)
        for other in others:
            collections.join(first_of, other)
    names = collections.members()
    return [
        msgspec.structs.replace(
            text,
            prompt=prompts.name(text.prompt),
            collection=" + ".join(names[collections.name(text.collection)]),
        )
        for text in texts
    ]


class _Groups:
    """Disjoint sets of strings, each named by its least member."""

    def __init__(self) -> None:
        self._parent: dict[str, str] = {}

    def name(self, member: str) -> str:
        self._parent.setdefault(member, member)
        while self._parent[member] != member:
            self._parent[member] = self._parent[self._parent[member]]
            member = self._parent[member]
        return member

    def join(self, one: str, other: str) -> None:
        low, high = sorted((self.name(one), self.name(other)))
        self._parent[high] = low

    def members(self) -> dict[str, list[str]]:
        groups: dict[str, list[str]] = defaultdict(list)
        for member in sorted(self._parent):
            groups[self.name(member)].append(member)
        return groups


def one_per_prompt(texts: Iterable[LabelledText]) -> list[LabelledText]:
    """The first text of each prompt: documents of one prompt are not independent."""
    seen: dict[str, LabelledText] = {}
    for text in texts:
        seen.setdefault(text.prompt, text)
    return list(seen.values())
