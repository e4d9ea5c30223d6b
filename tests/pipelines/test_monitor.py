import json
import re

import pytest

from tests.zipf_text import documents
from wellspring.pages.monitor_words import TITLES
from wellspring.pipelines.cli import main
from wellspring.schemas.monitor import SIGNALS, WATCHED

HOSTILE = '<script>alert(1)</script>"&'


def write(path, texts, **fields):
    rows = []
    for index, text in enumerate(texts):
        row = {"id": f"{path.stem}{index}", "text": text}
        row.update({name: of(index) for name, of in fields.items()})
        rows.append(json.dumps(row) + "\n")
    path.write_text("".join(rows))
    return path


@pytest.fixture(scope="module")
def data(tmp_path_factory):
    folder = tmp_path_factory.mktemp("outputs")
    write(folder / "baseline.jsonl", documents(600, 60, seed=1))
    write(folder / "fresh.jsonl", documents(330, 60, seed=2))
    write(folder / "poor.jsonl", documents(330, 60, seed=3, vocabulary=400))
    return folder


def watch(folder, outputs, output, baseline="baseline.jsonl", *extra):
    given = folder / baseline if isinstance(baseline, str) else baseline
    argv = [f"--outputs={folder / outputs}", f"--baseline={given}", f"--output={output}", *extra]
    code = main(["monitor", *argv])
    path = output / "monitor.json"
    return code, json.loads(path.read_text()) if path.exists() else None


def test_fresh_outputs_raise_no_alarm(data, tmp_path, capsys):
    code, report = watch(data, "fresh.jsonl", tmp_path / "out", "baseline.jsonl", "--window=30")
    assert code == 0
    assert (report["outputs"], len(report["windows"]), report["left_over"]) == (330, 11, 0)
    assert report["alarms"] == []
    assert "as the baseline was" not in (tmp_path / "out" / "report.html").read_text()
    assert {(one["signal"], one["direction"]) for one in report["series"]} == set(WATCHED)
    assert all(window["values"].keys() == set(SIGNALS) for window in report["windows"])
    assert "No alarm" in capsys.readouterr().out


def test_outputs_far_from_the_baseline_are_not_said_to_be_as_it_was(data, tmp_path, capsys):
    write(data / "short.jsonl", documents(60, 60, seed=3, vocabulary=1500))
    code, report = watch(data, "short.jsonl", tmp_path / "out", "baseline.jsonl", "--window=30")
    assert (code, report["alarms"]) == (0, [])
    length = next(one for one in report["series"] if (one["signal"], one["direction"]) == ("length", "below"))
    away = {
        (signal, index): (window["values"][signal] - known["mean"]) / known["spread"]
        for signal, known in report["baseline_signals"].items()
        for index, window in enumerate(report["windows"])
    }
    (signal, window), furthest = max(away.items(), key=lambda each: abs(each[1]))
    assert abs(furthest) > 3
    printed = capsys.readouterr().out
    page = (tmp_path / "out" / "report.html").read_text()
    for said in (
        "in none of 10 tests did the sum cross its threshold",
        f"Length below the baseline {length['steps'][-1]['cusum']:.1f} of {length['threshold']:.1f}",
        f"furthest {TITLES[signal][0]} in window {window + 1}: {furthest:+.1f}",
        f"In 2 windows a lasting change of {length['detectable']:.1f} standard deviations",
    ):
        assert said in printed
        assert said in page
    assert '<p class="outcome flagged">No alarm' in page


def test_every_sum_is_drawn_with_its_threshold(data, tmp_path):
    _, report = watch(data, "poor.jsonl", tmp_path / "out", "baseline.jsonl", "--window=30")
    page = (tmp_path / "out" / "report.html").read_text()
    assert page.count("sum of distances") == page.count(">threshold 7.") == len(report["series"])
    alarmed = {alarm["signal"] for alarm in report["alarms"]}
    figure = page[page.index("<h3>Length") :]
    figure = figure[: figure.index("</figure>")]
    assert figure.count("of distances") == 2
    assert (figure.count("flagged-mark") > 0) == ("length" in alarmed)


def test_poorer_outputs_end_with_exit_code_3_and_say_what_and_where(data, tmp_path, capsys):
    code, report = watch(data, "poor.jsonl", tmp_path / "out", "baseline.jsonl", "--window=30")
    assert code == 3
    first = report["alarms"][0]
    assert first["window"] <= 3
    assert {"tail_coverage", "distinct_1"} <= {alarm["signal"] for alarm in report["alarms"]}
    printed = capsys.readouterr().out
    assert f"ALARM {first['signal']} {first['direction']} its baseline: raised in window" in printed
    page = (tmp_path / "out" / "report.html").read_text()
    assert "alarms, the first in window" in page
    assert TITLES["tail_coverage"][0] in page


@pytest.mark.slow
def test_a_kept_baseline_gives_the_same_as_its_outputs(data, tmp_path):
    _, one = watch(data, "poor.jsonl", tmp_path / "one", "baseline.jsonl", "--window=30")
    code, other = watch(data, "poor.jsonl", tmp_path / "two", tmp_path / "one" / "baseline.json")
    assert code == 3
    assert one is not None
    assert one | {"baseline": ""} == other | {"baseline": ""}
    assert (tmp_path / "one" / "baseline.json").read_bytes() == (
        tmp_path / "two" / "baseline.json"
    ).read_bytes()


