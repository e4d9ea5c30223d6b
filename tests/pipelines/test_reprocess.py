"""A finished run under another profile is what the main job makes under it, but for who scored."""

import hashlib
import json
from pathlib import Path

import pyarrow.dataset as ds
import pytest

from tests.pipelines.crawl import write_crawl
from tests.signals.tiny_models import write_model
from wellspring.pipelines.cli import main
from wellspring.schemas.profile import Gate, GateTest, Limit, Profile
from wellspring.signals.lm.scorer_fingerprint import scorer_fingerprint
from wellspring.signals.verdict.profiles import SEED

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def crawl(tmp_path_factory) -> Path:
    return write_crawl(tmp_path_factory.mktemp("crawl"))


def curate(crawl: Path, output: Path, scorer: str, *extra: str) -> Path:
    inputs = [f"--input={crawl}/*.gz", f"--sources={crawl}/sources.yaml"]
    flags = [f"--output={output}", f"--scorer={scorer}", "--batch_documents=8"]
    assert main(["curate", *inputs, *flags, *extra]) == 0
    return output


def reprocess(run: Path, output: Path, *extra: str) -> Path:
    assert main(["reprocess", f"--run={run}", f"--output={output}", *extra]) == 0
    return output


@pytest.fixture(scope="module")
def runs(tmp_path_factory) -> Path:
    return tmp_path_factory.mktemp("runs")


@pytest.fixture(scope="module")
def monitored(crawl, tiny_scorer, runs) -> Path:
    """A run under the seed profile, which only monitors."""
    return curate(crawl, runs / "monitored", tiny_scorer, "--profile=seed")


