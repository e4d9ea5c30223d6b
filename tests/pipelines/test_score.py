import gzip
import json
import os
import threading

import pytest
import zstandard

from tests.pipelines.crawl import text
from tests.signals.text.test_invisible_runs import MANIFEST, wrapped
from wellspring.pipelines.cli import main
from wellspring.signals.lm.scorer import Scorer
from wellspring.signals.lm.tokenization import load_tokenizer

KEYS = {"id", "probability", "verdict", "confidence", "label", "reasons", "measurements"}


@pytest.fixture
def texts(tmp_path):
    rows = [{"id": f"t{i}", "text": text(str(i)), "source": "a" if i % 2 else "b"} for i in range(5)]
    rows.insert(2, {"id": "empty", "text": "  "})
    rows.insert(4, {"id": "no text"})
    path = tmp_path / "texts.jsonl.gz"
    with gzip.open(path, "wt") as file:
        file.writelines(json.dumps(row) + "\n" for row in rows)
    return path


def scored(texts, output, scorer, *extra):
    assert main(["score", f"--input={texts}", f"--output={output}", f"--scorer={scorer}", *extra]) == 0
    content = output.read_bytes()
    content = gzip.decompress(content) if output.suffix == ".gz" else content
    return [json.loads(line) for line in content.decode().splitlines()]


def test_there_is_a_line_for_every_document_in_the_files_order(texts, tmp_path, tiny_scorer):
    lines = scored(texts, tmp_path / "out.jsonl.gz", tiny_scorer)
    assert [line["id"] for line in lines] == ["t0", "t1", "empty", "t2", "no text", "t3", "t4"]
    assert all(line.keys() == KEYS for line in lines)


def test_what_cannot_be_measured_abstains_and_says_why(texts, tmp_path, tiny_scorer):
    lines = {line["id"]: line for line in scored(texts, tmp_path / "out.jsonl", tiny_scorer)}
    empty = lines["empty"]
    assert (empty["verdict"], empty["probability"], empty["measurements"]) == ("ABSTAIN", None, None)
    assert empty["reasons"][0].startswith("rejected: empty")
    assert lines["no text"]["reasons"][0].startswith("rejected: no_text")


def test_measurements_are_the_scorers(texts, tmp_path, tiny_scorer):
    lines = scored(texts, tmp_path / "out.jsonl", tiny_scorer)
    ids = load_tokenizer(tiny_scorer).encode_batch([text("0")])
    (expected,) = Scorer.load(tiny_scorer).score(ids, [len(text("0").encode())])
    assert lines[0]["measurements"]["perplexity"] == expected.perplexity
    assert lines[0]["measurements"]["words"] == len(text("0").replace("'", " ").split())


def test_sources_give_labels_and_the_profile_verdicts(texts, tmp_path, tiny_scorer):
    (tmp_path / "sources.yaml").write_text("- match: {source: a}\n  evidence: known_model\n  model: x\n")
    lines = scored(texts, tmp_path / "out.jsonl", tiny_scorer, f"--sources={tmp_path}/sources.yaml")
    assert {line["id"] for line in lines if line["label"] == "synthetic_known"} == {"t1", "t3"}
    assert {line["verdict"] for line in lines} <= {"SYNTHETIC", "LIKELY_HUMAN", "ABSTAIN"}


def test_the_same_file_gives_the_same_bytes(texts, tmp_path, tiny_scorer):
    scored(texts, tmp_path / "one.jsonl.gz", tiny_scorer)
    scored(texts, tmp_path / "two.jsonl.gz", tiny_scorer)
    assert (tmp_path / "one.jsonl.gz").read_bytes() == (tmp_path / "two.jsonl.gz").read_bytes()


@pytest.mark.parametrize(
    ("flag", "message"),
    [
        ("--input=missing.jsonl", "no file matches 'missing.jsonl'"),
        ("--profile=missing.json", "--profile 'missing.json' can't be read"),
        ("--scorer=/nowhere/at/all", "/nowhere/at/all"),
        ("--sources=missing.yaml", "--sources 'missing.yaml' can't be read"),
        ("--outptu=x", "unknown argument --outptu=x; did you mean --output?"),
    ],
)
def test_wrong_arguments_are_one_line_and_leave_nothing(flag, message, texts, tmp_path, tiny_scorer, capsys):
    argv = ["score", f"--input={texts}", f"--output={tmp_path}/out", f"--scorer={tiny_scorer}", flag]
    assert main(argv) == 2
    printed = capsys.readouterr().err
    assert message in printed
    assert printed.count("\n") == 1
    assert not list(tmp_path.glob("out*"))


