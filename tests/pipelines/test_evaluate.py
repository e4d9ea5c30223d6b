import bz2
import gzip
import json

import pytest
import zstandard
from sklearn.metrics import roc_auc_score

from tests.pipelines.crawl import text as crawl_text
from wellspring.pipelines.cli import main


def line(number: int, probability: float | None, **values: object) -> dict[str, object]:
    flagged = probability is not None and probability > 0.8
    verdict = "ABSTAIN" if probability is None else "SYNTHETIC" if flagged else "LIKELY_HUMAN"
    ordinary = {
        "id": f"{number // 2}-{'gpt' if number % 2 else 'human'}",
        "probability": probability,
        "verdict": verdict,
        "confidence": "LOW",
        "label": None,
        "reasons": [],
        "measurements": None,
    }
    return ordinary | values


PROBABILITIES = [((7 * i) % 20 + 12 * (i % 2)) / 40 + 0.05 for i in range(40)]


@pytest.fixture
def files(tmp_path):
    labelled, scored = tmp_path / "labelled.jsonl", tmp_path / "scored.jsonl"
    with labelled.open("w") as texts, scored.open("w") as lines:
        for i, probability in enumerate(PROBABILITIES):
            scored_line = line(i, probability)
            lines.write(json.dumps(scored_line) + "\n")
            text = {"id": scored_line["id"], "text": f"text {i}", "label": "synthetic" if i % 2 else "human"}
            extra = {"generator": "gpt" if i % 2 else None, "source": f"set/{'ab'[i // 20]}"}
            texts.write(json.dumps(text | extra) + "\n")
    return labelled, scored


def test_the_figures_are_printed_with_their_intervals(files, capsys, tmp_path):
    labelled, scored = files
    assert (
        main(["evaluate", f"--scored={scored}", f"--labelled={labelled}", f"--output={tmp_path / 'out'}"])
        == 0
    )
    printed = capsys.readouterr().out
    area = roc_auc_score([i % 2 for i in range(40)], PROBABILITIES)
    assert f"{area:.3f} (" in printed
    assert "by source" in printed and "set/a" in printed and "by generator" in printed
    saved = json.loads((tmp_path / "out" / "accuracy.json").read_text())
    assert saved["scored"]["judged"]["roc_auc"][0] == pytest.approx(area)
    assert "<svg" in (tmp_path / "out" / "report.html").read_text()


def test_abstentions_are_left_out_in_one_line_and_counted_in_the_next(files, capsys):
    labelled, scored = files
    lines = [json.loads(text) for text in scored.read_text().splitlines()]
    silent = [line(i, None) if i < 10 else each for i, each in enumerate(lines)]
    scored.write_text("\n".join(map(json.dumps, silent)))
    assert main(["evaluate", f"--scored={scored}", f"--labelled={labelled}"]) == 0
    first, second = capsys.readouterr().out.splitlines()[1:3]
    assert "75.0%" in first
    assert "with abstentions as 0.5" in second and "100%" in second


def test_profiles_are_compared_side_by_side(files, capsys):
    labelled, scored = files
    assert main(["evaluate", f"--scored=one={scored},two={scored}", f"--labelled={labelled}"]) == 0
    rows = capsys.readouterr().out.splitlines()
    assert rows[1].startswith("one") and rows[2].startswith("two")
    assert rows[1][3:] == rows[2][3:]


def test_one_label_alone_gives_its_error_rate_and_says_what_is_missing(files, capsys):
    labelled, scored = files
    rows = [row for row in labelled.read_text().splitlines() if '"human"' in row]
    labelled.write_text("\n".join(rows))
    assert main(["evaluate", f"--scored={scored}", f"--labelled={labelled}"]) == 0
    printed = capsys.readouterr().out
    assert "take both labels" in printed
    (line_of_all,) = (line for line in printed.splitlines() if line.startswith("scored   "))
    assert "0.000 (0.000-0.180)" in line_of_all  # Wilson's, of 0 in 20


