"""`wellspring forget --set`: no copy of a document is left in a set, and what it says of itself is true."""

import gzip
import hashlib
import json
import shutil
from collections import Counter
from pathlib import Path

import mlcroissant
import msgspec
import pyarrow.parquet as pq
import pytest

from tests.pipelines.crawl import text
from tests.pipelines.forgetting.places import WHO, at_rest, begun, files, holding, killed_at, stop_the_clock
from tests.pipelines.indexed_reader import read_shards
from tests.pipelines.mixed_runs import SOURCES, mix, write_texts
from wellspring.pipelines.cli import main
from wellspring.pipelines.sets.set_folder import read_set
from wellspring.schemas.profile import Gate, Limit
from wellspring.schemas.training_set import SetDocument
from wellspring.signals.lm.scorer_fingerprint import scorer_fingerprint
from wellspring.signals.lm.tokenization import load_tokenizer
from wellspring.signals.verdict.profiles import SEED

pytestmark = pytest.mark.slow

RECIPE = (
    "tokens: 30000\nbatch_documents: 16\nshares: {human_verified: 0.6, human_unverified: 0.4}\n"
    "low_frequency: {strength: 2}\ntail: {pack: top_rarity, share: 0.1}\nformat: "
)
COPY = "again00003z"
"""Of another run, the text of the first run's document 3 under another id."""


@pytest.fixture(autouse=True)
def clock(monkeypatch):
    stop_the_clock(monkeypatch)


def body(i: int) -> str:
    words = " ".join(f"qz{i:05d}{letter}x" for letter in "abcdef")
    return f"{text(f'f{i}', 2)} Number {i} says {words}."


def made_run(folder: Path, lines: dict[str, int], scorer: str) -> Path:
    """Documents by their id, each with a number that its text, source and url follow from."""
    folder.mkdir()
    write_texts(folder / "texts.jsonl", {})
    sources = ("library", "web")
    (folder / "texts.jsonl").write_text(
        "".join(
            json.dumps(
                {
                    "id": id,
                    "source": sources[i % 2],
                    "text": body(i),
                    "url": f"https://www.site{i % 40}.org/page-{i:05d}z",
                }
            )
            + "\n"
            for id, i in lines.items()
        )
    )
    (folder / "sources.yaml").write_text(SOURCES)
    flags = [
        f"--scorer={scorer}",
        "--batch_documents=32",
        "--profile=seed",
        f"--sources={folder}/sources.yaml",
    ]
    assert main(["curate", f"--input={folder}/texts.jsonl", f"--output={folder}/run", *flags]) == 0
    return folder / "run"


@pytest.fixture(scope="module")
def runs(tiny_scorer, tmp_path_factory) -> list[Path]:
    folder = tmp_path_factory.mktemp("runs")
    first = {f"d{i:05d}z": i for i in range(240)}
    second = {f"e{i:05d}z": i for i in range(240, 280)} | {COPY: 3}
    return [made_run(folder / "a", first, tiny_scorer), made_run(folder / "b", second, tiny_scorer)]


@pytest.fixture(scope="module")
def drawn(runs, tiny_scorer, tmp_path_factory) -> dict[str, Path]:
    """A set of each format; of the Parquet one some batches are held by its gate."""
    folder = tmp_path_factory.mktemp("sets")
    gate = Gate(
        signal="cross_entropy_bits",
        direction="below",
        languages={"en": Limit(limit=0, batches=4, mean=8, spread=1)},
    )
    profile = SEED.model_copy(
        update={
            "name": "tight",
            "can_enforce": True,
            "gate": gate,
            "scorer": scorer_fingerprint(tiny_scorer).id,
            "batch_documents": 16,
        }
    )
    (folder / "plain").mkdir()
    plain = mix(folder / "plain", runs, f"{RECIPE}jsonl")
    audits = [row for p in (plain / "audits").glob("*.parquet") for row in pq.read_table(p).to_pylist()]
    values = sorted(row["cross_entropy_bits"] for row in audits)
    limit = (values[1] + values[2]) / 2
    gate = gate.model_copy(update={"languages": {"en": Limit(limit=limit, batches=4, mean=8, spread=1)}})
    path = folder / "tight.json"
    path.write_text(profile.model_copy(update={"gate": gate}).model_dump_json())
    (folder / "held").mkdir()
    held = mix(folder / "held", runs, f"{RECIPE}parquet\nprofile: {path}\ngate: enforce")
    assert read_set(str(held)).batches_held > 0
    return {"jsonl": plain, "parquet": held}


