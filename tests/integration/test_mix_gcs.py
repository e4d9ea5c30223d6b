"""A training set drawn on gs:// from runs on gs://, on a storage that misbehaves; and its lineage."""

import json
from pathlib import Path

import pytest

from tests.integration.gcs import Fault, TestBucket
from tests.integration.test_curate_gcs import is_upload_of
from tests.integration.weather import calm, let_it_storm
from tests.pipelines.mixed_runs import curate, rows, some_documents
from tests.pipelines.test_curate_determinism import data
from wellspring.pipelines.cli import main
from wellspring.transforms.storage import cloud_storage
from wellspring.transforms.storage.storage import UNFINISHED

pytestmark = pytest.mark.slow

RECIPE = """
seed: 7
runs: [{runs}]
tokens: 20000
shares: {{human_verified: 0.6, human_unverified: 0.3, synthetic_known: 0.1}}
low_frequency: {{strength: 0.5, cap: 4}}
tail: {{pack: {pack}, share: 0.02}}
"""


@pytest.fixture(scope="module")
def runs(tiny_scorer, tmp_path_factory) -> dict[str, Path]:
    """Two runs in local folders, with 30 documents of one in the other too."""
    first = some_documents(240, sentences=2)
    second = some_documents(60, "e", sentences=2) | dict(list(first.items())[:30])
    return {
        "a": curate(tmp_path_factory.mktemp("a"), first, tiny_scorer),
        "b": curate(tmp_path_factory.mktemp("b"), second, tiny_scorer),
    }


@pytest.fixture
def inputs(bucket, runs) -> str:
    """The runs, a recipe and a tail pack in the bucket; the recipe's address."""
    for name, folder in runs.items():
        for path in folder.rglob("*"):
            if path.is_file():
                bucket.put(f"runs/{name}/{path.relative_to(folder)}", path.read_bytes())
    text = "Rare word {0}, of the pack; so is {0}. "
    pack = [{"id": f"t{i}", "text": text.format(i) * 9, "attested_by": "us"} for i in range(9)]
    bucket.put("pack.jsonl", "".join(json.dumps(line) + "\n" for line in pack).encode())
    listed = ", ".join(f"{bucket.url}/runs/{name}" for name in runs)
    bucket.put("recipe.yaml", RECIPE.format(runs=listed, pack=f"{bucket.url}/pack.jsonl").encode())
    return f"{bucket.url}/recipe.yaml"


def mix(recipe: str, output: str | Path, *extra: str) -> list[str]:
    return ["mix", f"--recipe={recipe}", f"--output={output}", *extra]


def check_same(bucket: TestBucket, local: Path, folder: Path) -> None:
    """What lies in the bucket is a finished set, and its bytes are those of a set in a local folder."""
    downloaded = bucket.download("set", folder)
    assert not (downloaded / UNFINISHED).exists()
    assert data(downloaded) == data(local)
    manifests = [json.loads((set_ / "manifest.json").read_text()) for set_ in (downloaded, local)]
    for manifest in manifests:
        for name in ("started", "finished", "parameters"):
            manifest.pop(name)
    assert manifests[0] == manifests[1]


def test_the_same_bytes_as_in_a_local_folder_whatever_the_weather(bucket, inputs, runs, tmp_path, capsys):
    assert main(mix(inputs, tmp_path / "local")) == 0
    assert len(rows(tmp_path / "local")) > 100
    assert json.loads((tmp_path / "local/manifest.json").read_text())["kept_out"] == {"duplicate": 30}
    storm = let_it_storm(bucket)
    assert main(mix(inputs, f"{bucket.url}/set")) == 0
    assert not any(request.copies for request in bucket.proxy.requests)
    assert calm(storm) == set()
    check_same(bucket, tmp_path / "local", tmp_path / "downloaded")

    for row in (rows(tmp_path / "local")[0].id, "t0", "d0", "nobody"):
        said = []
        for folder in (str(tmp_path / "local"), f"{bucket.url}/set"):
            capsys.readouterr()
            code = main(["lineage", f"--set={folder}", f"--id={row}"])
            out, err = capsys.readouterr()
            said.append((code, out, err.replace(folder, "SET")))
        assert said[0] == said[1]
        assert said[0][0] == (row == "nobody")
    assert main(["lineage", f"--run={bucket.url}/runs/a", "--id=d1"]) == 0
    assert f"{bucket.url}/runs/a/documents/" in capsys.readouterr().out


def test_a_storage_that_stays_away_leaves_no_set(bucket, inputs, tmp_path, monkeypatch):
    """And drawn again it is the same; a plan alone leaves nothing."""
    assert main(mix(inputs, f"{bucket.url}/set", "--dry_run")) == 0
    assert bucket.contents("set/") == {}
    with monkeypatch.context() as patched:
        patched.setattr(cloud_storage, "GIVE_UP_SECONDS", 1.0)
        bucket.proxy.inject(Fault(status=503), is_upload_of("set/lineage/"), times=float("inf"))
        with pytest.raises(Exception, match=f"{bucket.url}/set/lineage/.*: given up after 1 s: injected 503"):
            main(mix(inputs, f"{bucket.url}/set"))
    assert "manifest.json" not in bucket.contents("set/")
    bucket.proxy.forget()
    assert main(mix(inputs, f"{bucket.url}/set")) == 0
    assert main(mix(inputs, tmp_path / "local")) == 0
    check_same(bucket, tmp_path / "local", tmp_path / "downloaded")
    assert main(mix(inputs, f"{bucket.url}/set")) == 2