def test_every_generator_has_its_recall_and_every_human_source_its_false_positives(files, capsys, tmp_path):
    labelled, scored = files
    rows = [json.loads(row) for row in labelled.read_text().splitlines()]
    for number, row in enumerate(rows):
        row["source"] = f"people/{number % 3}" if row["label"] == "human" else "machines"
    labelled.write_text("\n".join(map(json.dumps, rows)))
    assert main(["evaluate", f"--scored={scored}", f"--labelled={labelled}", f"--output={tmp_path}"]) == 0
    found = sum(probability > 0.8 for probability in PROBABILITIES[1::2]) / 20
    by = json.loads((tmp_path / "accuracy.json").read_text())["scored"]["by"]
    for figures in (by["generator"]["gpt"], by["source"]["machines"]):
        value, low, high = figures["verdict"]["recall"]
        assert value == pytest.approx(found)
        assert low < value < high
        assert figures["verdict"]["false_positive_rate"] is None
    for name in ("people/0", "people/1", "people/2"):
        assert by["source"][name]["verdict"]["false_positive_rate"][0] == 0
        assert by["source"][name]["verdict"]["recall"] is None
        assert by["source"][name]["roc_auc"] is None
    printed = capsys.readouterr().out
    (generator,) = (line for line in printed.splitlines() if line.startswith("  gpt "))
    assert f"{found:.3f} (" in generator
    for line in printed.splitlines():
        if line.startswith("  people/"):
            assert "0.000 (0.000-" in line


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda labelled, scored: scored.write_text(""), "lacks 40 of 40 labelled texts, '0-human' first"),
        (lambda labelled, scored: scored.write_text("{}"), "give what `wellspring score` wrote"),
        (lambda labelled, scored: labelled.write_text(""), "holds no labelled text"),
        (lambda labelled, scored: labelled.unlink(), "--labelled: no file matches"),
    ],
)
def test_files_that_do_not_fit_are_named_in_one_line(files, capsys, change, message):
    change(*files)
    labelled, scored = files
    assert main(["evaluate", f"--scored={scored}", f"--labelled={labelled}"]) == 2
    error = capsys.readouterr().err.strip()
    assert message in error
    assert "\n" not in error


def rows(**values: object) -> list[dict[str, object]]:
    """Labelled texts; a value that is a function makes each row's own."""
    return [
        {"id": f"r{i}", "text": crawl_text(str(i)), "label": "synthetic" if i % 2 else "human", "source": "s"}
        | {name: value(i) if callable(value) else value for name, value in values.items()}
        for i in range(4)
    ]


FORMS = {
    "numbers as ids": rows(id=lambda i: i),
    "no ids": [{key: value for key, value in row.items() if key != "id"} for row in rows()],
    "null": rows(id=None, source=None, generator=None),
    "not a number": rows(score=float("nan"), other=[float("inf")]),
    "long and odd ids": rows(id=lambda i: f"\x0b{i}" + "x" * 600),
    "control characters": rows(text=lambda i: "\x0c".join(crawl_text(str(i)).split())),
}


@pytest.mark.parametrize("pack", [bytes, zstandard.compress, bz2.compress])
@pytest.mark.slow
def test_what_score_read_is_evaluated(pack, tmp_path, tiny_scorer, capsys):
    for name, form in FORMS.items():
        labelled, scored = tmp_path / "l.jsonl", tmp_path / "s.jsonl.gz"
        content = b"\xef\xbb\xbf" + "\r\n".join(map(json.dumps, form)).encode()
        labelled.write_bytes(pack(content))
        flags = [f"--input={labelled}", "--profile=seed", f"--scorer={tiny_scorer}", f"--output={scored}"]
        assert main(["score", *flags]) == 0, name
        assert main(["evaluate", f"--scored={scored}", f"--labelled={labelled}"]) == 0, name
        lines = gzip.decompress(scored.read_bytes())
        scored.write_bytes(pack(b"\xef\xbb\xbf" + lines.replace(b"\n", b"\r\n").replace(b":null", b":NaN")))
        assert main(["evaluate", f"--scored={scored}", f"--labelled={labelled}"]) == 0, name
    assert "Traceback" not in capsys.readouterr().err


def test_one_id_for_two_texts_is_refused(files, capsys):
    labelled, scored = files
    scored.write_text(scored.read_text() + json.dumps(line(0, 0.99)))
    assert main(["evaluate", f"--scored={scored}", f"--labelled={labelled}"]) == 2
    assert "two texts have the id '0-human'" in capsys.readouterr().err


@pytest.mark.parametrize("flag", ["scored", "labelled"])
def test_standard_input_and_output(flag, files, monkeypatch, capfd):
    names = dict(zip(("labelled", "scored"), files, strict=True))
    assert main(["evaluate", *(f"--{name}={path}" for name, path in names.items())]) == 0
    table = capfd.readouterr().out
    with names[flag].open() as file:
        monkeypatch.setattr("sys.stdin", file)
        flags = (f"--{name}={'-' if name == flag else path}" for name, path in names.items())
        assert main(["evaluate", *flags, "--output=-"]) == 0
    printed = capfd.readouterr()
    assert json.loads(printed.out)["scored"]["judged"]["human"] == 20
    assert printed.err == table


def test_standard_input_is_read_once(files, capsys):
    assert main(["evaluate", "--scored=-", "--labelled=-"]) == 2
    assert "standard input (-) is read once" in capsys.readouterr().err
