"""The report's table of the share of synthetic text."""

import re

import msgspec

from tests.pipelines.run_pictures import manifest
from tests.pipelines.test_report import HOSTILE, read
from wellspring.pages.run.report import render_report
from wellspring.pages.run.share import share_section
from wellspring.schemas.prevalence import SyntheticShare

ESTIMATED = SyntheticShare(
    source="forum.example",
    month="2026-10",
    documents=12_345,
    abstained=678,
    counted=0.0111,
    adjusted=0.0012,
    adjusted_low=0.0,
    adjusted_high=0.0034,
    estimated=0.0146,
    low=0.0099,
    high=0.0201,
    misfit=3.14159,
    at_least=0.0007,
    reason=None,
)


def changed(**values: object) -> SyntheticShare:
    return msgspec.structs.replace(ESTIMATED, **values)


def uncorrected(reason: str, **values: object) -> SyntheticShare:
    nothing = dict.fromkeys(
        ("adjusted", "adjusted_low", "adjusted_high", "estimated", "low", "high", "misfit", "at_least")
    )
    return changed(**(nothing | {"reason": reason} | values))


def said(*shares: SyntheticShare) -> str:
    return read("".join(share_section(manifest([], synthetic_share=list(shares))))).said


def test_every_figure_stands_beside_its_interval():
    page = said(ESTIMATED)
    row = page[page.index("forum.example") :]
    assert re.sub(r"\s+", " ", row) == (
        "forum.example2026-1012,3456781.1%0.1%(0.0% to 0.3%)1.5%(1.0% to 2.0%)0.1%3.1"
    )


def test_a_sources_months_stand_together_the_largest_share_first():
    page = said(
        changed(source="small", month="2026-03", estimated=0.001),
        uncorrected("nothing to say", source="silent", documents=0, counted=None),
        changed(source="large", month=None, estimated=0.0),
        changed(source="large", month="2026-02", estimated=0.9),
        uncorrected("votes", source="tallied", counted=0.3),
        changed(source="large", month="2026-01", estimated=0.0001),
    )
    rows = ["large2026-01", "large2026-02", "large–", "tallied", "small2026-03", "silent"]
    places = [page.index(row) for row in rows]
    assert places == sorted(places)


def test_what_is_not_corrected_says_why_once():
    page = said(*[uncorrected("profile seed judges by votes", source=f"s{i}") for i in range(3)])
    assert page.count("Not corrected in 3 of the rows: profile seed judges by votes.") == 1
    assert "Compare the months" not in page


def test_a_run_without_judged_documents_says_so():
    assert said() == "No document was judged."


def test_hostile_sources_are_shown_as_text():
    hostile = [changed(source=HOSTILE), uncorrected(HOSTILE, source=HOSTILE)]
    page = read(render_report(manifest([], synthetic_share=hostile), []))
    assert {"script", "img"}.isdisjoint(tag for tag, _ in page.tags)
    assert "alert('x')" in page.said