@pytest.mark.slow
def test_the_same_input_gives_the_same_bytes(data, tmp_path):
    for name in ("one", "two"):
        watch(data, "fresh.jsonl", tmp_path / name, "baseline.jsonl", "--window=30")
    for name in ("monitor.json", "baseline.json", "report.html"):
        assert (tmp_path / "one" / name).read_bytes() == (tmp_path / "two" / name).read_bytes()


def test_outputs_are_taken_in_the_order_of_their_dates(data, tmp_path):
    texts = documents(90, 60, seed=4)
    dates = [f"2026-{9 - i // 30:02}-{1 + i % 28:02}" for i in range(90)]
    write(data / "dated.jsonl", texts, date=lambda i: dates[i])
    _, report = watch(data, "dated.jsonl", tmp_path / "out", "baseline.jsonl", "--window=30")
    assert report["order"] == "date"
    firsts = [window["first_date"] for window in report["windows"]]
    assert firsts == sorted(firsts)
    assert firsts[0].startswith("2026-07")


def test_empty_outputs_have_their_place_and_other_records_are_counted(data, tmp_path):
    texts = documents(100, 60, seed=5)
    for index in range(31, 40):
        texts[index] = "  "
    path = write(data / "odd.jsonl", texts)
    path.write_text(path.read_text() + "no json\n" + '{"id": "x"}\n')
    _, report = watch(data, "odd.jsonl", tmp_path / "out", "baseline.jsonl", "--window=30")
    assert [window["empty"] for window in report["windows"]] == [0, 9, 0]
    assert (report["outputs"], report["left_over"]) == (100, 10)
    assert report["rejected"] == {"malformed": 1, "no_text": 1}


def test_web_text_is_escaped_on_the_page(data, tmp_path):
    path = data / "hostile.jsonl"
    rows = [
        {"id": HOSTILE + str(i), "text": text}
        for i, text in enumerate(documents(90, 30, seed=6, vocabulary=90))
    ]
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))
    code, _ = watch(data, "hostile.jsonl", tmp_path / "out", "baseline.jsonl", "--window=30")
    assert code == 3
    page = (tmp_path / "out" / "report.html").read_text()
    assert "<script" not in page
    assert "&lt;script&gt;" in page
    assert not re.search(r"""(src|href)\s*=\s*["']?(https?:)?//""", page)


@pytest.mark.parametrize(
    ("texts", "extra", "message"),
    [
        (["one output"], [], "holds 1 output, and a trend takes two windows of 30"),
        ([], [], "holds no output"),
        ([" "] * 80, [], "all 80 outputs are empty"),
        (["text"] * 100, ["--window=5"], "--window=5: at least 20"),
        (["text"] * 100, ["--window=500"], "600 outputs are too few for a baseline: windows of 500"),
        (["text"] * 100, ["--tokenizer=/nowhere/at/all"], "/nowhere/at/all"),
    ],
)
def test_bad_input_is_one_line(texts, extra, message, data, tmp_path, capsys):
    write(tmp_path / "bad.jsonl", texts)
    argv = ["monitor", f"--outputs={tmp_path}/bad.jsonl", f"--baseline={data}/baseline.jsonl", "--window=30"]
    assert main([*argv, f"--output={tmp_path}/out", *extra]) == 2
    printed = capsys.readouterr().err.strip()
    assert message in printed
    assert "\n" not in printed
    assert not (tmp_path / "out").exists()


def test_a_baseline_of_another_tokenizer_window_or_form_is_one_line(data, tmp_path, tiny_scorer, capsys):
    watch(data, "fresh.jsonl", tmp_path / "out", "baseline.jsonl", "--window=30")
    kept = tmp_path / "out" / "baseline.json"
    capsys.readouterr()
    (tmp_path / "other.json").write_text('{"window": 3}')
    for baseline, flag, message in (
        (kept, f"--tokenizer={tiny_scorer}", "measured with another tokenizer (reference-en)"),
        (kept, "--window=40", "measured on windows of 30, not 40"),
        (tmp_path / "other.json", "--window=30", "not a baseline.json of this version"),
        (tmp_path / "missing.json", "--window=30", "no file matches"),
        (tmp_path / "missing.jsonl", "--window=30", "no file matches"),
    ):
        code, _ = watch(data, "fresh.jsonl", tmp_path / "again", baseline, flag)
        printed = capsys.readouterr().err.strip()
        assert code == 2
        assert message in printed
        assert "\n" not in printed


@pytest.mark.slow
def test_outputs_from_standard_input_and_the_report_to_standard_output(data, tmp_path, monkeypatch, capfd):
    _, expected = watch(data, "poor.jsonl", tmp_path / "out", "baseline.jsonl", "--window=30")
    capfd.readouterr()
    monkeypatch.chdir(tmp_path)
    with (data / "poor.jsonl").open() as file:
        monkeypatch.setattr("sys.stdin", file)
        argv = ["--outputs=-", f"--baseline={data / 'baseline.jsonl'}", "--output=-", "--window=30"]
        assert main(["monitor", *argv]) == 3
    printed = capfd.readouterr()
    assert json.loads(printed.out) == expected
    assert "ALARM" in printed.err and "the page is" not in printed.err
    assert [path.name for path in tmp_path.iterdir()] == ["out"]


@pytest.mark.slow
def test_the_baseline_that_lies_in_the_output_stays(data, tmp_path):
    watch(data, "fresh.jsonl", tmp_path, "baseline.jsonl", "--window=30")
    kept = (tmp_path / "baseline.json").stat()
    code, report = watch(data, "poor.jsonl", tmp_path, tmp_path / "baseline.json")
    assert code == 3 and report is not None and report["alarms"]
    assert (tmp_path / "baseline.json").stat() == kept
