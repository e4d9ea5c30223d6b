"""`wellspring mix` through the command, on runs of the main job."""

import gzip
import hashlib
import json
from collections import Counter
from pathlib import Path

import mlcroissant
import msgspec
import pyarrow.dataset as ds
import pytest

from tests.pipelines.indexed_reader import read_shards
from tests.pipelines.mixed_runs import curate, mix, recipe, refused, rows, some_documents, write_texts
from wellspring.pipelines.cli import main
from wellspring.pipelines.sets.set_folder import read_set
from wellspring.schemas.training_set import SetDocument
from wellspring.signals.lm.tokenization import load_tokenizer
from wellspring.signals.mix.draw import order

pytestmark = pytest.mark.slow

SHARES = "shares: {human_verified: 0.5, human_unverified: 0.4, synthetic_known: 0.1}"


@pytest.fixture(scope="module")
def run(tiny_scorer, tmp_path_factory) -> Path:
    """450 documents, a third each of attested, unknown and known synthetic text."""
    return curate(tmp_path_factory.mktemp("a"), some_documents(450, sentences=2), tiny_scorer)


@pytest.fixture(scope="module")
def other(tiny_scorer, tmp_path_factory) -> Path:
    """90 documents of its own, and 30 that the first run has too, half of them under another id."""
    first = some_documents(30, sentences=2)
    documents = some_documents(90, "e", sentences=2)
    documents |= {id if i % 2 else f"again-{id}": first[id] for i, id in enumerate(first)}
    return curate(tmp_path_factory.mktemp("b"), documents, tiny_scorer)


@pytest.fixture(scope="module")
def plain(run, tmp_path_factory) -> Path:
    return mix(tmp_path_factory.mktemp("plain"), [run], f"tokens: 40000\n{SHARES}")


def test_shares_in_tokens_are_the_recipe_s(plain):
    tokens = Counter()
    for row in rows(plain):
        tokens[row.provenance] += row.token_count
    total = sum(tokens.values())
    wanted = {"human_verified": 0.5, "human_unverified": 0.4, "synthetic_known": 0.1}
    for label, share in wanted.items():
        assert abs(tokens[label] / total - share) < 0.01
    assert 0.99 * 40_000 < total <= 40_000
    manifest = read_set(str(plain))
    assert manifest.tokens == total
    assert manifest.shares == pytest.approx({label: tokens[label] / total for label in manifest.shares})
    assert manifest.labelled["human_verified"] == sum(r.provenance == "human_verified" for r in rows(plain))


def test_every_file_is_listed_with_its_hash_and_nothing_else_lies_there(plain):
    manifest = read_set(str(plain))
    present = {str(p.relative_to(plain)) for p in plain.rglob("*") if p.is_file()}
    assert present == set(manifest.files) | {"manifest.json", "report.html"}
    for path, entry in manifest.files.items():
        assert hashlib.sha256((plain / path).read_bytes()).hexdigest() == entry.sha256


def test_the_set_describes_itself(plain):
    manifest = read_set(str(plain))
    described = mlcroissant.Dataset(jsonld=plain / "croissant.json")
    assert not described.metadata.issues.errors
    read = [record["documents/id"] for record in described.records("documents")]
    ids = [id.decode() if isinstance(id, bytes) else id for id in read]
    assert sorted(ids) == sorted(row.id for row in rows(plain))
    card = (plain / "README.md").read_text()
    for label, share in manifest.shares.items():
        assert f"| {share:.2%} |" in next(x for x in card.splitlines() if label.replace("_", "\\_") in x)
    assert "No anchor set was kept out of it." in card
    assert sum(manifest.licences.values()) == manifest.distinct_documents


def test_the_set_lies_in_the_order_of_its_hashes(plain):
    places = [order(7, row.id, row.copy) for row in rows(plain)]
    assert places == sorted(places)
    assert [row.id for row in rows(plain)] != sorted(row.id for row in rows(plain))


def test_token_shards_hold_the_same_documents_in_the_same_order(plain, tiny_scorer):
    tokenizer = load_tokenizer(tiny_scorer)
    manifest = read_set(str(plain))
    texts = [row.text for row in rows(plain)]
    end = [] if manifest.separator_id is None else [manifest.separator_id]
    assert manifest.separator_id == tokenizer.bos_id
    assert read_shards(plain / "tokens") == [ids.tolist() + end for ids in tokenizer.encode_batch(texts)]


def test_without_weights_nothing_comes_twice(plain):
    assert all((row.copies, row.copy, row.weight) == (1, 0, 1.0) for row in rows(plain))
    assert len({row.id for row in rows(plain)}) == len(rows(plain))


def test_inclusion_probabilities_estimate_the_corpus(plain, run):
    there = Counter(ds.dataset(run / "documents", partitioning="hive").to_table()["provenance"].to_pylist())
    estimated = Counter()
    for row in rows(plain):
        estimated[row.provenance] += 1 / row.expected_copies
    for label in ("human_verified", "human_unverified"):
        assert estimated[label] == pytest.approx(there[label], rel=0.15)


