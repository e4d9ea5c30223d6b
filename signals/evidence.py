"""Evidence about a document's origin from sources.yaml: first match wins."""

import fnmatch
from collections.abc import Sequence
from functools import lru_cache
from urllib.parse import urlsplit

import tldextract
import yaml
from pydantic import TypeAdapter, ValidationError

from schemas.document import Document
from schemas.sources import Match, SourceEntry

# The suffix list that the package carries: nothing is fetched while a job runs.
_suffixes = tldextract.TLDExtract(suffix_list_urls=(), cache_dir=None)
_Entries = TypeAdapter(list[SourceEntry])


def parse_sources(text: str, name: str = "sources.yaml") -> list[SourceEntry]:
    """The entries of a sources.yaml, in order.

    Raises:
        ValueError: it isn't YAML, or an entry is not of the form; the message says which.
    """
    try:
        return _Entries.validate_python(yaml.safe_load(text) or [])
    except yaml.YAMLError as error:
        raise ValueError(f"{name} is not YAML: {str(error).splitlines()[0]}") from error
    except ValidationError as error:
        first = error.errors()[0]
        where = ", ".join(str(part) for part in first["loc"])
        raise ValueError(f"{name}: entry {where}: {first['msg']}") from error


@lru_cache(maxsize=100_000)
def _registered_domain_of_host(host: str) -> str:
    return _suffixes(host).top_domain_under_public_suffix or host


def registered_domain(url: str | None) -> str | None:
    """`example.co.uk` of `https://www.example.co.uk/a`; the host itself where it has no public
    suffix; None without a host."""
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
