"""One output, one run: two never write to the same place, whoever comes second is told who is there."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from wellspring.pipelines.cli import main
from wellspring.pipelines.command import start_run
from wellspring.pipelines.command.arguments import UsageError
from wellspring.pipelines.command.own_output import own_file, own_folder
from wellspring.pipelines.command.run_folder import check_run_folder, run_folder, start_run_folder
from wellspring.transforms.storage.claim import folder_claim, let_go, take_claim


@pytest.fixture
def texts(tmp_path) -> Path:
    lines = [
        {"id": f"d{i}", "text": f"This is the text of document number {i}, and it is short."}
        for i in range(4)
    ]
    path = tmp_path / "texts.jsonl"
    path.write_text("".join(json.dumps(line) + "\n" for line in lines))
    return path


def files(folder: Path) -> dict[str, bytes]:
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def curate(texts: Path, output: Path, *more: str) -> int:
    flags = ["--profile=seed", "--scoring=none", *more]
    return main(["curate", f"--input={texts}", f"--output={output}", *flags])


def test_a_folder_that_was_not_there_is_left_as_it_was(tmp_path):
    with own_folder("simulate", tmp_path / "new/one"):
        assert (tmp_path / "new/one").is_dir()
    assert not (tmp_path / "new/one").exists()
    (tmp_path / "empty").mkdir()
    with own_folder("simulate", tmp_path / "empty"):
        pass
    assert list((tmp_path / "empty").iterdir()) == []


def test_a_claim_goes_with_an_error_too(tmp_path):
    with pytest.raises(KeyboardInterrupt), own_folder("simulate", tmp_path):
        raise KeyboardInterrupt
    with own_folder("simulate", tmp_path):
        pass


def test_a_file_has_one_writer_and_a_pipe_any(tmp_path):
    with own_file("score", tmp_path / "a"):
        with pytest.raises(UsageError, match="--output: .*a is being written by `wellspring score`"):
            own_file("score", tmp_path / "a").__enter__()
        with own_file("score", tmp_path / "b"), own_file("score", "-"), own_file("score", "-"):
            pass
    assert list(tmp_path.iterdir()) == []


def test_what_can_not_be_written_is_one_line(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(UsageError, match=r"--output: \S+/file can't be written: "):
        own_folder("simulate", tmp_path / "file").__enter__()


@pytest.mark.parametrize("overwrite", [[], ["--overwrite"]])
def test_a_run_that_is_written_is_left_alone(texts, tmp_path, overwrite, capsys):
    run = tmp_path / "run"
    with run_folder("reprocess", str(run), overwrite=False, runner=None):
        start_run_folder(str(run))
        (run / "documents").mkdir()
        (run / "documents/part.parquet").write_text("half a run")
        before = files(run)
        assert curate(texts, run, *overwrite) == 2
        assert files(run) == before
    said = capsys.readouterr().err.splitlines()
    assert len(said) == 1
    assert "run is being written by `wellspring reprocess` (process " in said[0]


def test_a_run_that_was_finished_meanwhile_stays(tmp_path):
    """It was not there when it was asked for first."""
    run = str(tmp_path / "run")
    check_run_folder(run, overwrite=False)
    (tmp_path / "run").mkdir()
    (tmp_path / "run/manifest.json").write_text("{}")
    with pytest.raises(UsageError, match="holds a finished run"):
        run_folder("curate", run, overwrite=False, runner=None).__enter__()
    assert list((tmp_path / "run").iterdir()) == [tmp_path / "run/manifest.json"]


def test_a_folder_of_other_things_is_refused_with_a_claim_in_it(tmp_path):
    (tmp_path / "thesis.doc").write_text("years of work")
    with pytest.raises(UsageError, match="is not empty and holds no run"):
        run_folder("curate", str(tmp_path), overwrite=True, runner=None).__enter__()
    assert list(tmp_path.iterdir()) == [tmp_path / "thesis.doc"]


@pytest.mark.slow
def test_nothing_is_claimed_once_a_run_is_finished(texts, tmp_path, check_run):
    run = tmp_path / "run"
    assert curate(texts, run) == 0
    check_run(run)
    assert not (run / ".unfinished").exists()
    assert curate(texts, run) == 2
    assert curate(texts, run, "--overwrite", "--direct_runner_bundle_repeat=2") == 0
    check_run(run)
    assert not (run / ".unfinished").exists()


@pytest.mark.slow
def test_a_run_whose_claim_is_gone_does_not_finish(texts, tmp_path, monkeypatch):
    run, run_locally = tmp_path / "run", start_run.run_locally

    def overtaken(pipeline):
        place = folder_claim(str(run))
        (run / ".unfinished/claim.json").unlink()
        taken.append(take_claim(place, "reprocess").id)
        run_locally(pipeline)

    taken: list[str] = []
    with monkeypatch.context() as patched:
        patched.setattr(start_run, "run_locally", overtaken)
        with pytest.raises(Exception, match="run was taken over by `wellspring reprocess`"):
            curate(texts, run)
    assert not (run / "manifest.json").exists() and not (run / "report.html").exists()
    assert curate(texts, run) == 2  # the other one's
    let_go(folder_claim(str(run)), taken[0])
    assert curate(texts, run) == 0


def test_a_run_is_not_cleared_by_what_reads_it(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "run/documents").mkdir(parents=True)
    for name in ("run/manifest.json", "run/documents/texts.jsonl"):
        (tmp_path / name).write_text("{}")
    (tmp_path / "list.paths").write_text("run/documents/texts.jsonl\n")
    (tmp_path / "link").symlink_to("run")
    pattern = f"{tmp_path}/*/documents/*.jsonl"
    for read in ("run/documents/*.jsonl", "link/documents/texts.jsonl", pattern, "list.paths"):
        for output in ("run", "link"):
            assert curate(Path(read), Path(output), "--overwrite") == 2
            said = capsys.readouterr().err.splitlines()
            assert said[-1].startswith(f"wellspring curate: --output {output} holds what is read (")
    assert files(tmp_path / "run").keys() == {"manifest.json", "documents/texts.jsonl"}


@pytest.mark.parametrize("job", ["curate", "simulate", "score"])
def test_a_store_that_is_only_read_from_is_no_output(job, texts, monkeypatch, capsys):
    monkeypatch.chdir(texts.parent)
    command = (FOLDER_JOBS | FILE_JOBS)[job].replace("--output=out", "--output=s3://bucket/out")
    assert main(command.split()) == 2
    said = capsys.readouterr().err.splitlines()
    assert len(said) == 1
    assert said[0] == f"wellspring {job}: --output s3://bucket/out: write to this machine or to gs://"
    assert [path.name for path in texts.parent.iterdir()] == ["texts.jsonl"]


@pytest.mark.slow
def test_of_two_runs_at_once_one_is_made(texts, tmp_path, check_run):
    run = tmp_path / "run"
    other = tmp_path / "other.jsonl"
    other.write_text(texts.read_text() + '{"id": "one more", "text": "A text that only the other has."}\n')
    common = ["--profile=seed", "--scoring=none", f"--output={run}", "--overwrite"]
    started = [
        subprocess.Popen(
            [sys.executable, "-m", "wellspring.pipelines.cli", "curate", f"--input={path}", *common],
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            text=True,
        )
        for path in (texts, other)
    ]
    said = [process.communicate()[1] for process in started]
    codes = [process.returncode for process in started]
    if codes != [0, 0]:  # or they ran one after the other
        assert sorted(codes) == [0, 2]
        assert "run is being written by `wellspring curate`" in said[codes.index(2)]
    check_run(run)
    assert not (run / ".unfinished").exists()


FOLDER_JOBS = {
    "curate": "curate --input=texts.jsonl --output=out --profile=seed --scoring=none",
    "curate again": "curate --input=texts.jsonl --output=out --profile=seed --scoring=none --overwrite",
    "mix": "mix --recipe=texts.jsonl --output=out",
    "simulate": "simulate --corpus=texts.jsonl --output=out",
    "models": "simulate --corpus=texts.jsonl --output=new --learner=transformer --keep_models=out",
    "monitor": "monitor --outputs=texts.jsonl --baseline=texts.jsonl --output=out",
    "evaluate": "evaluate --scored=texts.jsonl --labelled=texts.jsonl --output=out",
    "anchor create": "anchor create --anchor=out",
    "anchor add": "anchor add --anchor=out --input=texts.jsonl --attested_by=a --licence=b",
    "anchor sign": "anchor sign --anchor=out",
    "anchor export": "anchor export --anchor=out --output=new --purpose=calibration --exported_by=a",
    "forget": "forget --anchor=out --id=a --by=b --reason=c",
    "demo": "demo --output=out",
    "train-reference": "train-reference --corpus=texts.jsonl --output=out",
}
FILE_JOBS = {
    "score": "score --input=texts.jsonl --output=out --profile=seed",
    "calibrate": "calibrate --labelled=texts.jsonl --output=out",
    "tails build": "tails build --corpus=texts.jsonl --output=out",
    "tails score": "tails score --items=. --scorer=reference-en --output=out",
    "tail-reference": "tail-reference --corpus=texts.jsonl --output=out",
}


@pytest.mark.parametrize("job", [*FOLDER_JOBS, *FILE_JOBS])
def test_no_job_writes_where_another_does(job, texts, monkeypatch, capsys):
    monkeypatch.chdir(texts.parent)
    own = own_folder("monitor", "out") if job in FOLDER_JOBS else own_file("monitor", "out")
    with own:
        there = files(texts.parent)
        assert main((FOLDER_JOBS | FILE_JOBS)[job].split()) == 2
        assert files(texts.parent) == there
        assert not (texts.parent / "new").exists()
    said = [line for line in capsys.readouterr().err.splitlines() if not line.startswith("warning")]
    assert len(said) == 1
    assert "out is being written by `wellspring monitor` (process " in said[0]
    assert [path.name for path in texts.parent.iterdir()] == ["texts.jsonl"]


OVER_AN_INPUT = [
    "score --input=in --output=link --profile=seed",
    "score --input=seed.html --output=link --profile=in",
    "calibrate --labelled=in --output=link",
    "calibrate --labelled=seed.html --output=seed.json",
    "calibrate --profile=in --baseline=run --output=link",
    "simulate --corpus=out/report.html --output=out",
    "simulate --corpus=out/pool.jsonl --learner=transformer --output=new --keep_models=out",
    "monitor --outputs=out/monitor.json --baseline=in --output=out",
    "monitor --outputs=in --baseline=out/baseline.json.link --output=out",
    "evaluate --scored=out/accuracy.json --labelled=in --output=out",
    "tails score --items=tails --scorer=reference-en --output=tails/items.jsonl",
    "tail-reference --corpus=in --output=link",
    "train-reference --corpus=in --start=model --output=out",
]


@pytest.mark.parametrize("command", OVER_AN_INPUT)
def test_no_job_writes_over_what_it_reads(command, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    for name in ("accuracy.json", "baseline.json", "monitor.json", "pool.jsonl", "report.html"):
        (tmp_path / "out").mkdir(exist_ok=True)
        (tmp_path / "out" / name).write_text("years of work")
    for name in ("tails", "model"):
        (tmp_path / name).mkdir()
    (tmp_path / "out/model.safetensors").symlink_to(tmp_path / "model/model.safetensors")
    for name in ("tails/items.jsonl", "in", "seed.html", "model/model.safetensors", "model/tokenizer.json"):
        (tmp_path / name).write_text("years of work")
    (tmp_path / "link").symlink_to("in")
    (tmp_path / "out/baseline.json.link").symlink_to("baseline.json")
    there = files(tmp_path)
    assert main(command.split()) == 2
    said = capsys.readouterr().err.splitlines()
    assert len(said) == 1 and said[0].endswith("write to another file")
    assert files(tmp_path) == there