@pytest.fixture(params=["jsonl", "parquet"])
def a_set(request, drawn, tmp_path) -> Path:
    return shutil.copytree(drawn[request.param], tmp_path / "set")


def rows(folder: Path, under: str = "documents") -> list[SetDocument]:
    """In the order of the set."""
    found: list[SetDocument] = []
    for path in sorted((folder / under).rglob("*")):
        if path.suffix == ".parquet":
            found += msgspec.convert(pq.read_table(path, partitioning=None).to_pylist(), list[SetDocument])
        elif path.suffix == ".gz":
            lines = gzip.decompress(path.read_bytes()).splitlines()
            found += [msgspec.json.decode(line, type=SetDocument) for line in lines]
    return found


def traces(folder: Path, row: SetDocument, scorer: str) -> list[str]:
    """Files with a document's text, id, url or tokens."""
    (ids,) = load_tokenizer(scorer).encode_batch([row.text])
    wanted = row.text.split(" says ")[1]
    tokens = [ids.astype(kind).tobytes() for kind in ("<u2", "<i4")]
    return holding(folder, row.id, wanted, str(row.url), *tokens)


def forget(*argv: str) -> int:
    return main(["forget", *argv, *WHO])


def check_true(folder: Path, scorer: str) -> None:
    """The manifest against the files: hashes, and sums by plain loops."""
    manifest = json.loads((folder / "manifest.json").read_text())
    present = set(files(folder))
    assert present == set(manifest["files"]) | {"manifest.json", "report.html"}
    for path, entry in manifest["files"].items():
        assert hashlib.sha256((folder / path).read_bytes()).hexdigest() == entry["sha256"]
        if path.endswith(".parquet"):
            assert pq.read_table(folder / path, partitioning=None).num_rows == entry["rows"]
    there, held = rows(folder), rows(folder, "hold")
    tokens = Counter()
    for row in there:
        tokens[row.provenance] += row.token_count
    total = sum(tokens.values())
    assert (manifest["tokens"], manifest["held"]) == (total, len(held))
    assert manifest["records_read"] == len(there) + len(held)
    assert manifest["shares"] == pytest.approx({label: tokens[label] / total for label in manifest["shares"]})
    assert {k: n for k, n in manifest["labelled"].items() if n} == Counter(row.provenance for row in there)
    firsts = [row for row in there if row.copy == 0]
    assert manifest["distinct_documents"] == len(firsts) == sum(manifest["copies"].values())
    assert manifest["copies"] == {str(n): c for n, c in sorted(Counter(r.copies for r in firsts).items())}
    assert sum(manifest["licences"].values()) == len(firsts)
    for stratum in manifest["drawn"]:
        mine = [row for row in there if row.stratum == stratum["name"]]
        assert (stratum["rows"], stratum["tokens"]) == (len(mine), sum(r.token_count for r in mine))
        weights = [1 / r.expected_copies for r in mine if r.copy == 0]
        size = sum(weights) ** 2 / sum(w * w for w in weights) if weights else 0
        assert stratum["effective_sample_size"] == pytest.approx(size)
    assert sum(n for _, _, n in manifest["rarity"]["set"]) == sum(r.rarity is not None for r in firsts)
    assert {id for id, _, _ in manifest["tail"]} == {r.id for r in firsts if r.stratum == "tail"}
    ids = load_tokenizer(scorer).encode_batch([row.text for row in there])
    end = [] if manifest["separator_id"] is None else [manifest["separator_id"]]
    assert read_shards(folder / "tokens") == [one.tolist() + end for one in ids]
    described = mlcroissant.Dataset(jsonld=folder / "croissant.json")
    assert not described.metadata.issues.errors
    if any(path.endswith(".parquet") for path in manifest["files"] if path.startswith("documents/")):
        read = [record["documents/id"].decode() for record in described.records("documents")]
        assert sorted(read) == sorted(row.id for row in there)
    card = (folder / "README.md").read_text()
    assert f"{len(there):,} rows, {total:,} tokens" in card


def test_a_set_as_drawn_is_true_to_begin_with(a_set, tiny_scorer):
    check_true(a_set, tiny_scorer)


