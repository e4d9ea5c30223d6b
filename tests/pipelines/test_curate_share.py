"""The share of synthetic text through the main job, under a profile with a classifier."""

import json

import pytest

from tests.pipelines.crawl import write_crawl
from tests.signals.verdict.test_classifier import HUMAN, MACHINE, profile
from wellspring.pipelines.cli import main
from wellspring.schemas.classifier import LeftOut, Operating

pytestmark = pytest.mark.slow
OPERATING = Operating(true_positives=190, synthetic=200, false_positives=2, human=200)
LEFT_OUT = LeftOut(human=[*[10] * 20, *[0] * 80], synthetic=[*[0] * 80, *[10] * 20])


def curate(folder, profile_made, tiny_scorer, *flags: str) -> dict:
    (folder / "profile.json").write_text(profile_made.model_dump_json())
    job = ["curate", f"--output={folder}/run", f"--profile={folder}/profile.json", f"--scorer={tiny_scorer}"]
    assert main([*job, "--batch_documents=8", *flags]) == 0
    assert "Share of synthetic text" in (folder / "run/report.html").read_text()
    return json.loads((folder / "run/manifest.json").read_text())


def test_the_manifest_gives_each_source_and_month_its_share(tmp_path, tiny_scorer, check_run):
    lines = []
    for month, machine in (("2026-01", 0), ("2026-02", 15)):
        for i in range(30):
            text = f"{MACHINE if i < machine else HUMAN}, number {month} {i}. " * 4
            date = f"{month}-{i % 28 + 1:02}T00:00:00Z"
            lines.append({"id": f"{month}-{i}", "text": text, "source": "forum", "date": date})
    french = "Le vieux pêcheur est rentré au port avec ses filets vides, comme la veille et le jour d'avant. "
    lines.append({"id": "french", "text": french * 3, "source": "notes"})
    (tmp_path / "in.jsonl").write_text("".join(json.dumps(line) + "\n" for line in lines))
    made = profile(operating=OPERATING, left_out=LEFT_OUT)
    manifest = curate(tmp_path, made, tiny_scorer, f"--input={tmp_path}/in.jsonl")
    check_run(tmp_path / "run")
    january, february, notes = manifest["synthetic_share"]
    assert (january["source"], january["month"], january["documents"]) == ("forum", "2026-01", 30)
    assert january["estimated"] < 0.05 < january["high"]
    assert january["at_least"] == 0
    assert (february["month"], february["documents"], february["counted"]) == ("2026-02", 30, 0.5)
    assert february["low"] < february["estimated"] == pytest.approx(0.5, abs=0.05)
    assert february["estimated"] < february["high"]
    assert 0.2 < february["at_least"] < 0.5
    assert (notes["source"], notes["month"], notes["abstained"]) == ("notes", None, 1)
    assert notes["reason"] == "the profile abstained on every document"


def test_every_document_is_judged_or_abstained_on(tmp_path, tiny_scorer):
    crawl = write_crawl(tmp_path / "crawl")
    made = profile(operating=None, left_out=None)
    flags = [f"--input={crawl}/*.warc.wet.gz", f"--input={crawl}/generated.jsonl.gz"]
    manifest = curate(tmp_path, made, tiny_scorer, *flags)
    of_source: dict[str, int] = {}
    for share in manifest["synthetic_share"]:
        of_source[share["source"]] = (
            of_source.get(share["source"], 0) + share["documents"] + share["abstained"]
        )
        assert share["estimated"] is None
        assert share["reason"] == "profile made carries no error rates of left-out text"
    assert of_source == {source: c["labelled"] + c["held"] for source, c in manifest["by_source"].items()}
