"""A small crawl for the tests of the main job, and what must become of it."""

import gzip
import json
import uuid
from datetime import datetime
from pathlib import Path

from wellspring.pipelines.demo_data.wet_record import conversion_member, warcinfo_member

DAYS = [datetime(2026, 1, 5), datetime(2026, 1, 6), datetime(2026, 1, 7)]
PAGES_A_DAY = 20
_NAMESPACE = uuid.UUID(int=7)
_SENTENCES = (
    "In the early morning the {0} was quiet, and nobody had opened the {1} yet.",
    "She asked whether they would like to see the {0} before the {1} was closed.",
    "There is not much that one can say about a {0} without having been to the {1}.",
    "After a while he put the {0} back where it had been, next to the old {1}.",
    "It was raining.",
    "Most of the people who live here have never heard of the {0}.",
    "What they remember is the {0}, the {1} and the way in which the evening ended.",
)
_NOUNS = (
    *("river", "stone", "letter", "window", "garden", "market", "harbour", "candle", "engine"),
    *("village", "mirror", "forest", "kitchen", "bridge", "paper", "doctor", "island", "mountain"),
)

SOURCES = """
- match: {domain: library.example}
  evidence: attested_human
  attested_by: "the library, 2019"
- match: {source: generated}
  evidence: known_model
  model: gpt-test
"""


def text(name: str, sentences: int = 8) -> str:
    """Running English text that depends on the name alone."""
    number = uuid.uuid5(_NAMESPACE, name).int
    lines = [f"This is the page that is called {name}."]
    for i in range(sentences):
        pick = number >> (7 * i)
        nouns = _NOUNS[pick % len(_NOUNS)], _NOUNS[(pick >> 5) % len(_NOUNS)]
        lines.append(_SENTENCES[(pick >> 3) % len(_SENTENCES)].format(*nouns))
    return " ".join(lines)


def write_crawl(folder: Path) -> Path:
    """Three WET files of three days, the last one cut, and a JSONL file of another source.

    60 pages in WET files, of which one repeats another, one is empty and one is too short; the last
    page is cut in the middle. 12 lines of JSONL, one of them broken, two texts under one id.
    """
    folder.mkdir(parents=True, exist_ok=True)
    for number, day in enumerate(DAYS):
        members = [
            warcinfo_member(
                record_id=uuid.uuid5(_NAMESPACE, str(day)),
                filename="x",
                written=day,
                fields={"isPartOf": "TEST"},
            )
        ]
        for page in range(PAGES_A_DAY):
            name = f"{number}-{page}"
            domain = "library.example" if page % 4 == 0 else "www.example.org"
            body = {"0-3": "", "0-4": "Not found", "0-5": text("0-6")}.get(name, text(name))
            members.append(
                conversion_member(
                    record_id=uuid.uuid5(_NAMESPACE, name),
                    url=f"https://{domain}/{name}",
                    fetched=day,
                    text=body,
                )
            )
        content = b"".join(members)
        if number == 2:
            content = content[: len(content) - len(members[-1]) // 4]
        (folder / f"{number}.warc.wet.gz").write_bytes(content)
    names = [(f"g{i}", f"generated {i}") for i in range(9)] + [("same", "same 0"), ("same", "same 1")]
    lines = [json.dumps({"id": id, "text": text(name), "source": "generated"}) for id, name in names]
    lines.insert(4, '{"id": "broken", "text": ')
    with gzip.GzipFile(folder / "generated.jsonl.gz", "wb", mtime=0) as file:
        file.write("".join(line + "\n" for line in lines).encode())
    (folder / "sources.yaml").write_text(SOURCES)
    return folder


def data_files(run: Path) -> dict[str, bytes]:
    """Every file of a run but the two that hold times."""
    return {
        str(path.relative_to(run)): path.read_bytes()
        for path in run.rglob("*")
        if path.is_file() and path.name not in ("manifest.json", "report.html")
    }