def test_two_runs_share_texts_that_come_once(run, other, tmp_path, capsys):
    folder = mix(tmp_path, [run, other], f"tokens: 50000\n{SHARES}")
    manifest = read_set(str(folder))
    assert manifest.kept_out == {"duplicate": 30}
    assert "kept out: duplicate  30" in capsys.readouterr().out
    assert len({row.text for row in rows(folder)}) == len(rows(folder))
    assert {row.run for row in rows(folder)} == {str(run), str(other)}
    assert sum(s.documents for s in manifest.plan) <= 450 + 90
    out = ds.dataset(folder / "lineage/kept_out.parquet").to_table().to_pylist()
    assert {r["run"] for r in out} == {str(other)}
    assert "same text as d0 of" in {r["id"]: r["detail"] for r in out}["again-d0"]


def test_run_replaces_the_recipe_s_runs(run, other, tmp_path):
    folder = mix(tmp_path, [other], f"tokens: 4000\n{SHARES}", f"--run={run}")
    assert {row.run for row in rows(folder)} == {str(run)}


def test_an_id_with_two_texts_is_refused(run, tiny_scorer, tmp_path, capsys):
    clash = curate(
        tmp_path / "c", {"d5": ("library", "Another text under a name that is taken. " * 3)}, tiny_scorer
    )
    said = refused(capsys, tmp_path, f"runs: [{run}, {clash}]\ntokens: 4000\n{SHARES}")
    assert "id 'd5' names different texts in" in said


def test_json_lines(run, plain, tmp_path):
    folder = mix(tmp_path, [run], f"tokens: 40000\nformat: jsonl\n{SHARES}")
    lines = [
        msgspec.json.decode(line, type=SetDocument)
        for path in sorted((folder / "documents").iterdir())
        for line in gzip.decompress(path.read_bytes()).splitlines()
    ]
    assert lines == rows(plain)
    assert read_shards(folder / "tokens") == read_shards(plain / "tokens")


def test_another_tokenizer_counts_and_writes_the_tokens(run, tmp_path):
    folder = mix(tmp_path, [run], f"tokens: 10000\ntokenizer: reference-en\n{SHARES}")
    manifest = read_set(str(folder))
    tokenizer = load_tokenizer("reference-en")
    ids = tokenizer.encode_batch([row.text for row in rows(folder)])
    assert [len(one) for one in ids] == [row.token_count for row in rows(folder)]
    assert manifest.tokenizer_sha256 == tokenizer.sha256
    assert abs(manifest.shares["human_verified"] - 0.5) < 0.01
    assert [one[: len(own)] for one, own in zip(read_shards(folder / "tokens"), ids, strict=True)] == [
        own.tolist() for own in ids
    ]


def test_a_short_stratum_stops_or_lowers(run, tmp_path, capsys):
    content = f"runs: [{run}]\ntokens: 900000\n{SHARES}\n"
    said = refused(capsys, tmp_path, content)
    assert "human_verified has" in said and "where 50.0% of 900,000 are 450,000" in said
    folder = mix(tmp_path, [run], f"tokens: 900000\n{SHARES}\nwhen_short: lower")
    assert "lowered from 900,000" in capsys.readouterr().out
    manifest = read_set(str(folder))
    assert manifest.lowered_from == 900_000
    assert abs(manifest.shares["human_verified"] - 0.5) < 0.01
    assert set(manifest.copies) == {"1"}


def test_a_dry_run_says_the_plan_and_writes_nothing(run, tmp_path, capsys):
    path = recipe(tmp_path, f"runs: [{run}]\ntokens: 40000\n{SHARES}")
    assert main(["mix", f"--recipe={path}", f"--output={tmp_path}/set", "--dry_run"]) == 0
    assert "human_verified" in capsys.readouterr().out
    assert not (tmp_path / "set").exists()


def test_a_finished_set_is_replaced_only_when_told_and_stays_when_the_new_one_fails(run, tmp_path, capsys):
    folder = mix(tmp_path, [run], f"tokens: 4000\n{SHARES}")
    before = {p: p.read_bytes() for p in folder.rglob("*") if p.is_file()}
    path = recipe(tmp_path, f"runs: [{run}]\ntokens: 4000\n{SHARES}")
    assert main(["mix", f"--recipe={path}", f"--output={folder}"]) == 2
    path = recipe(tmp_path, f"runs: [{run}]\ntokens: 4000000\n{SHARES}")
    assert main(["mix", f"--recipe={path}", f"--output={folder}", "--overwrite"]) == 2
    assert {p: p.read_bytes() for p in folder.rglob("*") if p.is_file()} == before
    path = recipe(tmp_path, f"runs: [{run}]\ntokens: 8000\n{SHARES}")
    assert main(["mix", f"--recipe={path}", f"--output={folder}", "--overwrite"]) == 0
    assert 7000 < read_set(str(folder)).tokens <= 8000
    assert not (folder / ".unfinished").exists()


