"""The main job through the command, on a small crawl."""

import json
from pathlib import Path

import duckdb
import polars
import pyarrow.dataset as ds
import pytest

from tests.pipelines.crawl import write_crawl
from wellspring.pipelines.cli import main
from wellspring.schemas.profile import Gate, Limit
from wellspring.signals.entropy import unpack_ids
from wellspring.signals.lm.scorer import Scorer
from wellspring.signals.lm.scorer_fingerprint import scorer_fingerprint
from wellspring.signals.lm.surprisal_levels import surprisals_of
from wellspring.signals.lm.tokenization import load_tokenizer
from wellspring.signals.verdict.profiles import SEED
from wellspring.transforms.runs.finished_run import FinishedRun

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def crawl(tmp_path_factory) -> Path:
    return write_crawl(tmp_path_factory.mktemp("crawl"))


def flags(crawl: Path, output: Path, scorer: str) -> list[str]:
    return [
        "curate",
        f"--input={crawl}/*.warc.wet.gz",
        f"--input={crawl}/generated.jsonl.gz",
        f"--output={output}",
        f"--sources={crawl}/sources.yaml",
        f"--scorer={scorer}",
        "--profile=seed",
        "--batch_documents=8",
    ]


@pytest.fixture(scope="module")
def run(crawl, tiny_scorer, tmp_path_factory, check_run) -> Path:
    """A finished run under `monitor`."""
    output = tmp_path_factory.mktemp("runs") / "monitor"
    assert main(flags(crawl, output, tiny_scorer)) == 0
    check_run(output)
    return output


@pytest.fixture(scope="module")
def enforced(crawl, tiny_scorer, tmp_path_factory, check_run) -> Path:
    """A finished run under `enforce`, with a limit that some batches cross."""
    folder = tmp_path_factory.mktemp("enforce")
    gate = Gate(
        signal="cross_entropy_bits",
        direction="below",
        languages={"en": Limit(limit=limit_between(crawl, tiny_scorer, folder), batches=4, mean=8, spread=1)},
    )
    profile = SEED.model_copy(
        update={
            "name": "tight",
            "can_enforce": True,
            "gate": gate,
            "scorer": scorer_fingerprint(tiny_scorer).id,
            "batch_documents": 8,
        }
    )
    (folder / "profile.json").write_text(profile.model_dump_json())
    output = folder / "run"
    extra = [f"--profile={folder}/profile.json", "--gate=enforce"]
    assert main([*flags(crawl, output, tiny_scorer), *extra]) == 0
    check_run(output)
    return output


