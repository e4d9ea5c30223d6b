import gzip
import hashlib
import json

import pytest
import yaml

from tests.zipf_text import documents
from wellspring.pipelines.cli import main

pytestmark = pytest.mark.slow

TRAINING = documents(1000, 120, seed=1)
HELD_OUT = documents(400, 120, seed=2)
KEYS = {
    "id", "set", "kind", "domain", "context", "choices", "answer", "document", "source", "words_seen",
    "distractor_seen", "documents_seen",
}  # fmt: skip


def write(path, texts, name):
    rows = [
        json.dumps({"id": f"{name}{i}", "text": text, "source": name}) + "\n" for i, text in enumerate(texts)
    ]
    content = "".join(rows).encode()
    path.write_bytes(gzip.compress(content) if path.suffix == ".gz" else content)


@pytest.fixture(scope="module")
def texts(tmp_path_factory):
    folder = tmp_path_factory.mktemp("texts")
    write(folder / "training.jsonl.gz", TRAINING, "t")
    write(folder / "held out.jsonl", HELD_OUT, "h")
    return folder


@pytest.fixture(scope="module")
def built(texts, tmp_path_factory):
    output = tmp_path_factory.mktemp("tails") / "v1"
    assert build(texts, output) == 0
    return output


def build(texts, output, *extra):
    return main([
        "tails", "build", f"--corpus={texts}/held out.jsonl", f"--against={texts}/training.jsonl.gz",
        f"--output={output}", *extra,
    ])  # fmt: skip


def lines(path):
    return [json.loads(line) for line in path.read_text().splitlines()]


def test_both_sets_have_650_items_of_every_kind_with_their_documents(built):
    items = lines(built / "items.jsonl")
    assert all(item.keys() == KEYS for item in items)
    for set_ in ("tail", "head"):
        chosen = [item for item in items if item["set"] == set_]
        assert len(chosen) == 650
        assert {item["kind"] for item in chosen} == {"term", "collocation", "sense", "construction"}
    for item in items:
        text = HELD_OUT[int(item["document"][1:])]
        assert f"{item['context']} {item['choices'][item['answer']]}" in text
        assert (item["source"], item["domain"]) == ("h", "held_out")


def test_the_manifest_names_what_went_in_and_what_came_out(built, texts):
    manifest = json.loads((built / "manifest.json").read_text())
    assert manifest["items_needed"] == 650
    assert {s: sum(kinds.values()) for s, kinds in manifest["items"]["held_out"].items()} == {
        "tail": 650,
        "head": 650,
    }
    corpus = (texts / "held out.jsonl").read_bytes()
    assert manifest["corpus"] == {
        "held_out": {"sha256": hashlib.sha256(corpus).hexdigest(), "documents": 400}
    }
    assert manifest["against"]["training"]["documents"] == 1000
    files = {str(path.relative_to(built)) for path in built.rglob("*") if path.is_file()}
    assert set(manifest["files"]) == files - {"manifest.json"}
    for path, entry in manifest["files"].items():
        assert entry["sha256"] == hashlib.sha256((built / path).read_bytes()).hexdigest()


def test_the_same_input_gives_the_same_bytes(built, texts, tmp_path):
    assert build(texts, tmp_path / "again") == 0
    for path in (p for p in built.rglob("*") if p.is_file()):
        assert path.read_bytes() == (tmp_path / "again" / path.relative_to(built)).read_bytes()


def test_tasks_are_in_the_published_form(built):
    for set_ in ("tail", "head"):
        name = f"wellspring_{set_}_held_out"
        task = yaml.safe_load((built / "lm_eval" / f"{name}.yaml").read_text())
        assert (task["task"], task["output_type"], task["dataset_path"]) == (name, "multiple_choice", "json")
        data = lines(built / "lm_eval" / task["dataset_kwargs"]["data_files"][task["test_split"]])
        assert data == [item for item in lines(built / "items.jsonl") if item["set"] == set_]
        assert task["doc_to_text"] == "{{context}}"
        assert {task["doc_to_choice"], task["doc_to_target"]} <= data[0].keys()
        assert [metric["metric"] for metric in task["metric_list"]] == ["acc", "acc_norm", "acc_bytes"]


