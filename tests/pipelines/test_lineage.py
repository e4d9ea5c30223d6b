"""`wellspring lineage`: every document of the runs gets an answer."""

import re

import pyarrow.dataset as ds
import pytest

from tests.pipelines.mixed_runs import curate, mix, rows, some_documents
from wellspring.pipelines.cli import main
from wellspring.pipelines.sets.set_folder import read_set

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def runs(tiny_scorer, tmp_path_factory):
    first = some_documents(240, sentences=2) | {"short": ("web", "Too short.")}
    second = some_documents(60, "e", sentences=2) | {"again": first["d1"]}
    return [
        curate(tmp_path_factory.mktemp("a"), first, tiny_scorer),
        curate(tmp_path_factory.mktemp("b"), second, tiny_scorer),
    ]


@pytest.fixture(scope="module")
def drawn(runs, tmp_path_factory):
    return mix(
        tmp_path_factory.mktemp("set"),
        runs,
        "tokens: 20000\nshares: {human_verified: 0.6, human_unverified: 0.4}\n"
        "low_frequency: {strength: 2}\ntail: {pack: top_rarity, share: 0.1}",
    )


def answer(capsys, *flags: str) -> tuple[int, str]:
    capsys.readouterr()
    code = main(["lineage", *flags])
    captured = capsys.readouterr()
    return code, captured.out + captured.err


def test_a_document_that_is_in(drawn, capsys):
    row = max(rows(drawn), key=lambda row: (row.copies, row.stratum != "tail"))
    code, said = answer(capsys, f"--set={drawn}", f"--id={row.id}")
    assert code == 0
    assert said.count("in: ") == row.copies
    assert f"copy 1 of {row.copies}, in documents/part-00000-of-00001.parquet" in said
    assert f"weight {row.weight:.4g}" in said and row.run in said
    assert "labelled " + row.provenance in said


def test_an_injected_document_is_marked(drawn, capsys):
    row = next(row for row in rows(drawn) if row.stratum == "tail")
    assert "injected as rare text" in answer(capsys, f"--set={drawn}", f"--id={row.id}")[1]


def test_every_document_that_is_not_drawn_lies_beyond_its_threshold(drawn, runs, capsys):
    """The key is computed again from what the set keeps, for documents of every label."""
    inside = {row.id for row in rows(drawn)}
    thresholds = {s.name: s.threshold for s in read_set(str(drawn)).drawn}
    outside = [
        r
        for r in ds.dataset(runs[0] / "documents", partitioning="hive").to_table().to_pylist()
        if r["id"] not in inside
    ]
    assert {r["provenance"] for r in outside} >= {"human_verified", "human_unverified", "synthetic_known"}
    for row in outside[:25]:
        code, said = answer(capsys, f"--set={drawn}", f"--id={row['id']}")
        assert code == 0
        if row["provenance"] not in thresholds:
            assert f"the recipe takes no {row['provenance']} text" in said
            continue
        found = re.search(r"not drawn: its key (\S+) .* is not below (\S+), the threshold", said)
        assert found and float(found[1]) >= float(found[2])
        assert float(found[2]) == pytest.approx(thresholds[row["provenance"]], rel=1e-5)


def test_duplicates_rejects_and_unknown_ids(drawn, runs, capsys):
    code, said = answer(capsys, f"--set={drawn}", "--id=again")
    assert code == 0 and "kept out (duplicate): same text as d1 of" in said
    (reject,) = [r for r in ds.dataset(runs[0] / "rejects").to_table().to_pylist() if r["id"] == "short"]
    code, said = answer(capsys, f"--set={drawn}", "--id=short")
    assert code == 0 and f"rejected: {reject['reason']}: " in said
    code, said = answer(capsys, f"--set={drawn}", "--id=nobody")
    assert code == 1 and said.startswith("unknown: no document")


def test_of_a_run_alone(runs, capsys):
    code, said = answer(capsys, f"--run={runs[0]}", "--id=d0")
    assert code == 0 and said.startswith("labelled human_")
    assert answer(capsys, f"--run={runs[0]}", "--id=e0")[0] == 1
    assert answer(capsys, f"--run={runs[0]},{runs[1]}", "--id=e0")[0] == 0


def test_runs_that_have_moved(drawn, runs, tmp_path, capsys):
    import shutil

    moved = [shutil.copytree(run, tmp_path / f"moved{i}") for i, run in enumerate(runs)]
    code, said = answer(capsys, f"--set={drawn}", f"--run={moved[1]},{moved[0]}", "--id=d0")
    assert code == 0 and str(moved[0]) in said


def test_what_was_changed_is_not_believed(drawn, runs, tmp_path, capsys):
    import shutil

    changed = shutil.copytree(drawn, tmp_path / "set")
    file = changed / "documents/part-00000-of-00001.parquet"
    file.write_bytes(file.read_bytes()[:-1] + b"x")
    code, said = answer(capsys, f"--set={changed}", "--id=d0")
    assert code == 2 and "is not the file that its manifest lists" in said
    moved = shutil.copytree(runs[0], tmp_path / "run")
    (moved / "manifest.json").write_text((moved / "manifest.json").read_text() + "\n")
    code, said = answer(capsys, f"--set={drawn}", f"--run={moved},{runs[1]}", "--id=d0")
    assert code == 2 and "its manifest.json was changed" in said


@pytest.mark.parametrize("flags", [[], ["--set=nowhere"], ["--run=nowhere"]])
def test_wrong_arguments(flags, capsys):
    code, said = answer(capsys, *flags, "--id=a")
    assert code == 2 and len(said.splitlines()) == 1


def test_a_run_is_no_set(runs, capsys):
    code, said = answer(capsys, f"--set={runs[0]}", "--id=a")
    assert code == 2 and "is not a training set" in said
