"""The command from end to end: what enters, what is refused and why, and that errors leave nothing."""

import gzip
import json
import shutil
import stat
import subprocess
import sys

import msgspec
import pyarrow.parquet as pq
import pytest

from tests.pipelines.anchor_sets import ATTESTED, MACHINE_TEXT, TEXTS, command, key_of, rows, write_lines
from tests.signals.passages import generated, with_words_replaced
from wellspring.pipelines.anchors.verification import open_anchor
from wellspring.pipelines.cli import main
from wellspring.signals.matching.merkle import inclusion_proof, is_included, leaf_hash


@pytest.fixture
def anchor(tmp_path):
    assert command("create", tmp_path / "set") == 0
    return tmp_path / "set"


def snapshot(folder):
    return {p.relative_to(folder).as_posix(): p.read_bytes() for p in folder.rglob("*") if p.is_file()}


def add(anchor, lines, *flags):
    path = write_lines(anchor.with_name("in.jsonl"), lines)
    return command("add", anchor, f"--input={path}", *(flags or ATTESTED))


def rejects(anchor, version):
    table = pq.read_table(anchor / f"versions/{version:04d}/rejects.parquet")
    return {row["id"]: (row["reason"], row["detail"]) for row in table.to_pylist()}


def test_create_makes_a_key_that_only_its_owner_reads_and_says_where(tmp_path, capsys):
    assert command("create", tmp_path / "set") == 0
    key = key_of(tmp_path / "set")
    assert stat.S_IMODE(key.stat().st_mode) == 0o600
    printed = capsys.readouterr().out
    assert str(key) in printed
    assert open_anchor(tmp_path / "set").version.public_key in printed
    assert not any(b"PRIVATE" in content for content in snapshot(tmp_path / "set").values())


def test_the_default_key_is_found_again(tmp_path, monkeypatch):
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    lines = write_lines(tmp_path / "in.jsonl", rows(0, 2))
    assert main(["anchor", "create", f"--anchor={tmp_path}/set"]) == 0
    assert main(["anchor", "add", f"--anchor={tmp_path}/set", f"--input={lines}", *ATTESTED]) == 0
    assert open_anchor(tmp_path / "set").version.documents == 2


def test_documents_enter_with_who_when_and_licence(anchor):
    assert add(anchor, rows(0, 3)) == 0
    opened = open_anchor(anchor)
    assert [d.id for d in opened.documents] == ["d0", "d1", "d2"]
    assert {(d.attested_by, d.attested_on, d.licence) for d in opened.documents} == {
        ("the library", "2026-01-05T00:00:00Z", "CC0-1.0")
    }
    version = opened.version
    assert (version.version, version.added, version.documents) == (2, 3, 3)
    assert (version.attested_by, version.licences) == (["the library"], ["CC0-1.0"])
    assert version.policy.profile == "reference-en"


def test_columns_go_before_flags_and_a_documents_date_is_enough(anchor):
    lines = [
        {"id": "a", "text": TEXTS[0], "attested_by": "Ann", "licence": "CC-BY-4.0", "date": "1999-02-03"},
        {"id": "b", "text": TEXTS[1], "date": "2001", "attested_on": "2020-01-01", "license": "MIT"},
        {"id": "c", "text": TEXTS[2], "created": "2003-04-05"},
    ]
    assert add(anchor, lines, "--attested_by=Bob", "--licence=CC0") == 0
    found = [(d.attested_by, d.licence, d.date, d.attested_on) for d in open_anchor(anchor).documents]
    assert found == [
        ("Ann", "CC-BY-4.0", "1999-02-03T00:00:00Z", None),
        ("Bob", "MIT", None, "2020-01-01T00:00:00Z"),
        ("Bob", "CC0", "2003-04-05T00:00:00Z", None),
    ]


def test_the_detector_vetoes_and_nothing_is_dropped_in_silence(anchor, capsys):
    lines = [
        *rows(0, 2),
        {"id": "m", "text": MACHINE_TEXT},
        {"id": "e", "text": "  "},
        {"id": "p", "text": "...!"},
        {"id": "n"},
        {"id": "again", "text": TEXTS[0].upper()},
        {"id": "d1", "text": TEXTS[1]},
    ]
    assert add(anchor, lines) == 0
    refused = rejects(anchor, 2)
    assert {id: reason for id, (reason, _) in refused.items()} == {
        "m": "synthetic",
        "e": "empty",
        "p": "empty",
        "n": "no_text",
        "again": "duplicate",
        "d1": "already_there",
    }
    assert refused["m"][1].startswith("SYNTHETIC at HIGH confidence: wording as in machine text")
    assert refused["again"][1] == "the same words as d0"
    version = open_anchor(anchor).version
    assert version.added + sum(version.rejected.values()) == len(lines)
    printed = capsys.readouterr()
    assert "refused: 'm': synthetic: SYNTHETIC at HIGH confidence" in printed.err
    assert "already_there 1, duplicate 1, empty 2, no_text 1, synthetic 1" in printed.out


