"""Evidence about a document's origin: what its source, its page, its archive and its own words say.

From sources.yaml the first match wins. A page's `meta generator` names its publishing system, robots.txt and
ai.txt say what may be done with it: neither says who wrote it. A C2PA manifest in a text is recorded
(`signals.text.invisible_runs`) and isn't read here.
"""

import fnmatch
from collections.abc import Sequence
from functools import lru_cache
from urllib.parse import urlsplit

import msgspec
import tldextract
from pydantic import TypeAdapter

from wellspring.schemas.document import Document
from wellspring.schemas.sources import Evidence, Match, SourceEntry
from wellspring.signals.verdict.declared_generator import names_language_model, source_type
from wellspring.signals.verdict.leakage import find_leak
from wellspring.signals.written_files import parse_yaml

# The suffix list that the package carries: nothing is fetched while a job runs.
_suffixes = tldextract.TLDExtract(suffix_list_urls=(), cache_dir=None)
_FORM = TypeAdapter(list[SourceEntry])


class _Declarations(msgspec.Struct, frozen=True):
    """What metadata may say of the writer; whatever types a data set gave them."""

    digital_source_type: object = None
    digitalSourceType: object = None  # noqa: N815  schema.org's name
    generator: object = None
    warc_type: object = None
    """Our reader of web archives writes it: there `generator` is the page's publishing system."""


_decoder = msgspec.json.Decoder(_Declarations)
# Before these months an archive can hold so much machine text at most: GPT-2's release, GPT-3's, ChatGPT's.
# Templates and machine translation are older than all of them.
_PRIORS = (("2019-02", 0.0001), ("2020-06", 0.001), ("2022-12", 0.01))
_EVEN = 0.5
_ARCHIVES = (".warc", ".arc")


def find_evidence(document: Document, sources: Sequence[SourceEntry]) -> Evidence:
    """Everything that is known of a document's origin."""
    archived = _archived_month(document)
    prior = next((share for before, share in _PRIORS if archived and archived < before), _EVEN)
    # Before there were chat models to leave them, such phrases are an accident.
    leak = find_leak(document.text) if prior == _EVEN else None
    return Evidence(
        source=find_source(document, sources),
        declared_generator=_declared(document.metadata),
        leaked_phrase=leak.phrase if leak else None,
        leak_is_certain=bool(leak and leak.certain),
        archived=archived if prior < _EVEN else None,
        prior=prior,
    )


def _archived_month(document: Document) -> str | None:
    """The month in which a web archive fetched the page. A date that a page or a file states of itself
    proves nothing.
    """
    name = document.file_path.rpartition("/")[2].lower()
    if document.date is None or not any(ending in name for ending in _ARCHIVES):
        return None
    return document.date[:7]


def _declared(metadata: str) -> str | None:
    """A digital source type that names a machine, or a data set's `generator` that names a language model."""
    if "ource" not in metadata and '"generator"' not in metadata:
        return None
    try:
        fields = _decoder.decode(metadata)
    except (msgspec.DecodeError, RecursionError):
        return None  # NaN, or nested too deep: readers keep it as the input had it
    for value in (fields.digital_source_type, fields.digitalSourceType):
        if isinstance(value, str) and source_type(value):
            return value
    if (
        fields.warc_type is None
        and isinstance(fields.generator, str)
        and names_language_model(fields.generator)
    ):
        return f"the work of {fields.generator}"
    return None


def parse_sources(text: str, name: str = "sources.yaml") -> list[SourceEntry]:
    """The entries of a sources.yaml, in order; none of a file that says nothing but comments.

    A domain is written as people write it, `WWW.Example.ORG` or `http://example.org/`: the entry has it as
    documents do, `example.org`.

    Raises:
        ValueError: it isn't YAML, or an entry is not of the form; the message has the line and the key.
    """
    if not any(line.strip() and not line.lstrip().startswith("#") for line in text.splitlines()):
        return []
    entries = parse_yaml(text, name, _FORM, "write a list of entries")
    return [_with_domain(entry, f"{name}: entry {n}") for n, entry in enumerate(entries, 1)]


def _with_domain(entry: SourceEntry, where: str) -> SourceEntry:
    written = entry.match.domain
    if written is None:
        return entry
    address = written.strip() if "://" in written else f"http://{written.strip()}"
    domain = registered_domain(address)
    if domain is None:
        raise ValueError(f"{where}, match.domain: {written!r} names no host; write one such as example.org")
    parts = urlsplit(address)
    if (parts.hostname or "").removeprefix("www.") != domain or parts.path.strip("/") or parts.query:
        raise ValueError(
            f"{where}, match.domain: {written!r} is only a part of {domain}, and documents are matched by "
            f"the whole: write {domain}"
        )
    return entry.model_copy(update={"match": entry.match.model_copy(update={"domain": domain})})


@lru_cache(maxsize=100_000)
def _registered_domain_of_host(host: str) -> str:
    return _suffixes(host).top_domain_under_public_suffix or host


def registered_domain(url: str | None) -> str | None:
    """`example.co.uk` of `https://www.example.co.uk/a`; the host itself where it has no public
    suffix; None without a host.
    """
    if not url:
        return None
    try:
        host = urlsplit(url).hostname
    except ValueError:  # a malformed address, such as an open bracket
        return None
    return _registered_domain_of_host(host) if host else None


def find_source(document: Document, sources: Sequence[SourceEntry]) -> SourceEntry | None:
    """The first entry whose conditions all hold for the document."""
    return next((entry for entry in sources if _matches(entry.match, document)), None)


def _matches(match: Match, document: Document) -> bool:
    return (
        (match.source is None or match.source == document.source)
        and (match.dump is None or match.dump == document.dump)
        and (match.path is None or fnmatch.fnmatchcase(document.file_path, match.path))
        and (match.domain is None or match.domain == registered_domain(document.url))
    )
