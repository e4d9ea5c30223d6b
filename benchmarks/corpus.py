"""The benchmarks' input: web archives made on the spot, the same bytes each time.

The texts are those of the project's shared data where a checkout has it beside itself, else the
reference that every Python installation carries. They are read where they lie and written into
temporary files alone.
"""

import gzip
import html
import itertools
import json
import uuid
from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path
from pydoc_data import topics
from typing import NamedTuple

from wellspring.signals.stats.hashing import stable_hash

SHARED_DATA = Path(__file__).resolve().parents[1].parent / "shared" / "data"
MB = 1_000_000

_FOLDERS = ("labelled", "lmtext")
_PAGE_CHARACTERS = 20_000
"""Longer texts (books) are cut into pages of at most this: the rest of a page is the next one."""
_FILE_BYTES = 10 * MB
"""Text in one archive file."""
_DUMP = "CC-MAIN-2026-47"
_FIRST_DAY = datetime(2026, 11, 9)
_DAYS = 3
_NAMESPACE = uuid.UUID("5c9e3f0e-2f57-5d0e-9b5e-6c1d8a2f4b10")

HTML_BYTES_PER_TEXT_BYTE = 10
"""How much larger than its text a made page is.

Common Crawl counted 77 KB a page in December 2014 (160 TB, 2.08 billion pages), and pages have
grown since; the texts here have 4 KB on average.
"""


class Corpus(NamedTuple):
    """Archive files, what they hold, and where the texts came from."""

    files: list[Path]
    documents: int
    text_bytes: int
    texts: str

    def facts(self) -> dict[str, object]:
        """What a result says of its input."""
        return {"texts": self.texts, "documents": self.documents, "text_bytes": self.text_bytes}


def write_wet(folder: Path, text_bytes: int) -> Corpus:
    """WET files with about so many bytes of text, all texts different, over three crawl dates."""
    return _write(folder, text_bytes, "warc.wet.gz", _conversion)


def write_html_warc(folder: Path, text_bytes: int) -> Corpus:
    """WARC files with pages of about so many bytes of text and ten times as much markup."""
    return _write(folder, text_bytes, "warc.gz", _response)


def texts() -> Iterator[str]:
    """Texts of 200 to 20,000 characters without an end, no two alike.

    When all have been given they come again with their parts in another order.
    """
    pages, _ = _pages()
    for round_ in itertools.count():
        for page in pages:
            if round_ == 0:
                yield page
                continue
            mark = "\n" if page.count("\n") > 2 else ". "
            parts = page.split(mark)
            if len(parts) > 2:
                yield mark.join(sorted(parts, key=lambda part: stable_hash(part, f"round {round_}")))


def _pages() -> tuple[list[str], str]:
    shared = [path for name in _FOLDERS for path in sorted((SHARED_DATA / name).glob("*.jsonl.gz"))]
    whole: list[str] = []
    for path in shared:
        with gzip.open(path, "rt", encoding="utf-8") as lines:
            whole.extend(json.loads(line)["text"] for line in lines)
    source = f"shared data: {', '.join(_FOLDERS)}"
    if not whole:
        whole = [topics.topics[name] for name in sorted(topics.topics)]
        source = "pydoc_data.topics of CPython"
    pages = {page for text in whole for page in _cut(text) if len(page) >= 200}
    return sorted(pages, key=stable_hash), source


