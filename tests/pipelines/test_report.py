"""The report of a run: what it says, what it can't be made to do, and the job that writes it."""

import hashlib
import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from html.parser import HTMLParser
from pathlib import Path

import msgspec
import pyarrow.parquet as pq
import pytest

from tests.pipelines.run_pictures import audit, audits, manifest
from wellspring.pages.html import ROW_LIMIT
from wellspring.pages.run.head import outcome
from wellspring.pages.run.report import render_report
from wellspring.pipelines.cli import main
from wellspring.pipelines.report import run
from wellspring.schemas.arrow import arrow_schema, table
from wellspring.schemas.audit import HOLD_FOR_REVIEW, Audit
from wellspring.schemas.manifest import FileEntry, Histogram, Manifest, SourceCounts

HOSTILE = "</title></style><script>alert('x')</script><img src=x onerror=\"alert(1)\">\u202egnp.exe\x00\ud800"
VOID = {"meta"}


@dataclass
class Page(HTMLParser):
    """What a browser would see: tags with their attributes, the words, and whether tags nest."""

    tags: list[tuple[str, dict[str, str | None]]] = field(default_factory=list)
    words: list[str] = field(default_factory=list)
    open: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        super().__init__()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))
        if tag not in VOID and tag != "br":
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.words.append(data)

    @property
    def said(self) -> str:
        return re.sub(r"\s+", " ", "".join(self.words))


def read(page: str) -> Page:
    parser = Page()
    parser.feed(page)
    parser.close()
    assert parser.open == []
    return parser


def hostile_run() -> tuple[Manifest, list[Audit]]:
    made = [
        audit(
            batch_id=HOSTILE, stratum=msgspec.json.encode({"a": "<b>&", HOSTILE[:70]: 1}).decode(),
            source=HOSTILE, basis=HOSTILE, signal=HOSTILE, direction=HOSTILE, action=HOLD_FOR_REVIEW,
            held=True,
        ),
        audit(batch_id="b", stratum=HOSTILE, window_start=None, window_end=None),
    ]  # fmt: skip
    bins = Histogram(edges=[0.0, 1.0], counts=[3], undefined=1)
    plain = manifest(made)
    assert plain.scorer is not None
    return manifest(
        made,
        labelled={HOSTILE: 5, "human_verified": 1},
        rejected={HOSTILE: 2},
        files_damaged={HOSTILE: HOSTILE},
        by_source={HOSTILE: SourceCounts(read=1)},
        histograms={HOSTILE: {HOSTILE: bins}},
        parameters={HOSTILE: HOSTILE, "output": HOSTILE},
        batch_by=[HOSTILE],
        profile=HOSTILE,
        code_version=HOSTILE,
        started=HOSTILE,
        finished=HOSTILE,
        profile_sha256=HOSTILE,
        scorer=msgspec.structs.replace(plain.scorer, model=HOSTILE, device=HOSTILE),
    ), made


def test_hostile_text_adds_no_tag_and_no_attribute() -> None:
    page = render_report(*hostile_run())
    page.encode()
    seen = read(page)
    allowed = {tag for tag, _ in read(render_report(manifest(audits()), audits())).tags}
    assert {tag for tag, _ in seen.tags} <= allowed
    assert "script" not in allowed
    for _, attributes in seen.tags:
        assert not [key for key in attributes if key.startswith("on") or key == "style"]
    assert "alert('x')" in seen.said  # shown as text, not dropped
    assert "\u202e" not in page
    assert "\\u202egnp.exe" in seen.said


def test_hostile_text_is_bounded() -> None:
    made = [audit(basis="x" * 100_000, stratum="y" * 100_000)]
    page = render_report(manifest(made, files_damaged={"p" * 100_000: "r" * 100_000}), made)
    assert max(len(run) for run in re.findall(r"(?:x+|y+|p+|r+)", page)) <= 400


def test_nothing_points_outside_the_page() -> None:
    for tag, attributes in read(render_report(manifest(audits()), audits())).tags:
        assert tag not in {"script", "link", "iframe", "img", "object"}
        assert "src" not in attributes
        assert (attributes.get("href") or "#").startswith("#")
    assert not re.search(r"https?://|url\(|@import", render_report(manifest(audits()), audits()))


def test_every_chart_has_a_name_and_a_description() -> None:
    page = render_report(manifest(audits()), audits())
    charts = re.findall(r'<svg role="img"[^>]*>(?=<title>[^<]+</title><desc>[^<]+</desc>)', page)
    assert len(charts) == page.count('role="img"') == 1 + 2 * 4 + 6


