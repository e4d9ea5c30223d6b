"""Files as people name them, through the jobs: read, or named; never passed over in silence."""

import json
import os
import socket
from pathlib import Path

import pyarrow.parquet as pq
import pytest

from wellspring.pipelines.cli import main
from wellspring.pipelines.command.input_files import input_files, input_files_once, listed

QUICK = ["--profile=seed", "--scoring=none"]
LINE = (
    '{{"id": "{0}", "text": "The {0} river and the old bridge. A lantern hung in the window of the inn."}}\n'
)


def write(path: Path, *ids: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("".join(LINE.format(id) for id in ids))


def curate(output: Path, *inputs: str) -> dict:
    assert main(["curate", *(f"--input={each}" for each in inputs), f"--output={output}", *QUICK]) == 0
    return json.loads((output / "manifest.json").read_text())


def documents(run: Path) -> dict[str, str]:
    """Id -> file_path of all documents."""
    rows = [row for path in run.glob("documents/*/*.parquet") for row in pq.read_table(path).to_pylist()]
    return {row["id"]: row["file_path"] for row in rows}


@pytest.mark.slow
def test_a_crawl_with_all_that_can_lie_in_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    write(tmp_path / "in/good.jsonl", "good")
    write(tmp_path / "in/date=2026-11-01/hive.jsonl", "hive")
    write(tmp_path / "in/x.jsonl/part-0.jsonl", "spark")
    write(tmp_path / "in/dir[1]/bracket.jsonl", "bracket")
    write(tmp_path / os.fsdecode(b"in/bad\xff.jsonl"), "bad")
    write(tmp_path / "in/_SUCCESS")
    (tmp_path / "in/dangling.jsonl").symlink_to("gone.jsonl")
    (tmp_path / "in/self.jsonl").symlink_to("self.jsonl")
    (tmp_path / "in/loop").symlink_to("..")
    os.mkfifo(tmp_path / "in/fifo.jsonl")
    with socket.socket(socket.AF_UNIX) as listening:
        listening.bind("in/socket.jsonl")
    manifest = curate(tmp_path / "run", "in")
    assert documents(tmp_path / "run") == {
        "good": "in/good.jsonl",
        "hive": "in/date=2026-11-01/hive.jsonl",
        "spark": "in/x.jsonl/part-0.jsonl",
        "bracket": "in/dir[1]/bracket.jsonl",
        "bad": r"in/bad\xff.jsonl",
    }
    damaged = manifest["files_damaged"]
    assert sorted(damaged) == [f"in/{name}.jsonl" for name in ("dangling", "fifo", "self", "socket")]
    assert all(reason.startswith("unreadable") for reason in damaged.values())
    assert "a pipe" in damaged["in/fifo.jsonl"]
    said = capsys.readouterr().err
    assert "passed over: in/_SUCCESS" in said


@pytest.mark.parametrize("pattern", ["*.jsonl", "**/*.jsonl", "./*.jsonl", "~/*.jsonl", ".", "in.jsonl"])
@pytest.mark.slow
def test_what_starts_from_the_current_folder(
    pattern: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("HOME", str(tmp_path))
    write(tmp_path / "in.jsonl", "one")
    assert curate(tmp_path / "run", pattern)["records_read"] == 1


@pytest.mark.parametrize("content", [b"", b"\n\n"])
@pytest.mark.slow
def test_an_input_of_no_records_is_said(
    content: bytes, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "in.jsonl").write_bytes(content)
    manifest = curate(tmp_path / "run", f"{tmp_path}/in.jsonl")
    assert manifest["records_read"] == 0
    assert "warning: --input holds no record" in capsys.readouterr().err
    again = ["curate", f"--input={tmp_path}/in.jsonl", f"--output={tmp_path}/again", *QUICK, "--strict"]
    assert main(again) == 2
    assert (
        capsys.readouterr()
        .err.strip()
        .splitlines()[-1]
        .startswith("wellspring curate: --input holds no record")
    )
    assert (tmp_path / "again").exists() == bool(content)  # nothing where that is seen before


def test_every_flag_takes_a_name_with_a_comma(tmp_path: Path) -> None:
    write(tmp_path / "a,b.jsonl")
    assert listed(f"{tmp_path}/a,b.jsonl") == [f"{tmp_path}/a,b.jsonl"]
    assert listed("a.jsonl,b.jsonl") == ["a.jsonl", "b.jsonl"]


def test_standard_input_and_pipes_are_read_where_named(tmp_path: Path) -> None:
    from wellspring.pipelines.command.arguments import UsageError

    os.mkfifo(tmp_path / "x.jsonl")
    assert input_files_once("--input", ["-", f"{tmp_path}/x.jsonl"]) == ["-", f"{tmp_path}/x.jsonl"]
    with pytest.raises(UsageError, match="name it by itself"):
        input_files_once("--input", [f"{tmp_path}/*.jsonl"])
    with pytest.raises(UsageError, match="standard input is not read"):
        input_files("--input", ["-"])