@pytest.mark.parametrize("which", ["copied", "tail", "held", "plain"])
def test_every_copy_leaves_text_and_tokens(drawn, which, tiny_scorer, tmp_path):
    folder = shutil.copytree(drawn["parquet" if which == "held" else "jsonl"], tmp_path / "set")
    there, held = rows(folder), rows(folder, "hold")
    row = {
        "copied": lambda: max(there, key=lambda r: r.copies),
        "tail": lambda: next(r for r in there if r.stratum == "tail"),
        "held": lambda: held[0],
        "plain": lambda: next(r for r in there if r.copies == 1),
    }[which]()
    assert which != "copied" or row.copies > 1
    found = traces(folder, row, tiny_scorer)
    assert any(name.startswith("hold/" if which == "held" else "tokens/") for name in found)
    before = json.loads((folder / "manifest.json").read_text())
    assert forget(f"--set={folder}", f"--id={row.id}") == 0
    assert traces(folder, row, tiny_scorer) == []
    check_true(folder, tiny_scorer)
    after = json.loads((folder / "manifest.json").read_text())
    assert after["records_read"] == before["records_read"] - sum(r.id == row.id for r in [*there, *held])
    assert rows(folder) == [r for r in there if r.id != row.id]
    for decided in ("plan", "recipe", "runs", "kept_out", "batches", "batches_held", "seed"):
        assert after[decided] == before[decided]
    assert after["forgotten"] == 1
    assert "1 documents were taken out after it was drawn" in (folder / "README.md").read_text()
    assert "taken out after the draw" in (folder / "report.html").read_text()
    record = json.loads((folder / "forgotten/1.json").read_text())
    assert record["ids_sha256"] == [hashlib.sha256(row.id.encode()).hexdigest()]
    assert any("weight" in line for line in record["left_as_drawn"])
    assert not (folder / ".unfinished").exists()


def test_rare_words_are_counted_again(drawn, tmp_path):
    folder = shutil.copytree(drawn["jsonl"], tmp_path / "set")
    before = read_set(str(folder)).rare_types
    row = next(r for r in rows(folder) if r.rarity is not None)
    assert forget(f"--set={folder}", f"--id={row.id}") == 0
    after = read_set(str(folder)).rare_types
    assert (after.corpus, after.plain) == (before.corpus, before.plain)
    assert after.kept < before.kept


def test_a_domain_and_a_url(a_set, tiny_scorer):
    everywhere = [*rows(a_set), *rows(a_set, "hold")]
    sites = Counter(row.url.split("/")[2] for row in everywhere if row.copy == 0)
    site = sites.most_common(1)[0][0]
    gone = [row for row in everywhere if row.url.split("/")[2] == site]
    url = next(row for row in rows(a_set) if row not in gone).url
    assert len(gone) > 1
    assert forget(f"--set={a_set}", f"--domain={site.removeprefix('www.')}") == 0
    for row in gone:
        assert traces(a_set, row, tiny_scorer) == []
    assert forget(f"--set={a_set}", f"--url={url}") == 0
    assert holding(a_set, url) == []
    check_true(a_set, tiny_scorer)


def test_all_of_a_set_may_go(a_set, tiny_scorer):
    for site in range(40):
        assert forget(f"--set={a_set}", f"--domain=site{site}.org") in (0, 2)
    manifest = json.loads((a_set / "manifest.json").read_text())
    assert (manifest["records_read"], manifest["tokens"]) == (0, 0)
    assert set(files(a_set)) == set(manifest["files"]) | {"manifest.json", "report.html"}
    assert not (a_set / "documents").exists() and not (a_set / "tokens").exists()
    assert "croissant.json" not in manifest["files"]
    assert holding(a_set, "qz00", ".org/page") == []


def test_ids_that_only_the_lineage_names(drawn, tmp_path, capsys):
    """A document that was kept out, and one at which a draw ended: no text of them is there."""
    folder = shutil.copytree(drawn["jsonl"], tmp_path / "set")
    assert holding(folder, COPY) == ["lineage/kept_out.parquet"]
    assert forget(f"--set={folder}", f"--id={COPY}") == 0
    assert holding(folder, COPY) == []
    assert main(["lineage", f"--set={folder}", f"--id={COPY}"]) == 0
    said = capsys.readouterr().out
    assert "forgotten: by ann" in said and "kept out (duplicate): same text as d00003z of" in said
    # and the one that it was the same text as
    assert forget(f"--set={folder}", "--id=d00003z") == 0
    assert holding(folder, "d00003z") == []
    limit = next(s["threshold_id"] for s in json.loads((folder / "manifest.json").read_text())["drawn"])
    if limit:
        assert forget(f"--set={folder}", f"--id={limit}") == 0
        assert holding(folder, limit) == []