def _cut(text: str) -> Iterator[str]:
    while len(text) > _PAGE_CHARACTERS:
        end = text.rfind("\n", _PAGE_CHARACTERS // 2, _PAGE_CHARACTERS)
        end = end if end > 0 else _PAGE_CHARACTERS
        yield text[:end]
        text = text[end:].lstrip()
    yield text


def _write(folder: Path, text_bytes: int, ending: str, record) -> Corpus:  # type: ignore[no-untyped-def]
    folder.mkdir(parents=True, exist_ok=True)
    source = texts()
    files: list[Path] = []
    documents = written = 0
    while written < text_bytes:
        path = folder / f"{_DUMP}-{len(files):05d}.{ending}"
        files.append(path)
        with path.open("wb") as file:
            file.write(_warcinfo(path.name))
            full = min(text_bytes, written + _FILE_BYTES)
            while written < full:
                text = next(source)
                file.write(record(text, documents))
                documents += 1
                written += len(text.encode())
    return Corpus(files, documents, written, _pages()[1])


def _warcinfo(name: str) -> bytes:
    body = f"isPartOf: {_DUMP}\r\ndescription: made for a benchmark; not a Common Crawl file\r\n".encode()
    headers = {"WARC-Type": "warcinfo", "WARC-Date": _date(0), "Content-Type": "application/warc-fields"}
    return _member(headers, f"info/{name}", body)


def _conversion(text: str, number: int) -> bytes:
    headers = {
        "WARC-Type": "conversion",
        "WARC-Target-URI": _url(number),
        "WARC-Date": _date(number),
        # Spares datatrove's reader the guess by libmagic, which takes some texts for program code.
        "WARC-Identified-Payload-Type": "text/plain",
        "WARC-Identified-Content-Language": "eng",
        "Content-Type": "text/plain",
    }
    return _member(headers, _url(number), text.encode())


def _response(text: str, number: int) -> bytes:
    page = html_page(text, number).encode()
    http = (
        f"HTTP/1.1 200 OK\r\nContent-Type: text/html; charset=UTF-8\r\nContent-Length: {len(page)}\r\n\r\n"
    ).encode()
    headers = {
        "WARC-Type": "response",
        "WARC-Target-URI": _url(number),
        "WARC-Date": _date(number),
        "WARC-Identified-Payload-Type": "text/html",
        "Content-Type": "application/http; msgtype=response",
    }
    return _member(headers, _url(number), http + page)


def _url(number: int) -> str:
    return f"https://www.site{number % 997}.example/{stable_hash(str(number)):016x}"


def _date(number: int) -> str:
    return (_FIRST_DAY + timedelta(days=number % _DAYS)).strftime("%Y-%m-%dT12:00:00Z")


def _member(headers: dict[str, str], name: str, body: bytes) -> bytes:
    lines = [
        "WARC/1.0",
        *(f"{field}: {value}" for field, value in headers.items()),
        f"WARC-Record-ID: <urn:uuid:{uuid.uuid5(_NAMESPACE, name)}>",
        f"Content-Length: {len(body)}",
    ]
    return gzip.compress("\r\n".join([*lines, "", ""]).encode() + body + b"\r\n\r\n", 6, mtime=0)


def html_page(text: str, number: int) -> str:
    """A page as content systems write them: the text in an article, and around it scripts, style
    rules, a menu, teasers and a footer, until the page is ten times as large as its text."""
    paragraphs = "\n".join(
        f'<p class="article__paragraph" data-block="{i}">{html.escape(line, quote=False)}</p>'
        for i, line in enumerate(text.split("\n"))
        if line.strip()
    )
    # A quarter of the rest are scripts and styles, the others elements: even so a KB of it takes
    # less time to parse than one of the real pages that the project was tried on.
    rest = max(0, HTML_BYTES_PER_TEXT_BYTE * len(text) - len(paragraphs))
    scripts = _filled(rest // 6, number, _script)
    styles = _filled(rest // 12, number, _rule)
    menu = _filled(rest // 4, number, _menu_entry)
    teasers = _filled(rest // 4, number + 1, _teaser)
    footer = _filled(rest // 4, number + 2, _menu_entry)
    return (
        f'<!DOCTYPE html>\n<html lang="en"><head><meta charset="utf-8"><title>Page {number}</title>\n'
        f"<style>\n{styles}</style>\n<script>\n{scripts}</script>\n</head><body>\n"
        f'<header class="site-header"><nav><ul>\n{menu}</ul></nav></header>\n'
        f"<main><article><h1>Page {number}</h1>\n{paragraphs}\n</article></main>\n"
        f'<aside class="sidebar">\n{teasers}</aside>\n<footer><ul>\n{footer}</ul></footer>\n</body></html>'
    )


def _filled(size: int, number: int, piece) -> str:  # type: ignore[no-untyped-def]
    pieces: list[str] = []
    length = 0
    while length < size:
        pieces.append(piece(f"{stable_hash(f'{number} {len(pieces)}'):016x}"))
        length += len(pieces[-1])
    return "".join(pieces)


def _script(name: str) -> str:
    return (
        f'window.layer=window.layer||[];layer.push({{"event":"{name}","value":{{"slot":"{name[:4]}"}}}});\n'
    )


def _rule(name: str) -> str:
    return f".block-{name[:6]} .title{{margin:0 auto;padding:4px 8px;color:#{name[:6]};font-size:1.2rem}}\n"


def _menu_entry(name: str) -> str:
    return f'<li class="menu__item"><a class="menu__link" href="/topic/{name}">Topic {name[:5]}</a></li>\n'


def _teaser(name: str) -> str:
    return (
        f'<div class="teaser"><a href="/news/{name}"><img src="/img/{name}.webp" alt="" width="320" '
        f'height="180" loading="lazy"><span class="teaser__title">More about {name[:5]}</span></a></div>\n'
    )