def test_later_versions_add_and_keep_what_was_there(anchor):
    assert add(anchor, rows(0, 3)) == 0
    before = snapshot(anchor)
    assert add(anchor, rows(2, 6)) == 0
    opened = open_anchor(anchor)
    assert [d.id for d in opened.documents] == [f"d{i}" for i in range(6)]
    assert rejects(anchor, 3)["d2"] == ("already_there", "the same text under the same id")
    assert before.items() <= snapshot(anchor).items()
    leaves = [leaf_hash(d.id, bytes.fromhex(d.sha256)) for d in opened.documents]
    root = bytes.fromhex(opened.version.root)
    assert all(is_included(leaves[i], i, 6, inclusion_proof(leaves, i), root) for i in range(6))


def test_the_same_input_gives_the_same_documents_and_root(tmp_path):
    sets = []
    lines = write_lines(tmp_path / "in.jsonl", [*rows(0, 5), {"id": "m", "text": MACHINE_TEXT}])
    for name in ("one", "two"):
        assert command("create", tmp_path / name) == 0
        assert command("add", tmp_path / name, f"--input={lines}", *ATTESTED) == 0
        sets.append(tmp_path / name / "versions/0002")
    for name in ("documents-00000.parquet", "rejects.parquet"):
        assert (sets[0] / name).read_bytes() == (sets[1] / name).read_bytes()
    one, two = (json.loads((s / "version.json").read_text()) for s in sets)
    for version in (one, two):
        for name in ("created", "previous", "public_key"):
            del version[name]
    assert one == two


def test_what_is_met_elsewhere_does_not_enter(anchor, tmp_path, capsys):
    quoted = " ".join(TEXTS[2].split()[5:30])
    run = " ".join(TEXTS[3].split()[5:20])
    others = generated(6, 80, seed="others")
    write_lines(tmp_path / "synthetic.jsonl", [{"id": "s", "text": TEXTS[0]}, {"id": "t", "text": others[0]}])
    near = with_words_replaced(TEXTS[1], "x", 0.85)
    folder = tmp_path / "run/documents/provenance=human_unverified"
    folder.mkdir(parents=True)
    write_lines(
        folder / "part.jsonl", [{"id": "n", "text": near}, {"id": "q", "text": f"{others[1]} {quoted}"}]
    )
    write_lines(tmp_path / "bench.jsonl", [{"id": "b", "text": f"{others[2]} {run}"}])
    against = (f"--against_synthetic={tmp_path}/synthetic.jsonl", f"--against_training={tmp_path}/run",
               f"--against_benchmarks={tmp_path}/bench.jsonl")  # fmt: skip
    assert add(anchor, rows(0, 6), *ATTESTED, *against) == 0
    refused = rejects(anchor, 2)
    assert {id: reason for id, (reason, _) in refused.items()} == {
        "d0": "in_synthetic", "d1": "in_training", "d2": "in_training", "d3": "in_benchmarks"
    }  # fmt: skip
    assert refused["d0"][1] == "a copy of 's' in synthetic.jsonl"
    assert [d.id for d in open_anchor(anchor).documents] == ["d4", "d5"]
    checks = open_anchor(anchor).version.policy.checks
    assert [(c.against, c.texts) for c in checks] == [("synthetic", 2), ("training", 2), ("benchmarks", 1)]
    capsys.readouterr()
    assert command("verify", anchor, *against) == 0
    write_lines(tmp_path / "bench.jsonl", [{"id": "b", "text": f"{others[2]} {TEXTS[5]}"}])
    assert command("verify", anchor, *against) == 1
    assert "document 'd5' is met in benchmarks text" in capsys.readouterr().out


