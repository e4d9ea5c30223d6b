"""The demo's input: a small crawl, made on the spot, that is human at first and synthetic at the end.

Files of Common Crawl's WET form over ten weekly crawl dates. The first five dates are human only; then
the share of synthetic text rises to a quarter, a half, three quarters and all of it. `sources.yaml`
declares where some of the text comes from. Half of the synthetic and a third of the human pages lie
under domains that it does not name, so that the measurements have something to find.
"""

import json
import uuid
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from pathlib import Path

from wellspring.pipelines.demo_data.text import (
    HUMAN,
    Page,
    article_pages,
    half,
    human_pages,
    sampled_pages,
    stable_hash,
)
from wellspring.pipelines.demo_data.wet_record import conversion_member, warcinfo_member
from wellspring.transforms.storage.whole_file import write_whole

DATES = tuple(datetime(2026, 8, 31) + timedelta(weeks=week) for week in range(10))
SYNTHETIC_SHARE = (0.0, 0.0, 0.0, 0.0, 0.0, 0.25, 0.5, 0.75, 1.0, 1.0)
"""Share of synthetic pages on each of `DATES`."""

_NAMESPACE = uuid.uuid5(uuid.NAMESPACE_URL, "https://wellspring.example/demo")
_SOURCES = """\
# What is known of the demo's domains before anything is measured (first match wins).
# mixed.example and notes.example are left out on purpose: nothing is known of them.
- match: {domain: python.example}
  evidence: attested_human
  attested_by: "CPython's reference, as installed with Python (pydoc_data.topics)"
- match: {domain: sampled.example}
  evidence: known_model
  model: wellspring-reference-en
- match: {domain: pages.example}
  evidence: known_model
  model: claude (2026)
"""


@dataclass(frozen=True)
class DemoHalf:
    """One half of the input: its WET files in order of date, and what was put into them.

    `truth` is a JSONL file with a line `{"id", "label", "generator"}` for each document that can be
    read from `files`, repeats included; ids are those of WARC-Record-ID without `<urn:uuid:` and `>`.
    `labels` counts its lines by label. `faults` counts what was put in to be rejected: `duplicate`,
    `empty` and `too_short` records, `cut` files.
    """

    folder: Path
    files: list[Path]
    truth: Path
    labels: dict[str, int]
    faults: dict[str, int]


@dataclass(frozen=True)
class DemoInput:
    """The whole input: a clean half to calibrate on, a half with faults to curate."""

    calibration: DemoHalf
    crawl: DemoHalf
    sources: Path


@dataclass
class _File:
    """A WET file to be: its pages, those among them that are no documents, and how it ends."""

    date: datetime
    number: int
    pages: list[Page]
    not_documents: list[Page] = field(default_factory=list)
    cut_page: Page | None = None

    @property
    def crawl(self) -> str:
        return f"CC-DEMO-{self.date:%G-%V}"

    @property
    def name(self) -> str:
        return f"{self.crawl}-{self.number:05d}.warc.wet.gz"


def make_demo_input(folder: Path, *, sampled: Sequence[str]) -> DemoInput:
    """Writes `calibration/`, `crawl/` and `sources.yaml` into a folder; same bytes each time.

    `sampled` are texts of the embedded model; with some sixty of them all dates are of about one size.
    The halves share no topic, no sample and no article. The calibration half has no faults; the crawl
    half has three exact duplicates, an empty record, a record of three words and a file that was cut
    in the middle of its last record.

    Raises:
        ValueError: a sampled text is blank.
    """
    human, synthetic = human_pages(), [*sampled_pages(sampled), *article_pages()]
    folder.mkdir(parents=True, exist_ok=True)
    sources = folder / "sources.yaml"
    write_whole(sources, _SOURCES.encode())
    calibration, crawl = (
        _by_date(
            [p for p in human if half(p.family) == side], [p for p in synthetic if half(p.family) == side]
        )
        for side in (0, 1)
    )
    faults = _add_faults(crawl)
    return DemoInput(
        calibration=_write_half(folder / "calibration", calibration, {}),
        crawl=_write_half(folder / "crawl", crawl, faults),
        sources=sources,
    )


