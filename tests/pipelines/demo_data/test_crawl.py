"""The demo's input, read back by warcio and by Python's own gzip: nothing of ours parses it here."""

import gzip
import io
import json
import zlib
from collections import Counter, defaultdict
from itertools import pairwise
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from warcio.archiveiterator import ArchiveIterator

from wellspring.pipelines.demo_data import text as demo_text
from wellspring.pipelines.demo_data.crawl import DATES, DemoHalf, DemoInput, make_demo_input
from wellspring.schemas.document import Document
from wellspring.signals.verdict.evidence import find_source, parse_sources

WORDS = "old river ran past seven quiet mills until somebody built a ninth beside it"


def _sampled(count: int) -> list[str]:
    words = WORDS.split()
    return [
        f"Story {n}.\n\n" + " ".join(words[(n * k) % len(words)] for k in range(1, 200)) for n in range(count)
    ]


@pytest.fixture(scope="module")
def demo(tmp_path_factory: pytest.TempPathFactory) -> DemoInput:
    return make_demo_input(tmp_path_factory.mktemp("demo"), sampled=_sampled(60))


def _records(path: Path) -> list[tuple[dict[str, str], str]]:
    """Headers and text of the complete records of a file."""
    whole = zlib.decompressobj(wbits=31)
    data, members = path.read_bytes(), []
    while data:
        member = whole.decompress(data)
        if not whole.eof:  # the cut
            break
        members.append(member)
        data, whole = whole.unused_data, zlib.decompressobj(wbits=31)
    return [
        (dict(record.rec_headers.headers), record.content_stream().read().decode())
        for record in ArchiveIterator(io.BytesIO(b"".join(members)))
    ]


def _conversions(half: DemoHalf) -> list[tuple[dict[str, str], str]]:
    return [r for path in half.files for r in _records(path) if r[0]["WARC-Type"] == "conversion"]


def _record_id(headers: dict[str, str]) -> str:
    return headers["WARC-Record-ID"].removeprefix("<urn:uuid:").removesuffix(">")


def _truth(half: DemoHalf) -> dict[str, dict[str, str | None]]:
    lines = [json.loads(line) for line in half.truth.read_text().splitlines()]
    return {line["id"]: line for line in lines}


def test_same_bytes_twice(demo: DemoInput, tmp_path: Path) -> None:
    make_demo_input(tmp_path, sampled=_sampled(60))
    first = {p.relative_to(demo.sources.parent): p for p in demo.sources.parent.rglob("*") if p.is_file()}
    again = {p.relative_to(tmp_path): p for p in tmp_path.rglob("*") if p.is_file()}
    assert first.keys() == again.keys()
    assert len(first) == 10 + 11 + 2 + 1
    for name, path in first.items():
        assert path.read_bytes() == again[name].read_bytes(), name


def test_files_have_the_form_of_common_crawl(demo: DemoInput) -> None:
    for half in (demo.calibration, demo.crawl):
        for path in half.files:
            (opening, fields), *records = _records(path)
            assert opening["WARC-Type"] == "warcinfo"
            assert opening["WARC-Filename"] == path.name
            crawl = path.name[: len("CC-DEMO-2026-36")]
            assert f"isPartOf: {crawl}\r\n" in fields
            for headers, text in records:
                assert headers["WARC-Type"] == "conversion"
                assert headers["Content-Type"] == "text/plain"
                assert int(headers["Content-Length"]) == len(text.encode())
                assert headers["WARC-Date"][:10] in {f"{date:%Y-%m-%d}" for date in DATES}
                assert f"{crawl[-2:]}" == f"{DATES[_date_index(headers)].isocalendar().week:02d}"


def _date_index(headers: dict[str, str]) -> int:
    return [f"{date:%Y-%m-%d}" for date in DATES].index(headers["WARC-Date"][:10])


def test_record_ids_are_unique_over_both_halves(demo: DemoInput) -> None:
    ids = [
        headers["WARC-Record-ID"]
        for half in (demo.calibration, demo.crawl)
        for path in half.files
        for headers, _ in _records(path)
    ]
    assert len(ids) == len(set(ids))


def test_truth_covers_every_document(demo: DemoInput) -> None:
    for half in (demo.calibration, demo.crawl):
        truth = _truth(half)
        documents = {_record_id(h) for h, text in _conversions(half) if len(text.split()) > 3}
        assert truth.keys() == documents
        assert Counter(line["label"] for line in truth.values()) == half.labels
        assert all((line["generator"] is None) == (line["label"] == "human") for line in truth.values())
    generators = {line["generator"] for line in _truth(demo.crawl).values()}
    assert generators == {None, "wellspring-reference-en", "claude (2026)"}


