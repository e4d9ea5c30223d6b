"""The texts of the demo: CPython's reference, samples of the embedded model, written articles.

The human text and the articles differ in topic as well as in origin, so the demo shows how a gate
works and says nothing about how well a detector would do on the web.
"""

import hashlib
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from pydoc_data.topics import topics

SEED = 22
HUMAN, SYNTHETIC = "human", "synthetic"
REFERENCE_MODEL = "wellspring-reference-en"
ARTICLE_MODEL = "claude (2026)"

_ARTICLES = Path(__file__).with_name("pages")
_LEAST_WORDS, _USUAL_WORDS, _MOST_WORDS = 150, 250, 350  # of a page of the reference


@dataclass(frozen=True)
class Page:
    """One page of the demo: one paragraph per line. `generator` is None for human text."""

    family: str
    url: str
    text: str
    label: str
    generator: str | None = None


def half(family: str) -> int:
    """The half that a family of pages falls in: 0 calibrates, 1 is curated.

    A family is a topic of the reference, one sampled text or one article. All pages of a topic share
    their half: what is calibrated on one half has seen no topic of the other.
    """
    return stable_hash(family)[0] & 1


def stable_hash(key: str) -> bytes:
    """SHA-256 of (seed, key): every choice that the demo makes is read off it."""
    return hashlib.sha256(f"{SEED}/{key}".encode()).digest()


def human_pages() -> list[Page]:
    """CPython's reference as pages of 150 to 350 words, no paragraph on two of them.

    Long topics repeat short ones word for word (`compound` holds `if`, `for`, `with`, ...): the short
    ones go first and the long ones keep what is left. A third lies under `notes.example`.
    """
    used: set[str] = set()
    pages = []
    for topic in sorted(topics, key=lambda name: (len(topics[name]), name)):
        prose = dict.fromkeys(p for p in _paragraphs(topics[topic]) if _is_prose(p) and p not in used)
        for number, paragraphs in enumerate(_pieces(prose)):
            used.update(paragraphs)
            url = f"https://python.example/reference/{topic}/{number}"
            pages.append(Page(topic, url, "\n".join(paragraphs), HUMAN))
    return _move_share(pages, every=3, domain="notes.example")


def sampled_pages(sampled: Sequence[str]) -> list[Page]:
    """Texts of the embedded model as pages, half of them under `mixed.example`.

    Raises:
        ValueError: a text is blank.
    """
    pages = []
    for number, sample in enumerate(sampled):
        text = "\n".join(_paragraphs(sample))
        if not text:
            raise ValueError(f"sampled[{number}] is blank: give texts with words in them")
        url = f"https://sampled.example/{number:04d}"
        pages.append(Page(f"sampled/{number}", url, text, SYNTHETIC, REFERENCE_MODEL))
    return _move_share(pages, every=2, domain="mixed.example")


def article_pages() -> list[Page]:
    """The articles of `demo_pages/`, half of them under `mixed.example`."""
    pages = []
    for path in sorted(_ARTICLES.glob("*.txt")):
        text = "\n".join(_paragraphs(path.read_text(encoding="utf-8")))
        _, _, slug = path.stem.partition("-")
        pages.append(Page(path.stem, f"https://pages.example/{slug}", text, SYNTHETIC, ARTICLE_MODEL))
    return _move_share(pages, every=2, domain="mixed.example")


def _paragraphs(text: str) -> Iterator[str]:
    """Paragraphs with single spaces, each on one line; what only underlines a heading is left out.

    All three kinds of text pass through here: no kind can be told by its line breaks.
    """
    for block in re.split(r"\n\s*\n", text):
        lines = (line for line in block.splitlines() if line.strip(' \t*=-+~^#"'))
        paragraph = " ".join(" ".join(lines).split())
        if paragraph:
            yield paragraph


def _is_prose(paragraph: str) -> bool:
    """Whether a paragraph of the reference is words rather than grammar, code or a table."""
    if any(mark in paragraph for mark in ("::=", ">>>", "| ", "(Pdb)", " = ")):
        return False
    if re.match(r"[a-z]+(_[a-z]+)+: ", paragraph):  # a production, as Python 3.14 prints it
        return False
    return sum(c.isalpha() or c == " " for c in paragraph) >= 0.85 * len(paragraph)


def _pieces(paragraphs: Iterable[str]) -> Iterator[list[str]]:
    """Consecutive paragraphs in pieces of some 250 words; a last one that is too short is dropped.

    So is a piece that a very long paragraph makes too long.
    """
    piece: list[str] = []
    words = 0
    for paragraph in paragraphs:
        length = len(paragraph.split())
        if words >= _LEAST_WORDS and words + length > _USUAL_WORDS:
            yield piece
            piece, words = [], 0
        piece.append(paragraph)
        words += length
        if words > _MOST_WORDS:
            piece, words = [], 0
    if words >= _LEAST_WORDS:
        yield piece


def _move_share(pages: list[Page], *, every: int, domain: str) -> list[Page]:
    """Moves one page in `every`, in each half, to a domain about which nothing is declared."""
    moved = []
    for side in (0, 1):
        pages_of_half = sorted((p for p in pages if half(p.family) == side), key=lambda p: stable_hash(p.url))
        for rank, page in enumerate(pages_of_half):
            url = re.sub(r"^https://[^/]+", f"https://{domain}", page.url) if rank % every == 0 else page.url
            moved.append(replace(page, url=url))
    return moved
