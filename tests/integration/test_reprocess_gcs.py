"""Jobs over finished runs on gs://, on a storage that misbehaves: reprocess, curate --reuse, report."""

import json
from pathlib import Path
from statistics import median

import pyarrow.dataset as ds
import pytest

from tests.integration.gcs import Fault
from tests.integration.test_curate_gcs import check_same, is_upload_of
from tests.integration.weather import calm, let_it_storm
from tests.pipelines.crawl import text, write_crawl
from tests.signals.tiny_models import write_model
from wellspring.pipelines.cli import main
from wellspring.schemas.profile import Gate, Limit, Profile
from wellspring.signals.lm.scorer_fingerprint import scorer_fingerprint
from wellspring.signals.verdict.profiles import SEED
from wellspring.transforms.storage import cloud_storage

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def crawl(tmp_path_factory) -> Path:
    return write_crawl(tmp_path_factory.mktemp("crawl"))


@pytest.fixture(scope="module")
def runs(tmp_path_factory) -> Path:
    return tmp_path_factory.mktemp("runs")


@pytest.fixture(scope="module")
def profile(finished, tiny_scorer, runs) -> Path:
    """One that holds half of the run's batches."""
    files = sorted(map(str, (finished / "audits").glob("*.parquet")))
    audits = ds.dataset(files).to_table().to_pylist()
    middle = median(audit["cross_entropy_bits"] for audit in audits if audit["gated"])
    gate = Gate(
        signal="cross_entropy_bits",
        direction="below",
        languages={"en": Limit(limit=middle, batches=4, mean=middle / 2, spread=1)},
    )
    holding = SEED.model_copy(
        update={
            "name": "holding",
            "can_enforce": True,
            "gate": gate,
            "scorer": scorer_fingerprint(tiny_scorer).id,
            "batch_documents": 8,
        }
    )
    path = runs / "profile.json"
    path.write_text(Profile.model_validate(holding.model_dump()).model_dump_json())
    return path


@pytest.fixture(scope="module")
def finished(crawl, tiny_scorer, runs) -> Path:
    """The run that the jobs start from, in a local folder."""
    assert main(curate(crawl, str(runs / "finished"), tiny_scorer)) == 0
    return runs / "finished"


@pytest.fixture
def run(bucket, finished) -> str:
    """The same run in the bucket."""
    for path in finished.rglob("*"):
        if path.is_file():
            bucket.put(f"finished/{path.relative_to(finished)}", path.read_bytes())
    return f"{bucket.url}/finished"


def curate(crawl: Path, output: str, scorer: str, *extra: str) -> list[str]:
    inputs = [f"--input={crawl}/*.gz", f"--sources={crawl}/sources.yaml"]
    return ["curate", *inputs, f"--output={output}", f"--scorer={scorer}", "--batch_documents=8", *extra]


def reprocess(run: str | Path, output: str | Path, *extra: str) -> list[str]:
    return ["reprocess", f"--run={run}", f"--output={output}", *extra]


def manifest(run: Path) -> dict:
    return json.loads((run / "manifest.json").read_text())


def test_by_profile(bucket, run, finished, profile, runs, tmp_path, check_run):
    flags = [f"--profile={profile}", "--gate=enforce"]
    assert main(reprocess(finished, runs / "by-profile", *flags)) == 0
    assert manifest(runs / "by-profile")["held"] > 0
    storm = let_it_storm(bucket)
    assert main(reprocess(run, f"{bucket.url}/run", *flags)) == 0
    assert not any(request.copies for request in bucket.proxy.requests)
    assert calm(storm) <= {"object"}  # a file that isn't there yet is asked for once, not a dozen times
    check_same(bucket, runs / "by-profile", tmp_path / "downloaded", check_run)
    made_from = manifest(tmp_path / "downloaded")["reprocessed_from"]
    local = manifest(runs / "by-profile")["reprocessed_from"]
    assert made_from == local | {"run": run}


def test_by_scorer(bucket, run, finished, runs, tmp_path, check_run):
    other = str(write_model(tmp_path / "other", "gpt2", seed=1))
    assert main(reprocess(finished, runs / "by-scorer", f"--scorer={other}")) == 0
    assert manifest(runs / "by-scorer")["scorer"] != manifest(finished)["scorer"]
    storm = let_it_storm(bucket)
    assert main(reprocess(run, f"{bucket.url}/run", f"--scorer={other}")) == 0
    assert calm(storm) == set()
    check_same(bucket, runs / "by-scorer", tmp_path / "downloaded", check_run)


def test_an_input_that_has_grown(bucket, run, crawl, tiny_scorer, tmp_path, check_run):
    late = tmp_path / "late.jsonl"
    new = {"id": "new", "text": text("new"), "source": "web-archive", "date": "2026-01-06T00:00:00Z"}
    late.write_text(json.dumps(new) + "\n")
    grown = [f"--input={late}"]
    assert main(curate(crawl, str(tmp_path / "scratch"), tiny_scorer, *grown)) == 0
    storm = let_it_storm(bucket)
    assert main(curate(crawl, f"{bucket.url}/run", tiny_scorer, *grown, f"--reuse={run}")) == 0
    assert calm(storm) == set()
    check_same(bucket, tmp_path / "scratch", tmp_path / "downloaded", check_run)


def test_a_storage_that_stays_away_leaves_no_run_and_the_old_one_as_it_was(
    bucket, run, finished, profile, runs, tmp_path, check_run, monkeypatch
):
    flags = reprocess(run, f"{bucket.url}/run", f"--profile={profile}", "--gate=enforce")
    before = bucket.contents("finished/")
    with monkeypatch.context() as patched:
        patched.setattr(cloud_storage, "GIVE_UP_SECONDS", 1.0)
        bucket.proxy.inject(Fault(status=503), is_upload_of("run/hold/"), times=float("inf"))
        with pytest.raises(Exception, match=f"{bucket.url}/run/hold/.*: given up after 1 s: injected 503"):
            main(flags)
    assert "manifest.json" not in bucket.contents("run/")
    assert bucket.contents("finished/") == before
    bucket.proxy.forget()
    assert main(flags) == 0
    local = [f"--profile={profile}", "--gate=enforce", "--overwrite"]
    assert main(reprocess(finished, runs / "after", *local)) == 0
    check_same(bucket, runs / "after", tmp_path / "downloaded", check_run)


def test_the_report_again(bucket, run, finished):
    """Over a storage that loses answers; a page is written whole or not at all."""
    storm = let_it_storm(bucket)
    for number in range(8):
        assert main(["report", f"--run={run}", f"--output={bucket.url}/{number}.html"]) == 0
        assert bucket.contents(f"{number}.html")[""] == (finished / "report.html").read_bytes()
    assert calm(storm) <= {"list", "batch", "object"}