def test_share_of_synthetic_text_rises_with_the_crawl_date(demo: DemoInput) -> None:
    for half in (demo.calibration, demo.crawl):
        truth = _truth(half)
        labels: dict[int, Counter[str | None]] = defaultdict(Counter)
        for headers, _ in _conversions(half):
            if line := truth.get(_record_id(headers)):
                labels[_date_index(headers)][line["label"]] += 1
        shares = [labels[i]["synthetic"] / labels[i].total() for i in range(10)]
        assert shares[:5] == [0.0] * 5
        assert shares[5:8] == pytest.approx([0.25, 0.5, 0.75], abs=0.06)
        assert shares[8:] == [1.0] * 2
        assert min(labels[i].total() for i in range(10)) >= 8


def test_sources_declare_some_of_each_kind_and_nothing_false(demo: DemoInput) -> None:
    sources = parse_sources(demo.sources.read_text())
    seen: Counter[tuple[str | None, bool]] = Counter()
    for half in (demo.calibration, demo.crawl):
        truth = _truth(half)
        for headers, text in _conversions(half):
            url = headers["WARC-Target-URI"]
            document = Document(id="", text=text, source="", url=url, file_path="", offset=0)
            entry = find_source(document, sources)
            if line := truth.get(_record_id(headers)):
                seen[line["generator"], entry is not None] += 1
                if entry is not None:
                    expected = "attested_human" if line["label"] == "human" else "known_model"
                    assert entry.evidence == expected
                    assert entry.model == line["generator"]
    assert seen["wellspring-reference-en", True] == pytest.approx(30, abs=1)
    assert seen["claude (2026)", False] == pytest.approx(16, abs=1)
    human = seen[None, True] + seen[None, False]
    assert seen[None, False] / human == pytest.approx(1 / 3, abs=0.03)


def test_halves_share_no_topic_and_no_paragraph(demo: DemoInput) -> None:
    topics, paragraphs = [], []
    for half in (demo.calibration, demo.crawl):
        human = [(h, t) for h, t in _conversions(half) if "/reference/" in h["WARC-Target-URI"]]
        topics.append({urlsplit(h["WARC-Target-URI"]).path.split("/")[2] for h, _ in human})
        paragraphs.append({line for _, text in human for line in text.split("\n")})
        assert all(150 <= len(text.split()) <= 350 for _, text in human)
    assert len(topics[0]) > 5
    assert len(topics[1]) > 5
    assert topics[0].isdisjoint(topics[1])
    assert paragraphs[0].isdisjoint(paragraphs[1])


def test_human_pages_hold_no_grammar_and_no_session(demo: DemoInput) -> None:
    texts = [text for h, text in _conversions(demo.crawl) if "/reference/" in h["WARC-Target-URI"]]
    assert not [text for text in texts if "::=" in text or ">>>" in text or "****" in text]


def test_a_topic_becomes_pages_of_its_prose(monkeypatch: pytest.MonkeyPatch) -> None:
    prose = [f"{WORDS} number {n}.\nThen {WORDS} again." for n in range(20)]
    grammar = [
        '   assert_stmt: "assert" expression ["," expression]',
        '   name ::= "a"',
        "   >>> print(1)\n   1",
    ]
    topic = "\n\n".join(["The mills\n*********", *grammar, *prose])
    monkeypatch.setattr(demo_text, "topics", {"mills": topic, "short": "Too short for a page.\n"})
    lines = [line for page in demo_text.human_pages() for line in page.text.split("\n")]
    whole = ["The mills", *(paragraph.replace("\n", " ") for paragraph in prose)]
    assert sorted(lines) == sorted(whole)


def test_crawl_has_the_faults_it_says_and_calibration_none(demo: DemoInput) -> None:
    for half in (demo.calibration, demo.crawl):
        texts = Counter(text for _, text in _conversions(half))
        found = {
            "duplicate": sum(count - 1 for count in texts.values()),
            "empty": texts[""],
            "too_short": sum(0 < len(text.split()) <= 3 for text in texts.elements()),
            "cut": sum(_is_cut(path) for path in half.files),
        }
        assert {name: count for name, count in found.items() if count} == half.faults
    assert demo.crawl.faults == {"duplicate": 3, "empty": 1, "too_short": 1, "cut": 1}


def _is_cut(path: Path) -> bool:
    try:
        gzip.decompress(path.read_bytes())
    except EOFError:
        return True
    return False


def test_the_cut_file_keeps_documents_before_the_cut(demo: DemoInput) -> None:
    (cut,) = [path for path in demo.crawl.files if _is_cut(path)]
    assert cut.name == "CC-DEMO-2026-38-00001.warc.wet.gz"
    assert len(_records(cut)) > 3
    for later, earlier in pairwise(reversed(demo.crawl.files)):
        assert earlier.name < later.name


def test_without_samples_the_articles_alone_tell_the_story(tmp_path: Path) -> None:
    alone = make_demo_input(tmp_path, sampled=[])
    assert alone.calibration.labels["synthetic"] + alone.crawl.labels["synthetic"] == 32


def test_a_blank_sample_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match=r"sampled\[1\] is blank"):
        make_demo_input(tmp_path, sampled=["some words", " \n"])