def test_of_a_run_only_synthetic_documents_are_compared_as_such(anchor, tmp_path):
    for label, text in (("synthetic_known", TEXTS[0]), ("human_verified", TEXTS[1])):
        folder = tmp_path / f"run/documents/provenance={label}"
        folder.mkdir(parents=True)
        write_lines(folder / "part.jsonl", [{"id": label, "text": text}])
    assert add(anchor, rows(0, 3), *ATTESTED, f"--against_synthetic={tmp_path}/run") == 0
    assert list(rejects(anchor, 2)) == ["d0"]


def test_export_is_logged_and_holds_all_documents(anchor, tmp_path):
    assert add(anchor, rows(0, 3)) == 0
    for number, name in ((1, "out.jsonl"), (2, "out.jsonl.gz")):
        flags = (f"--output={tmp_path}/{name}", "--purpose=calibration", "--exported_by=Ann")
        assert command("export", anchor, *flags) == 0
        content = (tmp_path / name).read_bytes()
        lines = (gzip.decompress(content) if name.endswith("gz") else content).splitlines()
        assert [json.loads(line)["id"] for line in lines] == ["d0", "d1", "d2"]
        assert json.loads(lines[0])["licence"] == "CC0-1.0"
        record = open_anchor(anchor).exports[number - 1]
        assert (record.export, record.exported_by, record.purpose) == (number, "Ann", "calibration")
        assert (record.version, record.documents) == (2, 3)


@pytest.mark.slow
def test_a_killed_add_leaves_the_version_before(anchor):
    assert add(anchor, rows(0, 3)) == 0
    before = snapshot(anchor)
    write_lines(anchor.with_name("in.jsonl"), rows(3, 6))
    # The process dies at the last moment at which it can: all is written, nothing is in its place yet.
    code = (
        "import os, sys; from pathlib import Path; from wellspring.pipelines.cli import main\n"
        "Path.rename = lambda self, target: os._exit(9)\n"
        "main(sys.argv[1:])"
    )
    argv = ["anchor", "add", f"--anchor={anchor}", f"--key={key_of(anchor)}"]
    argv += [f"--input={anchor.with_name('in.jsonl')}", *ATTESTED]
    assert subprocess.run([sys.executable, "-c", code, *argv], check=False).returncode == 9
    assert (anchor / ".unfinished").is_dir()
    assert open_anchor(anchor).version.documents == 3
    assert before.items() <= snapshot(anchor).items()
    assert add(anchor, rows(3, 6)) == 0
    assert open_anchor(anchor).version.documents == 6
    assert not (anchor / ".unfinished").exists()


WRONG = [
    ("add", ["--attested_by=x", "--licence=y"], "document 'd5' has no attested_on or date (and 2 more)"),
    ("add", ["--attested_on=2020-01-01", "--licence=y"], "document 'd5' has no attested_by (and 2 more)"),
    ("add", ["--attested_by=x", "--attested_on=2020-01-01"], "no licence (and 2 more)"),
    ("add", ["--attested_by=x", "--attested_on=soon", "--licence=y"], "--attested_on=soon is no ISO date"),
    ("add", [*ATTESTED, "--key=/nowhere/key.pem"], "--key /nowhere/key.pem can't be read (No such file"),
    ("add", [*ATTESTED, "--key={other}"], "is another set's: its public key is"),
    ("add", [*ATTESTED, "--key={input}"], "is no unencrypted private key in PEM form"),
    ("add", [*ATTESTED, "--profile=seed"], "--profile seed has no classifier of texts"),
    ("add", [*ATTESTED, "--input=missing.jsonl"], "no file matches 'missing.jsonl'"),
    ("add", [*ATTESTED, "--against_training=missing*"], "--against_training: no file matches 'missing*'"),
    ("add", [*ATTESTED, "--against_benchmarks={key}"], "--against_benchmarks: "),
    ("add", [*ATTESTED, "--input={taken}"], "document 'd0': another text has this id already"),
    ("create", [], "exists and is not empty"),
    ("export", ["--output={out}", "--exported_by=x", "--purpose=pretraining"], "invalid choice: 'pretrain"),
    ("export", ["--output={out}", "--purpose=calibration"], "required: --exported_by"),
    ("export", ["--output={input}", "--purpose=calibration", "--exported_by=x"], "exists: name another file"),
    ("export", ["--output={inside}", "--purpose=calibration", "--exported_by=x"], "lies in the anchor set"),
    ("verify", ["--public_key={input}"], "is no public key in PEM form"),
    ("verify", ["--at_least_version=0"], "0 is not a whole number from 1"),
]  # fmt: skip