def limit_between(crawl: Path, scorer: str, folder: Path) -> float:
    """A limit with gated batches on both sides of it."""
    assert main(flags(crawl, folder / "measured", scorer)) == 0
    audits = ds.dataset(folder / "measured/audits").to_table().to_pylist()
    values = sorted(a["cross_entropy_bits"] for a in audits if a["gated"])
    return (values[len(values) // 2 - 1] + values[len(values) // 2]) / 2


def manifest(run: Path) -> dict:
    return json.loads((run / "manifest.json").read_text())


def table(run: Path, folder: str) -> list[dict]:
    return ds.dataset(run / folder, partitioning="hive").to_table().to_pylist()


def test_every_record_is_accounted_for(run):
    m = manifest(run)
    assert m["records_read"] == 60 + 12
    assert m["rejected"] == {"duplicate": 1, "empty": 1, "malformed": 1, "too_short": 1, "damaged": 1}
    assert sum(m["labelled"].values()) == 67
    assert m["labelled"]["synthetic_known"] == 11
    assert m["by_source"] == {
        "generated": {"read": 12, "labelled": 11, "held": 0, "rejected": 1},
        "web-archive": {"read": 60, "labelled": 56, "held": 0, "rejected": 4},
    }
    assert m["files_read"] == 4
    (damaged,) = m["files_damaged"]
    assert damaged.endswith("2.warc.wet.gz")


def test_rejects_say_what_and_where(run):
    rejects = {r["reason"]: r for r in table(run, "rejects")}
    assert rejects["duplicate"]["detail"].startswith("same text as ")
    assert rejects["malformed"]["file_path"].endswith("generated.jsonl.gz")
    assert rejects["malformed"]["offset"] == 4
    assert {r["kind"] for r in table(run, "rejects")} == {"record", "file"}


def test_evidence_decides_before_measurements(run):
    rows = table(run, "documents")
    labels = {r["id"]: r["provenance"] for r in rows}
    assert all(labels[f"g{i}"] == "synthetic_known" for i in range(9))
    library = [r for r in rows if r["url"] and "library.example" in r["url"]]
    assert library
    for row in library:
        sure = row["verdict"] == "SYNTHETIC" and row["confidence"] == "HIGH"
        assert row["provenance"] == ("human_unverified" if sure else "human_verified")
    assert all("attested as human by the library, 2019" in " ".join(r["reasons"]) for r in library)


def test_two_texts_under_one_id_are_both_there(run):
    ids = [r["id"] for r in table(run, "documents") if r["id"].startswith("same")]
    assert len(ids) == len(set(ids)) == 2
    assert "same" in ids
    assert manifest(run)["renamed_ids"] == 1


def test_every_document_has_its_measurements(run):
    documents = {r["id"]: r for r in table(run, "documents")}
    measured = {r["id"]: r for r in table(run, "measurements")}
    assert documents.keys() == measured.keys()
    for id, row in measured.items():
        assert row["tokens"] == documents[id]["token_count"] == row["scored_tokens"]
        assert row["perplexity"] > 1
        assert row["scorer"] == FinishedRun(str(run)).manifest.scorer.id


def test_batches_are_of_one_day_and_stratum(run):
    audits = {a["batch_id"]: a for a in table(run, "audits")}
    for row in table(run, "documents"):
        audit = audits[row["batch_id"]]
        assert audit["source"] == row["source"]
        assert audit["window_start"] == (row["date"][:10] if row["date"] else None)
    assert sum(a["documents"] for a in audits.values()) == len(table(run, "documents"))


def test_documents_open_without_code_of_ours(run):
    counted = {label: n for label, n in manifest(run)["labelled"].items() if n}
    pattern = f"{run}/documents/**/*.parquet"
    query = "select provenance, count(*) from read_parquet(?, hive_partitioning=true) group by provenance"
    assert dict(duckdb.execute(query, [pattern]).fetchall()) == counted
    frame = polars.read_parquet(pattern, hive_partitioning=True)
    assert dict(frame.group_by("provenance").len().iter_rows()) == counted
    arrow = ds.dataset(run / "documents", partitioning="hive").to_table(["provenance", "text"])
    assert arrow.num_rows == sum(counted.values())


def test_monitor_records_and_holds_nothing(run):
    assert not (run / "hold").exists()
    assert manifest(run)["held"] == manifest(run)["batches_held"] == 0


def test_enforce_holds_the_batches_beyond_the_limit_and_publishes_the_others(enforced):
    m = manifest(enforced)
    audits = table(enforced, "audits")
    beyond = {a["batch_id"] for a in audits if a["gated"] and a["value"] < a["limit"]}
    folders = {p.name.removeprefix("batch="): p for p in (enforced / "hold").iterdir()}
    assert folders.keys() == beyond
    assert 0 < len(beyond) == m["batches_held"] < m["batches"]
    published = {r["batch_id"] for r in table(enforced, "documents")}
    assert not published & beyond
    for batch_id, folder in folders.items():
        ticket = json.loads((folder / "ticket.json").read_text())
        rows = ds.dataset(folder / "documents.parquet").to_table().to_pylist()
        assert {r["batch_id"] for r in rows} == {batch_id} == {ticket["batch_id"]}
        assert ticket["audit"]["action"] == "HOLD_FOR_REVIEW"
        assert sum(ticket["labels"].values()) == len(rows) == ticket["audit"]["documents"]
        assert ticket["margin"] == pytest.approx(ticket["audit"]["limit"] - ticket["audit"]["value"])
        assert ticket["would_pass"].startswith("cross_entropy_bits at least ")


def test_held_documents_carry_the_surprisal_of_each_of_their_tokens(enforced, tiny_scorer):
    measured = {r["id"]: r for r in table(enforced, "measurements")}
    documents = [
        r for p in enforced.glob("hold/*/documents.parquet") for r in ds.dataset(p).to_table().to_pylist()
    ]
    scorer, tokenizer = Scorer.load(tiny_scorer), load_tokenizer(tiny_scorer)
    for row in documents:
        ends = unpack_ids(row["token_ends"])
        assert len(ends) == len(row["token_surprisals"]) == measured[row["id"]]["tokens"]
        assert (ends[:-1] <= ends[1:]).all()
        assert ends[-1] == len(row["text"])
        (expected,) = scorer.surprisals(tokenizer.encode_batch([row["text"]]))
        got = [s for s in surprisals_of(row["token_surprisals"]) if s is not None]
        assert got == pytest.approx(expected.tolist(), abs=1 / 32)


def test_a_finished_run_is_not_written_over_unless_asked(run, crawl, tiny_scorer, capsys):
    before = (run / "manifest.json").read_bytes()
    assert main(flags(crawl, run, tiny_scorer)) == 2
    assert "holds a finished run" in capsys.readouterr().err
    assert (run / "manifest.json").read_bytes() == before


@pytest.mark.slow
def test_overwrite_gives_the_same_data_again(crawl, tiny_scorer, tmp_path, check_run):
    assert main(flags(crawl, tmp_path / "run", tiny_scorer)) == 0
    first = manifest(tmp_path / "run")
    assert main([*flags(crawl, tmp_path / "run", tiny_scorer), "--overwrite"]) == 0
    assert manifest(tmp_path / "run")["files"] == first["files"]
    check_run(tmp_path / "run")


@pytest.mark.slow
def test_decisive_scoring_gives_the_same_labels_from_fewer_tokens(
    run, crawl, tiny_scorer, tmp_path, check_run, capsys
):
    assert main([*flags(crawl, tmp_path / "run", tiny_scorer), "--scoring=decisive"]) == 0
    check_run(tmp_path / "run")
    decided = [
        {r["id"]: (r["provenance"], r["verdict"]) for r in table(x, "documents")}
        for x in (run, tmp_path / "run")
    ]
    assert decided[0] == decided[1]
    m = manifest(tmp_path / "run")
    assert 0 < m["tokens_scored"] < m["tokens"] == manifest(run)["tokens_scored"]
    assert "% of the tokens: the model could not change those verdicts" in capsys.readouterr().out
    spared = [r for r in table(tmp_path / "run", "measurements") if r["scorer"] is None]
    assert all("perplexity: it could not change the verdict" in r["undefined"] for r in spared)
    assert sum(r["tokens"] for r in spared) == m["tokens"] - m["tokens_scored"]


def test_a_dry_run_writes_nothing(crawl, tiny_scorer, tmp_path, capsys):
    assert main([*flags(crawl, tmp_path / "run", tiny_scorer), "--dry_run"]) == 0
    assert "would read" in capsys.readouterr().out
    assert not (tmp_path / "run").exists()


def test_input_that_is_not_there_is_one_line(tiny_scorer, tmp_path, capsys):
    argv = ["curate", f"--input={tmp_path}/*.wet", f"--output={tmp_path}/run", f"--scorer={tiny_scorer}"]
    assert main(argv) == 2
    printed = capsys.readouterr().err
    assert "no file matches" in printed
    assert len([line for line in printed.splitlines() if not line.startswith("warning")]) == 1
    assert not (tmp_path / "run").exists()


@pytest.mark.slow
def test_limit_reads_only_so_many_records_of_each_file(crawl, tmp_path, tiny_scorer, check_run):
    argv = [*flags(crawl, tmp_path / "run", tiny_scorer), "--limit=3", "--scoring=none"]
    assert main(argv) == 0
    assert manifest(tmp_path / "run")["records_read"] == 4 * 3
    check_run(tmp_path / "run")


def test_an_empty_input_is_a_finished_run_of_nothing(tmp_path, tiny_scorer, check_run):
    (tmp_path / "empty.jsonl").write_text("")
    argv = [
        "curate",
        f"--input={tmp_path}/empty.jsonl",
        f"--output={tmp_path}/run",
        f"--scorer={tiny_scorer}",
    ]
    assert main(argv) == 0
    assert manifest(tmp_path / "run")["records_read"] == 0
    check_run(tmp_path / "run")