def test_lineage_says_that_it_was_forgotten(drawn, runs, tmp_path, capsys):
    folder = shutil.copytree(drawn["jsonl"], tmp_path / "set")
    moved = [shutil.copytree(run, tmp_path / f"run{i}") for i, run in enumerate(runs)]
    row, other = rows(folder)[:2]
    where = f"--run={moved[0]},{moved[1]}"
    assert forget(f"--set={folder}", f"--id={row.id}") == 0
    capsys.readouterr()
    assert main(["lineage", f"--set={folder}", where, f"--id={row.id}"]) == 0
    said = capsys.readouterr().out
    assert (
        f"forgotten: by ann at 2026-11-24T00:00:00+00:00: asked by its author ({folder}/forgotten/1.json)"
        in said
    )
    assert "labelled" in said and "not drawn" not in said and "not found" not in said
    # out of the run too: the set still knows it
    assert forget(where, f"--id={row.id}") == 0
    capsys.readouterr()
    assert main(["lineage", f"--set={folder}", where, f"--id={row.id}"]) == 0
    said = capsys.readouterr().out
    assert said.count("forgotten: by ann") == 2 and "labelled" not in said
    assert main(["lineage", f"--set={folder}", where, f"--id={other.id}"]) == 0
    assert "in: " in capsys.readouterr().out
    assert main(["lineage", f"--set={folder}", where, "--id=nobody"]) == 1


def test_with_its_run_a_kept_out_document_is_found_by_url(drawn, runs, tmp_path):
    folder = shutil.copytree(drawn["jsonl"], tmp_path / "set")
    run = shutil.copytree(runs[1], tmp_path / "run")
    assert forget(f"--run={run}", f"--set={folder}", "--url=https://www.site3.org/page-00003z") == 0
    assert holding(folder, COPY, "page-00003z") == holding(run, COPY, "page-00003z") == []


def test_killed_anywhere_and_run_again_it_ends_the_same(drawn, tmp_path, monkeypatch):
    start = drawn["parquet"]
    row = max(rows(start), key=lambda r: r.copies)
    undisturbed = shutil.copytree(start, tmp_path / "undisturbed")
    assert forget(f"--set={undisturbed}", f"--id={row.id}") == 0
    before, after, step = files(start), files(undisturbed), 0
    while True:
        folder = shutil.copytree(start, tmp_path / str(step))
        with killed_at(monkeypatch, step) as died:
            forget(f"--set={folder}", f"--id={row.id}")
        if not died:
            break
        if not begun(files(folder)):
            assert at_rest(files(folder)) == before
        assert forget(f"--set={folder}", f"--id={row.id}") == 0
        assert files(folder) == after
        shutil.rmtree(folder)
        step += 1
    assert step > 15


def test_again_is_done_already_and_nothing_found_is_an_error(a_set, capsys):
    row = rows(a_set)[0]
    assert forget(f"--set={a_set}", f"--id={row.id}") == 0
    once = files(a_set)
    assert forget(f"--set={a_set}", f"--id={row.id}") == 0
    assert files(a_set) == once
    capsys.readouterr()
    assert forget(f"--set={a_set}", "--id=nobody's") == 2
    assert capsys.readouterr().err == "wellspring forget: no document there has that id\n"


def test_runs_and_sets_are_not_taken_for_each_other(a_set, runs, capsys):
    once = files(a_set)
    for argv, said in (
        (f"--run={a_set}", "is a training set: name it by --set"),
        (f"--set={runs[0]}", "is not a training set: a run is named by --run"),
        (f"--set={a_set},{runs[0]}", "is not a training set"),
    ):
        assert forget(argv, f"--id={rows(a_set)[0].id}") == 2
        assert said in capsys.readouterr().err
    assert files(a_set) == once


def test_a_changed_file_is_not_written_over(a_set, capsys):
    row = rows(a_set)[0]
    path = next((a_set / "tokens").glob("*.bin"))
    path.write_bytes(path.read_bytes() + b"x")
    once = files(a_set)
    assert forget(f"--set={a_set}", f"--id={row.id}") == 2
    assert "was changed" in capsys.readouterr().err
    assert files(a_set) == once


def test_a_pack_of_ones_own_is_named(runs, tmp_path, capsys):
    pack = tmp_path / "pack.jsonl"
    pack.write_text(
        json.dumps({"id": "mine", "text": body(9000), "attested_by": "me", "url": "https://a.b/c"})
    )
    recipe = (
        "tokens: 8000\nshares: {human_verified: 0.6, human_unverified: 0.4}\n"
        f"tail: {{pack: {pack}, share: 0.05}}"
    )
    folder = mix(tmp_path, runs, recipe)
    assert holding(folder, "mine")
    assert forget(f"--set={folder}", "--url=https://a.b/c") == 0
    assert holding(folder, "https://a.b/c", "qz09000") == []
    assert f"still in the tail pack {pack}" in capsys.readouterr().err