def test_the_page_is_a_function_of_its_input() -> None:
    made = audits()
    page = render_report(manifest(made), made)
    assert page == render_report(manifest(made), list(reversed(made)))


def test_the_numbers_are_there() -> None:
    made = audits()
    said = read(render_report(manifest(made), made)).said
    for number in ("32,624", "24,033", "1,536", "7,055", "28,734,112", "9,216", "38.3%", "4,210"):
        assert number in said
    assert "465e6d13a9c422e1" in said  # the scorer's fingerprint
    assert "(0 h 48 min 42 s)" in said
    assert "gzip member ends early at byte 1,048,576" in said
    assert "Undefined for 2.0% of documents" in said


@pytest.mark.parametrize(
    ("gate", "made", "expected"),
    [
        ("enforce", [], "No batch was made, so none was audited or held."),
        ("enforce", [audit()], "No batch of 1 crossed its limit; none is held."),
        (
            "enforce",
            [audit(batch_id="a", action=HOLD_FOR_REVIEW, held=True), audit()],
            "1 of 2 batches fell below its floor and is held for review, each with its ticket in "
            "<code>runs/2026-47/hold/</code>.",
        ),
        (
            "monitor",
            [audit(batch_id=i, action=HOLD_FOR_REVIEW, direction="above") for i in "ab"],
            "2 of 2 batches crossed their limit and would have been held: the gate only monitors, "
            "so nothing is held.",
        ),
        (
            "monitor",
            [audit(), audit(batch_id="b", gated=False)],
            "No batch of 2 crossed its limit; none would have been held. "
            "1 could not be judged and is not gated.",
        ),
    ],
)
def test_what_happened_in_a_sentence(gate: str, made: Sequence[Audit], expected: str) -> None:
    assert outcome(manifest(list(made), gate=gate), made) == expected


def test_a_sum_that_does_not_add_up_is_seen_first() -> None:
    sources = {f"s{i:03}": SourceCounts(read=9_999, labelled=9_999) for i in range(ROW_LIMIT + 50)}
    sources["leaky"] = SourceCounts(read=10, labelled=8, held=0, rejected=1)
    made = audits()
    said = read(render_report(manifest(made, by_source=sources), made)).said
    assert re.search(r"leaky\s*10\s*8\s*0\s*1\s*✗ ERROR", said)
    assert "and 51 more sources, not shown here" in said
    whole = read(render_report(manifest(made), made)).said
    assert "ERROR" not in whole


def test_a_sample_of_the_audits_is_said_to_be_one() -> None:
    made = audits()
    sample = sorted(made, key=lambda a: not a.held)[:20]
    said = read(render_report(manifest(made), sample)).said
    assert said.count("shows 20 of 100 batches") == 2
    assert "ERROR" not in said
    assert "sampled (of 100) batches fell" in outcome(manifest(made, gate="monitor"), sample)


@pytest.mark.parametrize("change", [slice(0, 0), slice(None)])
def test_held_audits_that_are_missing_or_too_many_are_an_error(change: slice) -> None:
    made = audits()
    other = [a for a in made if not a.held] + [a for a in made if a.held][change] * 2
    assert "✗ ERROR" in render_report(manifest(made), other)


def test_a_signal_measured_on_nothing_is_named_not_drawn() -> None:
    nothing = {"human_verified": Histogram(edges=[0.0, 1.0], counts=[0], undefined=7)}
    page = render_report(manifest([], histograms={"perplexity": nothing}), [])
    assert "Measured on no document: <bdi>Perplexity</bdi>." in page


def test_flagged_batches_come_first_and_the_rest_is_counted() -> None:
    made = audits(windows=30)
    assert len(made) > ROW_LIMIT
    page = render_report(manifest(made), made)
    section = page[page.index('id="batches"') : page.index('id="rejects"')]
    states = re.findall(r"</svg>(held|passed|not gated)</span>", section)
    held = sum(a.held for a in made)
    assert states[:held] == ["held"] * held
    assert "held" not in states[held:]
    assert f"and {len(made) - ROW_LIMIT} more batches" in section


def test_each_batch_shows_its_tail_coverage_beside_its_entropy() -> None:
    made = [audit(tail_coverage=0.7321, entropy_bits=8.4444)]
    page = render_report(manifest(made), made, [])
    section = page[page.index('id="batches"') : page.index('id="rejects"')]
    assert "tail coverage</th>" in section
    assert section.index("8.444") < section.index("0.7321")