@pytest.mark.parametrize(
    "content, message",
    [
        ("tokens: 9\nshares: {human_verified: 0.5}", "they sum to 0.5, not to 1"),
        ("tokens: 9\nshares: {human_verifed: 1}", "did you mean human_verified?"),
        ("tokens: 9\nshares: {human_verified: 1}\nwhen_shrt: stop", "did you mean when_short?"),
        ("tokens: 9\nshares: {synthetic_suspected: 1}\nruns: [RUN]\nprofile: seed", None),
        ("tokens: 9\nshares: {human_verified: 1}", "no runs to mix"),
        ("tokens: 9\nshares: {human_verified: 1}\nruns: [RUN, RUN]", "is named twice"),
        ("tokens: 9\nshares: {human_verified: 1}\nruns: [RUN/documents]", "is not a finished run"),
        ("tokens: 9\nshares: {human_verified: 1}\nruns: [RUN]\nanchor: nowhere", "holds no anchor set"),
        ("tokens: 9\nshares: {human_verified: 1}\nruns: [RUN]\nby: probabilities", "counts votes"),
        ("tokens: 9\nshares: {human_verified: 1}\nruns: [RUN]\ngate: enforce", "can only monitor"),
        ("tokens: 9\nshares: {human_verified: 1}\nruns: [RUN]\ntail: {pack: gone, share: 0.1}", "tail: pack"),
        ("tokens: 9\nshares: {human_verified: 1}\nruns: [RUN]\ntokenizer: no/where", "no/where"),
    ],
)  # fmt: skip
def test_bad_recipes_are_one_line_and_nothing_is_written(run, tmp_path, capsys, content, message):
    if message is None:
        labels = json.loads((run / "manifest.json").read_text())["labelled"]
        if labels["synthetic_suspected"]:
            pytest.skip("the seed profile suspects some of these texts")
        message = "the runs hold no synthetic_suspected text"
    assert message in refused(capsys, tmp_path, content.replace("RUN", str(run)))


def copy_of(run: Path, folder: Path) -> Path:
    import shutil

    return Path(shutil.copytree(run, folder / "copy"))


def test_runs_by_different_scorers_are_refused(run, tmp_path, capsys):
    changed = copy_of(run, tmp_path)
    manifest = json.loads((changed / "manifest.json").read_text())
    manifest["scorer"]["weights_sha256"] = "0" * 64
    (changed / "manifest.json").write_text(json.dumps(manifest))
    said = refused(capsys, tmp_path, f"runs: [{run}, {changed}]\ntokens: 4000\n{SHARES}")
    assert "runs by different scorers don't mix" in said


def test_a_tampered_manifest_is_refused(run, tmp_path, capsys):
    changed = copy_of(run, tmp_path)
    manifest = json.loads((changed / "manifest.json").read_text())
    manifest["labelled"]["human_verified"] += 1
    (changed / "manifest.json").write_text(json.dumps(manifest))
    assert "doesn't add up" in refused(capsys, tmp_path, f"runs: [{changed}]\ntokens: 4000\n{SHARES}")


@pytest.mark.parametrize("where", ["documents/provenance=human_verified", "measurements"])
def test_a_tampered_file_is_refused(run, tmp_path, capsys, where):
    changed = copy_of(run, tmp_path)
    (file,) = (changed / where).iterdir()
    content = bytearray(file.read_bytes())
    content[len(content) // 2] ^= 1
    file.write_bytes(bytes(content))
    said = refused(capsys, tmp_path, f"runs: [{changed}]\ntokens: 4000\n{SHARES}")
    assert "is not the file that its manifest lists" in said and where in said


def test_a_file_that_is_gone_is_refused(run, tmp_path, capsys):
    changed = copy_of(run, tmp_path)
    next((changed / "documents/provenance=human_verified").iterdir()).unlink()
    assert "can't be read" in refused(capsys, tmp_path, f"runs: [{changed}]\ntokens: 4000\n{SHARES}")


def test_a_file_that_nobody_lists_does_not_enter(run, plain, tmp_path):
    changed = copy_of(run, tmp_path)
    folder = changed / "documents/provenance=human_verified"
    (folder / "part-00009-of-00010.parquet").write_bytes(next(folder.iterdir()).read_bytes())
    (folder / "released-1-00000.parquet").write_bytes(next(folder.iterdir()).read_bytes())
    folder = mix(tmp_path, [changed], f"tokens: 40000\n{SHARES}")
    assert [row.id for row in rows(folder)] == [row.id for row in rows(plain)]


def test_a_set_is_no_run(plain, tmp_path, capsys):
    said = refused(capsys, tmp_path, f"runs: [{plain}]\ntokens: 4000\n{SHARES}")
    assert "is a training set" in said


def test_no_manifest_no_set(tmp_path, run, capsys):
    write_texts(tmp_path / "x.jsonl", {})
    unfinished = copy_of(run, tmp_path)
    (unfinished / "manifest.json").unlink()
    said = refused(capsys, tmp_path, f"runs: [{unfinished}]\ntokens: 4000\n{SHARES}")
    assert "is not a finished run" in said