def test_nothing_that_training_or_anchors_have_becomes_an_item(texts, tmp_path):
    leaked = [*TRAINING, f"before {HELD_OUT[0]} after", HELD_OUT[1][:400]]
    write(texts / "leaked.jsonl", leaked, "t")
    write(tmp_path / "letters.jsonl", [HELD_OUT[2].upper()], "a")
    kept = [f"--anchor={tmp_path}/anchor", f"--key={tmp_path}/key.pem"]
    attested = ["--attested_by=us", "--attested_on=2020-01-01", "--licence=CC0"]
    assert main(["anchor", "create", *kept]) == 0
    assert main(["anchor", "add", *kept, f"--input={tmp_path}/letters.jsonl", *attested]) == 0
    argv = ["tails", "build", f"--corpus={texts}/held out.jsonl", f"--against={texts}/leaked.jsonl"]
    assert main([*argv, f"--anchor={tmp_path}/anchor", f"--output={tmp_path}/out"]) == 0
    assert not {"h0", "h1", "h2"} & {item["document"] for item in lines(tmp_path / "out" / "items.jsonl")}
    manifest = json.loads((tmp_path / "out" / "manifest.json").read_text())
    assert manifest["refused"]["document_copied"] >= 3
    assert {name: read["documents"] for name, read in manifest["anchor"].items()} == {"version 2": 1}


def test_doubles_in_the_corpus_are_taken_once(texts, tmp_path):
    write(texts / "twice.jsonl", [*HELD_OUT, *HELD_OUT[:50]], "h")
    argv = ["tails", "build", f"--corpus={texts}/twice.jsonl", f"--against={texts}/training.jsonl.gz"]
    assert main([*argv, f"--output={tmp_path}/out"]) == 0
    assert json.loads((tmp_path / "out" / "manifest.json").read_text())["refused"]["document_twice"] == 50


