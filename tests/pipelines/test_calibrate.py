import gzip
import json

import pytest
from scipy.stats import t

from tests.signals.classified_text import labelled, words
from wellspring.pipelines.cli import main
from wellspring.signals.verdict.profiles import parse_profile

pytestmark = pytest.mark.slow


def write(path, texts):
    with gzip.open(path, "wt") as file:
        for text in texts:
            line = {
                "id": text.id,
                "text": text.text,
                "label": "synthetic" if text.synthetic else "human",
                "generator": text.generator,
                "source": text.source,
                "domain": text.domain,
            }
            file.write(json.dumps(line) + "\n")
    return path


@pytest.fixture(scope="module")
def calibrated(tmp_path_factory, tiny_scorer):
    """A profile for the tiny scorer from made-up text of two wordings."""
    folder = tmp_path_factory.mktemp("calibrate")
    path = write(folder / "labelled.jsonl.gz", labelled(prompts=60, own_share=0.12))
    flags = [f"--labelled={path}", f"--output={folder / 'made.json'}", f"--scorer={tiny_scorer}"]
    assert main(["calibrate", *flags, "--max_fpr=0.05", "--batch_documents=20"]) == 0
    return folder


def test_the_profile_says_where_it_is_from_and_what_it_promises(calibrated, tiny_scorer):
    profile = parse_profile((calibrated / "made.json").read_text(), "made")
    assert (profile.name, profile.scorer_name, profile.languages) == ("made", tiny_scorer, ["en"])
    assert "180 human, 180 synthetic" in profile.calibrated_on
    limits = profile.classifier.text_only.thresholds
    assert limits[0].min_words == 0
    assert limits[-1].max_words is None
    assert all(limit.bound <= 0.05 for limit in limits)
    assert profile.measured["roc_auc"] > 0.9
    assert sum(profile.classifier.left_out.human) == profile.classifier.operating.human == 180


def test_it_finds_what_it_was_shown_in_text_that_it_was_not(calibrated, tmp_path, tiny_scorer):
    fresh = labelled(prompts=30, collections=("new",), own_share=0.2)
    path = write(tmp_path / "fresh.jsonl.gz", fresh)
    scored = tmp_path / "scored.jsonl"
    assert (
        main(["score", f"--input={path}", f"--output={scored}", f"--profile={calibrated / 'made.json'}"]) == 0
    )
    lines = {line["id"]: line for line in map(json.loads, scored.read_text().splitlines())}
    synthetic = [lines[text.id] for text in fresh if text.synthetic]
    human = [lines[text.id] for text in fresh if not text.synthetic]
    assert sum(line["verdict"] == "SYNTHETIC" for line in synthetic) >= 24
    assert sum(line["verdict"] == "SYNTHETIC" for line in human) <= 3
    assert any("wording as in machine text" in reason for line in synthetic for reason in line["reasons"])


def test_the_page_opens_without_a_network_and_the_summary_says_what_to_believe(calibrated, capsys):
    page = (calibrated / "made.html").read_text()
    assert "leave one collection out" in page
    assert "http" not in page.replace("http-equiv", "")
    assert "Precision and recall" in page
    assert "A batch is held by any of these tests" in page
    assert "mean over sources" in page


def test_a_source_gets_limits_of_its_own_from_runs_under_the_profile(calibrated, tmp_path, capsys):
    crawl = tmp_path / "crawl.jsonl"
    with crawl.open("w") as file:
        for number in range(60):
            text = words(f"crawl {number}", False, 130)
            file.write(json.dumps({"id": f"c{number}", "text": text, "source": "forum"}) + "\n")
    run, profile = tmp_path / "run", calibrated / "made.json"
    flags = [f"--profile={profile}", "--batch_documents=20"]
    assert main(["curate", f"--input={crawl}", f"--output={run}", *flags]) == 0
    capsys.readouterr()
    own = tmp_path / "own.json"
    assert main(["calibrate", f"--profile={profile}", f"--baseline={run}", f"--output={own}"]) == 0
    assert '{"source":"forum","language":"en"}' in capsys.readouterr().out
    (stratum,) = parse_profile(own.read_text(), "own").gate.strata
    assert json.loads(stratum) == {"source": "forum", "language": "en"}