@pytest.mark.parametrize(("name", "flags", "message"), WRONG)
def test_wrong_arguments_are_one_line_and_nothing_is_written(anchor, tmp_path, capsys, name, flags, message):
    assert add(anchor, rows(0, 3)) == 0
    assert command("create", tmp_path / "other") == 0
    lines = write_lines(tmp_path / "more.jsonl", rows(5, 8))
    taken = write_lines(tmp_path / "taken.jsonl", [{"id": "d0", "text": TEXTS[9]}])
    names = {"other": key_of(tmp_path / "other"), "input": lines, "taken": taken, "key": key_of(anchor),
             "out": tmp_path / "out.jsonl", "inside": anchor / "out.jsonl"}  # fmt: skip
    before = snapshot(tmp_path)
    capsys.readouterr()
    if name == "add":
        flags = [f"--input={lines}", *flags]
    assert command(name, anchor, *(flag.format(**names) for flag in flags)) == 2
    printed = capsys.readouterr()
    assert message in printed.err
    assert printed.err.count("\n") == 1
    assert printed.out == ""
    assert snapshot(tmp_path) == before


@pytest.mark.parametrize("name", ["add", "export"])
def test_a_tampered_set_takes_and_gives_nothing(anchor, tmp_path, capsys, name):
    assert add(anchor, rows(0, 3)) == 0
    manifest = anchor / "versions/0002/version.json"
    manifest.write_bytes(manifest.read_bytes().replace(b"CC0-1.0", b"CC0-2.0"))
    lines = write_lines(tmp_path / "more.jsonl", rows(5, 8))
    before = snapshot(tmp_path)
    capsys.readouterr()
    flags = [f"--input={lines}", *ATTESTED]
    if name == "export":
        flags = [f"--output={tmp_path}/out.jsonl", "--purpose=calibration", "--exported_by=x"]
    assert command(name, anchor, *flags) == 2
    printed = capsys.readouterr().err
    assert "does not verify: version 2: the signature doesn't fit version.json" in printed
    assert printed.count("\n") == 1
    assert snapshot(tmp_path) == before


def test_nothing_new_is_no_version(anchor, capsys):
    assert add(anchor, rows(0, 2)) == 0
    before = snapshot(anchor)
    capsys.readouterr()
    assert add(anchor, rows(0, 2)) == 1
    assert capsys.readouterr().err.splitlines()[-1] == "nothing was added: already_there 2"
    assert snapshot(anchor) == before


def test_no_such_set_and_no_such_command(tmp_path, capsys):
    assert main(["anchor", "verify", f"--anchor={tmp_path}"]) == 2
    assert "holds no anchor set" in capsys.readouterr().err
    lines = write_lines(tmp_path / "in.jsonl", rows(0, 1))
    assert command("add", tmp_path / "none", f"--input={lines}", *ATTESTED) == 2
    assert "is no anchor set" in capsys.readouterr().err
    there = "create, add, verify, export, sign"
    for argv, said in (
        (["anchor"], f"say what to do; there are {there}"),
        (["anchor", "remove"], f"no action 'remove'; there are {there}"),
        (["anchor", "verfy"], "no action 'verfy'; did you mean verify?"),
    ):
        assert main(argv) == 2
        assert capsys.readouterr().err == f"wellspring anchor: {said}\n"
    assert main(["anchor", "--help"]) == 0
    shown = capsys.readouterr().out
    assert all(f"\n  {action} " in shown for action in there.split(", "))


def test_two_jobs_do_not_write_at_once(anchor, capsys):
    from wellspring.pipelines.anchors.folder import writing

    with writing(anchor, "anchor sign"):
        assert add(anchor, rows(0, 1)) == 2
    assert "set is being written by `wellspring anchor sign`" in capsys.readouterr().err
    assert add(anchor, rows(0, 1)) == 0


def test_openssl_verifies_a_version_too(anchor, tmp_path):
    if shutil.which("openssl") is None:
        pytest.skip("no openssl on this machine")
    folder = anchor / "versions/0001"
    check = ["openssl", "pkeyutl", "-verify", "-pubin", "-inkey", f"{key_of(anchor)}.pub", "-rawin"]
    check += ["-in", str(folder / "version.json"), "-sigfile", str(folder / "signature")]
    assert subprocess.run(check, check=False, capture_output=True).returncode == 0
    (folder / "version.json").write_bytes(msgspec.json.encode({}))
    assert subprocess.run(check, check=False, capture_output=True).returncode != 0