def test_an_output_that_is_the_input_is_refused_and_left_alone(texts, tmp_path, tiny_scorer, capsys):
    before = texts.read_bytes()
    (tmp_path / "link.gz").symlink_to(texts)
    for output in (texts, tmp_path / "link.gz"):
        assert main(["score", f"--input={texts}", f"--output={output}", f"--scorer={tiny_scorer}"]) == 2
        printed = capsys.readouterr().err.splitlines()
        assert len(printed) == 1 and "write to another file" in printed[0]
    assert texts.read_bytes() == before
    assert sorted(path.name for path in tmp_path.iterdir()) == ["link.gz", "texts.jsonl.gz"]


def test_standard_input_and_output(texts, tmp_path, tiny_scorer, capfdbinary, monkeypatch):
    expected = scored(texts, tmp_path / "out.jsonl", tiny_scorer)
    capfdbinary.readouterr()
    with texts.open() as file:
        monkeypatch.setattr("sys.stdin", file)
        assert main(["score", "--input=-", "--output=-", f"--scorer={tiny_scorer}"]) == 0
    printed = capfdbinary.readouterr()
    assert [json.loads(line) for line in printed.out.splitlines()] == expected
    assert b"7 documents, 2 of them with verdict ABSTAIN, in -" in printed.err


def test_a_pipe_is_read_and_written(texts, tmp_path, tiny_scorer):
    expected = scored(texts, tmp_path / "out.jsonl", tiny_scorer)
    for name in ("in", "out"):
        os.mkfifo(tmp_path / name)
    read: list[bytes] = []
    ends = [
        threading.Thread(target=lambda: (tmp_path / "in").write_bytes(texts.read_bytes())),
        threading.Thread(target=lambda: read.append((tmp_path / "out").read_bytes())),
    ]
    for end in ends:
        end.start()
    assert (
        main(["score", f"--input={tmp_path}/in", f"--output={tmp_path}/out", f"--scorer={tiny_scorer}"]) == 0
    )
    for end in ends:
        end.join()
    assert [json.loads(line) for line in read[0].splitlines()] == expected


def test_the_names_ending_says_the_compression(texts, tmp_path, tiny_scorer):
    expected = scored(texts, tmp_path / "out.jsonl", tiny_scorer)
    assert main(["score", f"--input={texts}", f"--output={tmp_path}/out.zst", f"--scorer={tiny_scorer}"]) == 0
    with zstandard.open(tmp_path / "out.zst", "rt") as file:
        assert [json.loads(line) for line in file] == expected


def test_a_run_that_fails_leaves_the_file_of_the_one_before(texts, tmp_path, tiny_scorer, monkeypatch):
    scored(texts, tmp_path / "out.jsonl", tiny_scorer)
    before = (tmp_path / "out.jsonl").read_bytes()
    monkeypatch.setattr("wellspring.pipelines.score.score_documents", lambda *_: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        scored(texts, tmp_path / "out.jsonl", tiny_scorer)
    assert (tmp_path / "out.jsonl").read_bytes() == before
    assert sorted(path.name for path in tmp_path.iterdir()) == ["out.jsonl", "texts.jsonl.gz"]


def test_what_cannot_be_seen_changes_no_measurement(tmp_path, tiny_scorer):
    plain = text("0")
    runs = {"manifest": wrapped(MANIFEST), "tags": "".join(chr(0xE0000 + 65 + i % 26) for i in range(3000))}
    rows = [{"id": "plain", "text": plain}]
    rows += [{"id": name, "text": plain[:50] + run + plain[50:]} for name, run in runs.items()]
    path = tmp_path / "texts.jsonl"
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))
    expected, *others = scored(path, tmp_path / "out.jsonl", tiny_scorer)
    for line in others:
        (said,) = set(line["measurements"]["undefined"]) - set(expected["measurements"]["undefined"])
        assert "3000 invisible characters left out, sha256 " in said or said.startswith(
            "c2pa_text_manifest: "
        )
        same = {"id": line["id"], "undefined": line["measurements"]["undefined"]}
        assert line == expected | {"id": line["id"], "measurements": expected["measurements"] | same}


def test_a_file_that_no_reader_takes_is_one_line_a_damaged_one_a_warning(
    texts, tmp_path, capsys, tiny_scorer
):
    output = tmp_path / "out.jsonl"
    array, wide = b"[" + b'{"text": "a"},' * 9 + b"]", '{"a": 1}'.encode("utf-16")
    for name, content in (("a.jsonl", array), ("b.jsonl", wide)):
        (tmp_path / name).write_bytes(content)
        flags = [f"--input={tmp_path / name}", f"--output={output}", f"--scorer={tiny_scorer}"]
        assert main(["score", *flags]) == 2
        said = capsys.readouterr().err.strip().splitlines()[-1]
        assert name in said and "unsupported_format" in said
        assert not output.exists()
    cut = tmp_path / "cut.jsonl.gz"
    cut.write_bytes(texts.read_bytes()[:-9])
    lines = scored(cut, tmp_path / "out.jsonl", tiny_scorer)
    assert [line["id"] for line in lines][:2] == ["t0", "t1"]
    assert f"warning: {cut}: truncated: " in capsys.readouterr().err