def test_six_strata_are_drawn_and_the_rest_is_named() -> None:
    made = audits(sources=9, windows=3)
    page = render_report(manifest(made), made)
    assert page.count('class="pair"') == 6
    assert "3 more, with 30 batches, are left out here" in read(page).said
    assert "site-8.example" in page  # its numbers are in the table by stratum


def test_many_batches_are_drawn_by_window() -> None:
    made = audits(sources=2, windows=60, per_window=20)
    assert len(made) > 2000
    page = render_report(manifest(made), made)
    assert "a mark is the median of a window" in read(page).said
    charts = page[page.index('id="entropy"') : page.index('id="signals"')]
    assert charts.count("<circle") + charts.count("flagged-mark") < 2 * 2 * 61 + 10
    assert len(page) < 500_000


def test_batches_that_nothing_could_decide_say_why() -> None:
    undecided = audit(signal=None, value=None, limit=None, direction=None, gated=False, basis="no scorer ran")
    made = [msgspec.structs.replace(undecided, interval_low=None, interval_high=None)]
    said = read(render_report(manifest(made, scorer=None), made)).said
    assert "No signal could decide for these batches" in said
    assert "no scorer ran" in said
    assert "scorer: no scorer" in said


def test_nothing_read_is_a_page_too() -> None:
    nothing = manifest(
        [], records_read=0, labelled={}, held=0, rejected={}, files_read=0, files_damaged={}, tokens=0,
        by_source={}, histograms={}, conflicts=0, renamed_ids=0, parameters={}, scorer=None,
    )  # fmt: skip
    said = read(render_report(nothing, [])).said
    assert "No batch was made" in said
    assert "No record was rejected." in said
    assert "ERROR" not in said


@pytest.mark.parametrize(("profile", "expected"), [("seed", True), ("reference-en", False)])
def test_seed_says_that_it_is_not_calibrated(profile: str, expected: bool) -> None:
    page = render_report(manifest([], profile=profile), [])
    assert ("not calibrated for this scorer" in read(page).said) is expected


def test_histograms_with_different_bins_are_refused() -> None:
    one, two = (Histogram(edges=[0, top], counts=[1], undefined=0) for top in (1, 2))
    with pytest.raises(ValueError, match="histograms of mattr have different bins"):
        render_report(manifest([], histograms={"mattr": {"human_verified": one, "synthetic_known": two}}), [])


def write_run(folder: Path) -> list[Audit]:
    made = audits()
    (folder / "audits").mkdir(parents=True)
    audited = folder / "audits" / "00000.parquet"
    pq.write_table(table(made, arrow_schema(Audit)), audited)
    sha256 = hashlib.sha256(audited.read_bytes()).hexdigest()
    files = {"audits/00000.parquet": FileEntry(rows=len(made), sha256=sha256)}
    (folder / "manifest.json").write_bytes(msgspec.json.encode(manifest(made, files=files)))
    return made


def test_the_job_writes_the_page_of_a_run(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    made = write_run(tmp_path / "run")
    output = tmp_path / "elsewhere.html"
    assert run([f"--run={tmp_path / 'run'}"]) == 0
    assert run([f"--run={tmp_path / 'run'}", f"--output={output}"]) == 0
    page = (tmp_path / "run" / "report.html").read_text(encoding="utf-8")
    assert page == output.read_text(encoding="utf-8")
    assert f"of {len(made)} batches" in page
    assert capsys.readouterr().out.splitlines() == [str(tmp_path / "run" / "report.html"), str(output)]


def test_audits_that_were_changed_are_no_page(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    write_run(tmp_path / "run")
    pq.write_table(table(audits()[:1], arrow_schema(Audit)), tmp_path / "run/audits/00000.parquet")
    assert main(["report", f"--run={tmp_path / 'run'}"]) == 2
    assert "00000.parquet was changed" in capsys.readouterr().err
    assert not (tmp_path / "run/report.html").exists()


def test_a_folder_without_manifest_is_no_run(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["report", f"--run={tmp_path}"]) == 2
    assert capsys.readouterr().err.count("\n") == 1
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("argv", [[], ["--run=x", "--colour=red"]])
def test_wrong_arguments_are_one_line(argv: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["report", *argv]) == 2
    assert capsys.readouterr().err.count("\n") == 1