def _by_date(human: list[Page], synthetic: list[Page]) -> list[_File]:
    """Deals the pages out to `DATES`, in order of their hash, so that each date has its share."""
    human_share = [1 - share for share in SYNTHETIC_SHARE]
    size = min(len(human) / sum(human_share), len(synthetic) / sum(SYNTHETIC_SHARE))
    files = [_File(date, 0, []) for date in DATES]
    for pages, shares in ((human, human_share), (synthetic, SYNTHETIC_SHARE)):
        dealt = 0
        in_order = sorted(pages, key=lambda page: stable_hash(page.text))
        for file, count in zip(files, _counts(len(pages), shares, size), strict=True):
            file.pages += in_order[dealt : dealt + count]
            dealt += count
    for file in files:
        file.pages.sort(key=lambda page: stable_hash(page.url))
    return files


def _counts(total: int, shares: Sequence[float], size: float) -> list[int]:
    """Pages a date: the share of `size` on mixed dates; pure dates divide what is left evenly."""
    counts = [round(size * share) if share < 1 else 0 for share in shares]
    pure = [index for index, share in enumerate(shares) if share == 1]
    left = total - sum(counts)
    for rank, index in enumerate(pure):
        counts[index] = left // len(pure) + (rank < left % len(pure))
    return counts


def _add_faults(files: list[_File]) -> dict[str, int]:
    """Puts what a real crawl has into the human-only dates; returns how many of each kind."""
    first, second, third, fourth = files[:4]
    repeats = [*first.pages[:2], replace(second.pages[0], url=f"{second.pages[0].url}?print=1")]
    second.pages += repeats
    empty = Page("", "https://notes.example/empty", "", HUMAN)
    lost = Page("", "https://notes.example/lost", "404 Not Found", HUMAN)
    fourth.pages += [empty, lost]
    fourth.not_documents += [empty, lost]
    # The record that is cut only repeats an earlier page: no text is lost.
    files.insert(3, _File(third.date, 1, third.pages[1::2], cut_page=first.pages[2]))
    third.pages = third.pages[::2]
    return {"duplicate": len(repeats), "empty": 1, "too_short": 1, "cut": 1}


def _write_half(folder: Path, files: list[_File], faults: dict[str, int]) -> DemoHalf:
    folder.mkdir(parents=True, exist_ok=True)
    truth = []
    for file in files:
        write_whole(folder / file.name, _wet_bytes(file, folder.name))
        truth += [
            {"id": str(_record_id(page, file.date)), "label": page.label, "generator": page.generator}
            for page in file.pages
            if page not in file.not_documents
        ]
    truth_path = folder / "truth.jsonl"
    write_whole(truth_path, "".join(json.dumps(line) + "\n" for line in truth).encode())
    labels = Counter(str(line["label"]) for line in truth)
    return DemoHalf(folder, [folder / file.name for file in files], truth_path, dict(labels), faults)


def _wet_bytes(file: _File, half_name: str) -> bytes:
    opening = warcinfo_member(
        record_id=uuid.uuid5(_NAMESPACE, f"{half_name}/{file.name}"),
        filename=file.name,
        written=file.date,
        fields={"isPartOf": file.crawl, "description": "made by wellspring's demo; not a Common Crawl file"},
    )
    whole = opening + b"".join(_member(page, file.date) for page in file.pages)
    if file.cut_page is None:
        return whole
    last = _member(file.cut_page, file.date)
    return whole + last[: len(last) // 2]


def _member(page: Page, date: datetime) -> bytes:
    fetched = date + timedelta(seconds=int.from_bytes(stable_hash(page.url)[:4]) % 86_400)
    return conversion_member(record_id=_record_id(page, date), url=page.url, fetched=fetched, text=page.text)


def _record_id(page: Page, date: datetime) -> uuid.UUID:
    return uuid.uuid5(_NAMESPACE, f"{date:%Y-%m-%d} {page.url}")