@pytest.fixture(scope="module")
def profiles(monitored, tiny_scorer, runs) -> dict[str, Path]:
    """Two that hold other batches, by signals of the scorer, of the labels and of the tokens."""
    values = sorted(a["cross_entropy_bits"] for a in table(monitored, "audits") if a["gated"])
    middle = (values[len(values) // 2 - 1] + values[len(values) // 2]) / 2
    entropies = sorted(a["entropy_bits"] for a in table(monitored, "audits") if a["gated"])
    scored = Gate(signal="cross_entropy_bits", direction="below", languages={"en": limit(middle)})
    told = Gate(
        signal="mean_log_odds",
        direction="above",
        languages={"en": limit(7.9)},
        also=[
            GateTest(signal="cross_entropy_bits", direction="above", languages={"en": limit(middle)}),
            GateTest(signal="entropy_bits", direction="below", languages={"en": limit(entropies[1])}),
        ],
        unigram_floor=entropies[1],
    )
    paths = {}
    for name, gate, burstiness in (("below", scored, 0.4), ("above", told, 0.55)):
        assert SEED.votes is not None
        rules = [
            rule.model_copy(update={"threshold": burstiness}) if rule.signal == "burstiness" else rule
            for rule in SEED.votes.rules
        ]
        profile = SEED.model_copy(
            update={
                "name": name,
                "can_enforce": True,
                "gate": gate,
                "votes": SEED.votes.model_copy(update={"rules": rules, "needed": 1}),
                "scorer": scorer_fingerprint(tiny_scorer).id,
                "batch_documents": 8,
            }
        )
        paths[name] = runs / f"{name}.json"
        paths[name].write_text(Profile.model_validate(profile.model_dump()).model_dump_json())
    return paths


def limit(value: float) -> Limit:
    return Limit(limit=value, batches=4, mean=value / 2, spread=1)


@pytest.fixture(scope="module")
def scratch(crawl, tiny_scorer, runs, profiles) -> dict[str, Path]:
    """What the main job makes of the crawl under each profile."""
    return {
        name: curate(crawl, runs / f"scratch-{name}", tiny_scorer, f"--profile={path}", "--gate=enforce")
        for name, path in profiles.items()
    }


def table(run: Path, folder: str) -> list[dict]:
    files = sorted(str(path) for path in (run / folder).rglob("*.parquet"))
    return ds.dataset(files, partitioning="hive").to_table().to_pylist()


def manifest(run: Path) -> dict:
    return json.loads((run / "manifest.json").read_text())


def data(run: Path) -> dict[str, bytes]:
    """Every file of a run but the two that hold times."""
    return {
        str(path.relative_to(run)): path.read_bytes()
        for path in run.rglob("*")
        if path.is_file() and path.name not in ("manifest.json", "report.html")
    }


@pytest.mark.parametrize("name", ["below", "above"])
def test_from_a_run_that_held_nothing(name, monitored, profiles, scratch, tmp_path, check_run):
    before = data(monitored)
    output = reprocess(monitored, tmp_path / "run", f"--profile={profiles[name]}", "--gate=enforce")
    check_run(output)
    check_run(monitored)
    assert data(monitored) == before
    again, expected = data(output), data(scratch[name])
    assert again.keys() == expected.keys()
    held = {path for path in expected if path.startswith("hold/") and path.endswith("documents.parquet")}
    assert held
    assert {p: b for p, b in again.items() if p not in held} == {
        p: b for p, b in expected.items() if p not in held
    }
    # Passed documents keep no surprisals, so the newly held ones have none to show.
    for ours, theirs in zip(table(output, "hold"), table(scratch[name], "hold"), strict=True):
        assert theirs.pop("token_surprisals") is not None
        assert theirs.pop("token_ends") is not None
        assert ours.pop("token_surprisals") is ours.pop("token_ends") is None
        assert ours == theirs


def test_held_before_and_now_keeps_its_surprisals(profiles, scratch, tmp_path, check_run):
    output = reprocess(scratch["below"], tmp_path / "run", f"--profile={profiles['above']}")
    check_run(output)
    once = {path.name for path in (scratch["below"] / "hold").iterdir()}
    both = once & {path.name for path in (scratch["above"] / "hold").iterdir()}
    assert both
    for path, content in data(scratch["above"]).items():
        if "documents.parquet" not in path or any(name in path for name in both):
            assert data(output)[path] == content, path


def test_back_to_the_first_profile_is_the_first_run(monitored, scratch, tmp_path, check_run):
    output = reprocess(scratch["below"], tmp_path / "run", "--profile=seed", "--gate=monitor")
    check_run(output, monitored)
    counted = manifest(monitored)
    for name, value in manifest(output).items():
        if name not in ("started", "finished", "parameters", "reprocessed_from", "cost"):
            assert value == counted[name], name


def test_it_says_what_changed(monitored, profiles, scratch, tmp_path, capsys):
    output = reprocess(monitored, tmp_path / "run", f"--profile={profiles['above']}", "--gate=enforce")
    printed = capsys.readouterr().out
    said = manifest(output)["reprocessed_from"]
    assert said["run"] == str(monitored)
    assert said["manifest_sha256"] == hashlib.sha256((monitored / "manifest.json").read_bytes()).hexdigest()
    assert said["changed"] == ["profile seed -> above", "gate monitor -> enforce"]
    assert said["newly_held"] == sorted(
        path.name.removeprefix("batch=") for path in (output / "hold").iterdir()
    )
    assert said["newly_passed"] == []
    before = {row["id"]: row["provenance"] for row in table(monitored, "documents")}
    after = {row["id"]: row["provenance"] for f in ("documents", "hold") for row in table(output, f)}
    moves: dict = {}
    for id, label in before.items():
        moves.setdefault(label, {}).setdefault(after[id], 0)
        moves[label][after[id]] += 1
    assert said["labels"] == moves
    moved = moves["human_unverified"]["synthetic_suspected"]
    assert moved > 0
    assert f"human_unverified -> synthetic_suspected  {moved:,}" in printed
    assert f"batches newly held: {len(said['newly_held'])}" in printed
    page = (output / "report.html").read_text()
    assert "What changed" in page
    assert said["newly_held"][0] in page
    assert str(monitored) in page
    back = reprocess(output, tmp_path / "back", "--profile=seed", "--gate=monitor")
    assert manifest(back)["reprocessed_from"]["newly_passed"] == said["newly_held"]


def test_a_run_that_was_not_scored(crawl, tiny_scorer, profiles, tmp_path, check_run):
    run = curate(crawl, tmp_path / "run", tiny_scorer, "--profile=seed", "--scoring=none")
    expected = curate(
        crawl, tmp_path / "scratch", tiny_scorer, f"--profile={profiles['above']}", "--scoring=none"
    )
    check_run(reprocess(run, tmp_path / "again", f"--profile={profiles['above']}"), expected)


@pytest.mark.parametrize(
    ("extra", "says"),
    [
        ([], "give --profile"),
        (["--profile=nowhere.json"], "nowhere.json"),
        (["--profile=seed", "--gate=enforce"], "can only monitor"),
        (["--profile=seed", "--sources=nowhere.yaml"], "nowhere.yaml"),
    ],
)
def test_wrong_arguments_exit_2(extra, says, monitored, tmp_path, capsys):
    assert main(["reprocess", f"--run={monitored}", f"--output={tmp_path / 'run'}", *extra]) == 2
    assert says in capsys.readouterr().err
    assert not (tmp_path / "run").exists()


def test_a_run_that_is_not_finished_or_is_the_output(monitored, tmp_path, capsys):
    assert main(["reprocess", f"--run={tmp_path}", f"--output={tmp_path / 'run'}", "--profile=seed"]) == 2
    assert "not a finished run" in capsys.readouterr().err
    argv = [f"--run={monitored}", f"--output={monitored}/", "--profile=seed", "--overwrite"]
    assert main(["reprocess", *argv]) == 2
    assert "holds what is read" in capsys.readouterr().err


def test_sources_that_were_changed_since_must_be_named(crawl, tiny_scorer, tmp_path, capsys):
    run = curate(crawl, tmp_path / "run", tiny_scorer, "--profile=seed", "--scoring=none")
    sources = crawl / "sources.yaml"
    content = sources.read_text()
    argv = ["reprocess", f"--run={run}", f"--output={tmp_path / 'again'}", "--profile=seed"]
    try:
        sources.write_text(content.replace("library.example", "other.example"))
        assert main(argv) == 2
        assert "was changed since the run" in capsys.readouterr().err
        assert main([*argv, f"--sources={sources}"]) == 0
    finally:
        sources.write_text(content)
    said = manifest(tmp_path / "again")["reprocessed_from"]
    moves = said["labels"]["human_verified"]
    assert "human_verified" not in moves
    assert sum(moves.values()) == manifest(run)["labelled"]["human_verified"]


def test_a_damaged_file_of_the_run_is_named(crawl, tiny_scorer, tmp_path):
    run = curate(crawl, tmp_path / "run", tiny_scorer, "--profile=seed", "--scoring=none")
    (damaged,) = (run / "measurements").iterdir()
    damaged.write_bytes(damaged.read_bytes()[:-1])
    argv = ["reprocess", f"--run={run}", f"--output={tmp_path / 'again'}", "--profile=reference-en"]
    with pytest.raises(Exception, match=r"measurements/part.*was changed"):
        main(argv)
    assert not (tmp_path / "again/manifest.json").exists()


def test_another_scorer_from_the_stored_texts(crawl, monitored, scratch, tmp_path, check_run):
    other = str(write_model(tmp_path / "other", "llama", seed=3))
    expected = curate(crawl, tmp_path / "scratch", other, "--profile=seed")
    before = data(monitored)
    output = reprocess(monitored, tmp_path / "run", f"--scorer={other}")
    check_run(output, expected)
    assert data(monitored) == before
    said = manifest(output)["reprocessed_from"]
    assert said["changed"][0].startswith(f"scorer {manifest(monitored)['scorer']}"[:7])
    assert sum(n for moves in said["labels"].values() for n in moves.values()) == 67
    counted = manifest(expected)
    for name, value in manifest(output).items():
        if name not in ("started", "finished", "parameters", "reprocessed_from", "cost"):
            assert value == counted[name], name
    # A run that holds batches has their texts too, and its held documents get their surprisals.
    again = reprocess(
        scratch["below"], tmp_path / "again", f"--scorer={other}", "--profile=seed", "--gate=monitor"
    )
    check_run(again, expected)
    assert (
        len(manifest(again)["reprocessed_from"]["newly_passed"]) == manifest(scratch["below"])["batches_held"]
    )