def test_every_test_that_a_baseline_serves_gets_a_limit_and_they_share_the_promise(calibrated, tmp_path):
    """Batches are audited and held by tests of several signals, from the crawl to the ticket."""
    crawl = tmp_path / "crawl.jsonl"
    with crawl.open("w") as file:
        for number in range(80):
            text = words(f"crawl {number}", False, 130)
            file.write(json.dumps({"id": f"c{number}", "text": text, "source": "forum"}) + "\n")
    made = json.loads((calibrated / "made.json").read_text())
    limit = {"limit": 0.5, "batches": 9, "mean": 0.1, "spread": 0.1}
    made["gate"] = {
        "signal": "mean_log_odds",
        "direction": "above",
        "also": [
            {"signal": "mattr", "direction": "below"},
            {
                "signal": "confident_share",
                "direction": "above",
                "languages": {"en": limit},
                "own_baseline": False,
            },
        ],
    }
    profile, run, own = tmp_path / "three.json", tmp_path / "run", tmp_path / "own.json"
    profile.write_text(json.dumps(made | {"name": "three"}))
    flags = ["--batch_documents=20"]
    assert main(["curate", f"--input={crawl}", f"--output={run}", f"--profile={profile}", *flags]) == 0
    assert main(["calibrate", f"--profile={profile}", f"--baseline={run}", f"--output={own}"]) == 0
    stratum = '{"source":"forum","language":"en"}'
    gate = parse_profile(own.read_text(), "own").gate
    assert [list(test.strata) for test in gate.tests] == [[stratum], [stratum], []]
    for test in gate.tests[:2]:
        found = test.strata[stratum]
        reach = t.ppf(1 - 0.01, found.batches - 1) * found.spread * (1 + 1 / found.batches) ** 0.5
        assert abs(found.limit - found.mean) == pytest.approx(reach)

    impossible = json.loads(own.read_text())
    impossible["gate"]["also"][0]["strata"][stratum]["limit"] = 2.0
    own.write_text(json.dumps(impossible))
    held = tmp_path / "held"
    flags += [f"--output={held}", f"--profile={own}", "--gate=enforce"]
    assert main(["curate", f"--input={crawl}", *flags]) == 0
    tickets = [json.loads(path.read_text()) for path in held.glob("hold/*/ticket.json")]
    assert len(tickets) == 4
    for ticket in tickets:
        assert ticket["audit"]["signal"] == "mattr"
        assert ticket["audit"]["own_baseline"]
        assert len(ticket["audit"]["tests"]) == 2  # the share of a source never seen has no say here
        assert "mattr at least 2.000" in ticket["would_pass"]
    assert main(["report", f"--run={held}"]) == 0


def failing(capsys, *flags) -> str:
    capsys.readouterr()
    assert main(["calibrate", *flags]) == 2
    message = capsys.readouterr().err.strip().splitlines()[-1]
    assert message.startswith("wellspring calibrate: ")
    return message


def test_bad_input_is_one_clear_line(tmp_path, tiny_scorer, capsys):
    out, scorer = f"--output={tmp_path / 'p.json'}", f"--scorer={tiny_scorer}"
    texts = labelled(prompts=60)
    human = write(tmp_path / "human.jsonl.gz", [text for text in texts if not text.synthetic])
    assert "0 synthetic documents" in failing(capsys, f"--labelled={human}", out, scorer)
    few = write(tmp_path / "few.jsonl.gz", texts[:10])
    assert "5 human documents are too few" in failing(capsys, f"--labelled={few}", out, scorer)
    one = write(tmp_path / "one.jsonl.gz", labelled(prompts=70, collections=("a",)))
    assert "more than one source" in failing(capsys, f"--labelled={one}", "--max_fpr=0.05", out, scorer)
    assert "no file matches" in failing(capsys, "--labelled=none.jsonl", out, scorer)
    assert "give --labelled" in failing(capsys, out)
    assert "--baseline" in failing(capsys, f"--profile={human}", out)


def test_a_promise_that_the_documents_do_not_allow_is_refused_with_one_that_they_do(
    tmp_path, tiny_scorer, capsys
):
    path = write(tmp_path / "labelled.jsonl.gz", labelled(prompts=35))
    flags = [f"--labelled={path}", f"--output={tmp_path / 'p.json'}", f"--scorer={tiny_scorer}"]
    said = failing(capsys, *flags)
    assert "--max_fpr=0.01 can't be promised from 105 human documents (one per prompt): it takes 299" in said
    assert said.endswith("these allow --max_fpr=0.029")
    assert main(["calibrate", *flags, "--max_fpr=0.03"]) == 0  # two texts are found not to be English
    limits = parse_profile((tmp_path / "p.json").read_text(), "p").classifier.text_only.thresholds
    assert all(limit.bound <= 0.03 for limit in limits)


def test_measurements_of_another_scorer_are_refused(calibrated, tmp_path, tiny_scorer, capsys):
    path = calibrated / "labelled.jsonl.gz"
    scored = tmp_path / "scored.jsonl"
    assert main(["score", f"--input={path}", f"--output={scored}", f"--scorer={tiny_scorer}"]) == 0
    other = ["--scorer=reference-en", f"--output={tmp_path / 'p.json'}", f"--scored={scored}"]
    other.append("--max_fpr=0.05")
    assert "was measured by scorer" in failing(capsys, f"--labelled={path}", *other)
