"""A crawl made up to try an engine on: every kind of element that a runner could lose, repeat or reorder.

One source holds half of all documents (a hot key), hundreds hold one or two (many small groups). Some
documents repeat another's text, some its id; dates lie at both ends of the calendar, far apart, or are
missing; one file is cut, one is empty and one holds lines that are no documents. Nothing depends on a clock
or a random generator: the same scale gives the same bytes.
"""

import gzip
import json
import uuid
from collections.abc import Iterator
from datetime import datetime, timedelta

from wellspring.pipelines.demo_data.wet_record import conversion_member
from wellspring.signals.stats.hashing import stable_hash
from wellspring.transforms.storage.storage import Storage

DOCUMENTS = 400
"""Records of the JSON files at scale 1; the WET files hold a fifth as many more."""

_FILES = 8
_NAMESPACE = uuid.uuid5(uuid.NAMESPACE_URL, "https://wellspring.example/check-engine")
_DATES = ("0001-01-01", "9999-12-31T23:59:59Z", "1969-12-31", None, "not a date")
_WORDS = (
    "river stone winter letter garden market engine window summer captain harvest bridge forest silver "
    "evening lantern village sailor kitchen mountain orchard teacher railway island thunder copper meadow "
    "harbour blanket candle morning shepherd"
).split()


def write_crawl(folder: Storage, scale: int) -> list[str]:
    """Writes the crawl; names of its files within the folder, sorted.

    Args:
        scale: so many times `DOCUMENTS` records.
    """
    count = DOCUMENTS * scale
    for part in range(_FILES):
        lines = [json.dumps(_record(number, count)).encode() for number in range(part, count, _FILES)]
        folder.replace(f"part-{part}.jsonl.gz", gzip.compress(b"\n".join(lines) + b"\n", mtime=0))
    members = [_member(number) for number in range(count // 5)]
    folder.replace("whole.warc.wet.gz", b"".join(members))
    folder.replace("cut.warc.wet.gz", b"".join(_member(n) for n in range(count // 5, count // 5 + 20))[:-40])
    folder.replace("empty.jsonl", b"")
    folder.replace("odd.jsonl", b'{"text": 7}\n[1, 2]\nnot json\n{"id": "no-text"}\n')
    return [
        "cut.warc.wet.gz", "empty.jsonl", "odd.jsonl", *(f"part-{part}.jsonl.gz" for part in range(_FILES)),
        "whole.warc.wet.gz",
    ]  # fmt: skip


def _record(number: int, count: int) -> dict[str, str | None]:
    name = number
    if number % 17 == 3:  # the text of one that lies in another file
        name = (number * 5 + 1) % count
    source = "hot" if number % 2 else f"source-{stable_hash(str(number), 'source') % (count // 2)}"
    date = _DATES[number // 40 % len(_DATES)] if number % 40 == 0 else _day(number)
    return {
        "id": f"id-{number - number % 23 if number % 23 == 1 else number}",  # some ids twice
        "text": " ".join(_sentences(name)),
        "source": source,
        "url": f"https://site-{stable_hash(str(number), 'site') % 90}.example/{number}",
        "date": date,
    }


def _day(number: int) -> str:
    moment = datetime(2026, 1, 5) + timedelta(days=stable_hash(str(number), "day") % 4, minutes=number % 1440)
    return moment.isoformat()


def _member(number: int) -> bytes:
    return conversion_member(
        record_id=uuid.uuid5(_NAMESPACE, str(number)),
        url=f"https://wet-{stable_hash(str(number), 'wet') % 12}.example/{number}",
        fetched=datetime(2026, 2, 2) + timedelta(days=number % 9),
        text="\n".join(_sentences(1_000_000 + number)),
    )


def _sentences(number: int) -> Iterator[str]:
    """Four to nine sentences that no other number has."""
    for place in range(4 + stable_hash(str(number), "length") % 6):
        digest = stable_hash(f"{number} {place}", "words")
        words = [_WORDS[digest >> 5 * i & 31] for i in range(6 + digest % 6)]
        yield f"{' '.join(words).capitalize()} {number} times."