def test_too_small_a_corpus_says_how_many_documents_are_missing(texts, tmp_path, capsys):
    write(texts / "small.jsonl", HELD_OUT[:120], "h")
    argv = ["tails", "build", f"--corpus={texts}/small.jsonl", f"--against={texts}/training.jsonl.gz"]
    assert main([*argv, f"--output={tmp_path}/out"]) == 2
    printed = capsys.readouterr().err.strip()
    assert "\n" not in printed
    assert "tail items in 120 documents, 650 are needed: give about" in printed
    assert not (tmp_path / "out").exists()
    more = int(printed.split("give about ")[1].split()[0])
    write(texts / "enough.jsonl", documents(120 + more * 3 // 2, 120, seed=2), "h")
    argv[2] = f"--corpus={texts}/enough.jsonl"
    assert main([*argv, f"--output={tmp_path}/out"]) == 0


def test_more_power_takes_more_items(texts, tmp_path, capsys):
    assert build(texts, tmp_path / "out", "--difference=0.02") == 2
    assert "items in 400 documents, 3923 are needed" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("argv", "message"),
    [
        (["tails"], "say what to do; there are build, score"),
        (["tails", "bake"], "no action 'bake'"),
        (["tails", "build", "--corpus=missing.jsonl", "--output=x"], "no file matches 'missing.jsonl'"),
        (["tails", "build", "--corpus=missing.jsonl", "--output=x", "--power=2"], "2 is not between 0 and 1"),
        (["tails", "build", f"--corpus={__file__}", "--output=x", "--anchor=missing"], "holds no anchor set"),
        (["tails", "build", "--output=x"], "--corpus"),
        (["tails", "score", "--items=missing", "--scorer=reference-en", "--output=x"], "no tail benchmark"),
    ],
)
def test_wrong_arguments_are_one_line(argv, message, capsys):
    assert main(argv) == 2
    printed = capsys.readouterr().err.strip()
    assert message in printed
    assert "\n" not in printed


def test_an_output_that_exists_is_left_alone(built, texts, capsys):
    before = (built / "items.jsonl").read_bytes()
    assert build(texts, built) == 2
    assert "choose another one" in capsys.readouterr().err
    assert (built / "items.jsonl").read_bytes() == before


@pytest.fixture(scope="module")
def few(built, tmp_path_factory):
    """One item in eight of the benchmark."""
    folder = tmp_path_factory.mktemp("few")
    content = "".join((built / "items.jsonl").read_text().splitlines(keepends=True)[::8])
    (folder / "items.jsonl").write_text(content)
    manifest = json.loads((built / "manifest.json").read_text())
    manifest["files"]["items.jsonl"]["sha256"] = hashlib.sha256(content.encode()).hexdigest()
    (folder / "manifest.json").write_text(json.dumps(manifest))
    return folder


@pytest.fixture(scope="module")
def other_scorer(tmp_path_factory):
    from tests.signals.tiny_models import write_model

    return str(write_model(tmp_path_factory.mktemp("other"), "llama", seed=5))


def test_two_models_side_by_side(few, tmp_path, tiny_scorer, other_scorer, capsys):
    argv = ["tails", "score", f"--items={few}", f"--scorer={tiny_scorer},{other_scorer}"]
    assert main([*argv, f"--output={tmp_path}/s.json"]) == 0
    scores = json.loads((tmp_path / "s.json").read_text())
    items = {item["id"]: item for item in lines(few / "items.jsonl")}
    margins = scores["margins"]
    assert margins.keys() == items.keys()
    models = scores["domains"]["held_out"]
    assert [model["model"] for model in models] == [tiny_scorer, other_scorer]
    share = {}
    for set_ in ("tail", "head"):
        for column in (0, 1):
            of_set = [margins[id_][column] > 0 for id_, item in items.items() if item["set"] == set_]
            share[set_, column] = sum(of_set) / len(of_set)
            assert models[column]["sets"][set_]["accuracy"]["value"] == pytest.approx(share[set_, column])
    compared = scores["comparisons"]["held_out"]
    tail, head = (share[set_, 0] - share[set_, 1] for set_ in ("tail", "head"))
    assert compared["tail_drop"]["value"] == pytest.approx(tail)
    assert compared["difference"]["value"] == pytest.approx(tail - head)
    assert "at chance on the head set" in capsys.readouterr().err
    assert main([*argv, f"--output={tmp_path}/again.json"]) == 0
    assert (tmp_path / "s.json").read_bytes() == (tmp_path / "again.json").read_bytes()


def test_one_model_is_compared_with_none(few, tmp_path, tiny_scorer):
    argv = ["tails", "score", f"--items={few}", f"--scorer={tiny_scorer}", f"--output={tmp_path}/s.json"]
    assert main(argv) == 0
    assert json.loads((tmp_path / "s.json").read_text())["comparisons"] == {}


def test_models_and_items_that_cannot_be_used_are_one_line(few, tmp_path, tiny_scorer, capsys):
    (tmp_path / "empty").mkdir()
    for scorer, message in (
        (f"{tmp_path}/empty", "no config.json"),
        (f"{tiny_scorer},{tiny_scorer}", "names one model twice"),
        ("a,b,c", "one model, or two as A,B"),
    ):
        argv = ["tails", "score", f"--items={few}", f"--scorer={scorer}", f"--output={tmp_path}/s.json"]
        assert main(argv) == 2
        printed = capsys.readouterr().err.strip().splitlines()[-1]
        assert message in printed
    changed = tmp_path / "changed"
    changed.mkdir()
    for name in ("manifest.json", "items.jsonl"):
        (changed / name).write_bytes((few / name).read_bytes())
    (changed / "items.jsonl").write_text(
        (few / "items.jsonl").read_text().replace('"answer":0', '"answer":1')
    )
    argv = ["tails", "score", f"--items={changed}", f"--scorer={tiny_scorer}", f"--output={tmp_path}/s.json"]
    assert main(argv) == 2
    assert "not the file that manifest.json names" in capsys.readouterr().err
    assert not (tmp_path / "s.json").exists()


@pytest.mark.slow
def test_the_embedded_model_knows_the_head_and_less_of_the_tail(tmp_path, shared_data):
    corpus = shared_data / "lmtext" / "gov_digitalgov_news.jsonl.gz"
    assert main(["tails", "build", f"--corpus={corpus}", f"--output={tmp_path}/v1"]) == 0
    argv = [
        "tails",
        "score",
        f"--items={tmp_path}/v1",
        "--scorer=reference-en",
        f"--output={tmp_path}/s.json",
    ]
    assert main(argv) == 0
    ((model,),) = json.loads((tmp_path / "s.json").read_text())["domains"].values()
    tail, head = (model["sets"][set_]["accuracy"] for set_ in ("tail", "head"))
    assert tail["low"] > 0.7
    assert head["low"] > 0.95
    assert tail["high"] < head["low"]
