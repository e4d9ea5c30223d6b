"""The set's own entropy gate, released documents, and mixing by probabilities."""

import itertools
import json

import pyarrow.dataset as ds
import pytest

from tests.pipelines.indexed_reader import read_shards
from tests.pipelines.mixed_runs import curate, mix, refused, rows, some_documents
from wellspring.pipelines.cli import main
from wellspring.pipelines.sets.set_folder import read_set
from wellspring.review.queue import HoldQueue
from wellspring.schemas.profile import Gate, Limit
from wellspring.signals.lm.scorer_fingerprint import scorer_fingerprint
from wellspring.signals.verdict.profiles import SEED

pytestmark = pytest.mark.slow

SHARES = "shares: {human_verified: 0.5, human_unverified: 0.4, synthetic_known: 0.1}"


def audits(folder) -> list[dict]:
    return ds.dataset(folder / "audits", format="parquet").to_table().to_pylist()


def tight(folder, scorer: str, limit: float, batch: int) -> str:
    """A profile that holds batches below a cross-entropy."""
    gate = Gate(
        signal="cross_entropy_bits",
        direction="below",
        languages={"en": Limit(limit=limit, batches=4, mean=8, spread=1)},
    )
    profile = SEED.model_copy(
        update={
            "name": "tight",
            "can_enforce": True,
            "gate": gate,
            "scorer": scorer_fingerprint(scorer).id,
            "batch_documents": batch,
        }
    )
    path = folder / "tight.json"
    path.write_text(profile.model_dump_json())
    return str(path)


@pytest.fixture(scope="module")
def documents():
    return some_documents(300, sentences=2)


@pytest.fixture(scope="module")
def run(documents, tiny_scorer, tmp_path_factory):
    return curate(tmp_path_factory.mktemp("a"), documents, tiny_scorer)


def middle(values: list[float]) -> float:
    ordered = sorted(values)
    return (ordered[len(ordered) // 2 - 1] + ordered[len(ordered) // 2]) / 2


def test_batches_of_the_set_are_audited_in_its_order(run, tmp_path):
    drawn = mix(tmp_path, [run], f"tokens: 30000\nbatch_documents: 16\n{SHARES}")
    found = {a["batch_id"]: a for a in audits(drawn)}
    drawn_rows = rows(drawn)
    assert list(dict.fromkeys(row.batch_id for row in drawn_rows))
    for batch, audit in found.items():
        members = [row for row in drawn_rows if row.batch_id == batch]
        assert len(members) == audit["documents"] >= 8
        assert sum(row.token_count for row in members) == audit["tokens"]
    # A batch is a stretch of the order.
    ids = [row.batch_id for row in drawn_rows]
    assert sum(a != b for a, b in itertools.pairwise(ids)) == len(found) - 1


def test_an_audit_measures_what_the_run_measured(run, tmp_path):
    """Cross-entropy of a batch from the run's measurements, by a plain sum."""
    import math

    drawn = mix(tmp_path, [run], f"tokens: 30000\nbatch_documents: 16\n{SHARES}")
    measured = {r["id"]: r for r in ds.dataset(run / "measurements").to_table().to_pylist()}
    for audit in audits(drawn):
        members = [measured[row.id] for row in rows(drawn) if row.batch_id == audit["batch_id"]]
        nats = sum(m["nll"] for m in members) / sum(m["scored_tokens"] for m in members)
        assert audit["cross_entropy_bits"] == pytest.approx(nats / math.log(2))


def test_enforce_takes_batches_out_and_review_opens_them(run, tiny_scorer, tmp_path, capsys):
    watched = mix(tmp_path, [run], f"tokens: 30000\nbatch_documents: 16\n{SHARES}")
    limit = middle([a["cross_entropy_bits"] for a in audits(watched)])
    profile = tight(tmp_path, tiny_scorer, limit, 16)
    (tmp_path / "held").mkdir()
    drawn = mix(
        tmp_path / "held",
        [run],
        f"tokens: 30000\nbatch_documents: 16\n{SHARES}\ngate: enforce\nprofile: {profile}",
    )
    manifest = read_set(str(drawn))
    beyond = {a["batch_id"] for a in audits(watched) if a["cross_entropy_bits"] < limit}
    assert {a["batch_id"] for a in audits(drawn) if a["held"]} == beyond
    assert manifest.batches_held == len(beyond) > 0
    before = rows(watched)
    assert [(r.id, r.copy) for r in rows(drawn)] == [
        (r.id, r.copy) for r in before if r.batch_id not in beyond
    ]
    held = rows(drawn, "hold")
    assert {r.id for r in held} == {r.id for r in before if r.batch_id in beyond}
    assert len(read_shards(drawn / "tokens")) == len(rows(drawn))
    assert manifest.records_read == len(rows(drawn)) + len(held) == len(before)

    queue = HoldQueue(str(drawn))
    assert {entry.audit.batch_id for entry in queue.entries()} == beyond
    batch = min(beyond)
    assert {d.id for d in queue.documents(batch)} == {r.id for r in held if r.batch_id == batch}
    capsys.readouterr()
    assert main(["review", "list", f"--run={drawn}"]) == 0
    assert batch[:8] in capsys.readouterr().out
    assert main(["review", "approve", f"--run={drawn}", f"--batch={batch}", "--by=me"]) == 0
    assert main(["lineage", f"--set={drawn}", f"--id={held[0].id}"]) == 0
    assert "held: by the set's own gate" in capsys.readouterr().out


def test_enforce_needs_a_profile_that_may(run, tiny_scorer, tmp_path, capsys):
    profile = tight(tmp_path, tiny_scorer, 5.0, 256)
    content = (
        f"runs: [{run}]\ntokens: 30000\nbatch_documents: 16\n{SHARES}\ngate: enforce\nprofile: {profile}"
    )
    assert "was calibrated for batches of 256 documents, not 16" in refused(capsys, tmp_path, content)


def test_held_documents_enter_once_they_are_released(run, documents, tiny_scorer, tmp_path):
    values = [a["cross_entropy_bits"] for a in audits(run) if a["gated"]]
    profile = tight(tmp_path, tiny_scorer, middle(values), 32)
    gated = curate(tmp_path / "gated", documents, tiny_scorer, f"--profile={profile}", "--gate=enforce")
    held = {r["id"] for p in gated.glob("hold/*/*.parquet") for r in ds.dataset(p).to_table().to_pylist()}
    everything = f"tokens: 9000000\nwhen_short: lower\nprofile: {profile}\nshares: "
    before = mix(tmp_path, [gated], everything + "{human_unverified: 0.5, synthetic_known: 0.5}")
    assert held and not held & {row.id for row in rows(before)}

    batches = sorted(p.name.removeprefix("batch=") for p in (gated / "hold").iterdir())
    assert main(["review", "approve", f"--run={gated}", f"--batch={','.join(batches[:-1])}", "--by=me"]) == 0
    assert (
        main(["review", "reject", f"--run={gated}", f"--batch={batches[-1]}", "--by=me", "--reason=no"]) == 0
    )
    assert main(["release", f"--run={gated}", "--by=me"]) == 0
    (tmp_path / "after").mkdir()
    shares = "{human_verified: 0.4, human_unverified: 0.3, synthetic_known: 0.3}"
    after = mix(tmp_path / "after", [gated], everything + shares)
    declined = {
        r["id"]
        for p in gated.glob(f"hold/batch={batches[-1]}/*.parquet")
        for r in ds.dataset(p).to_table().to_pylist()
    }
    drawn = {row.id for row in rows(after)}
    assert drawn & (held - declined)
    assert not drawn & declined
    source = read_set(str(after)).runs[0]
    assert list(source.releases) == ["releases/1.json"]


PROBABLE = {"human_verified": 0.3, "human_unverified": 0.5, "synthetic_known": 0.2}


@pytest.fixture(scope="module")
def calibrated(tiny_scorer, tmp_path_factory):
    """A run under a calibrated profile: by the wording alone, of texts long enough to be judged."""
    documents = some_documents(240, "p", sentences=8)
    return curate(tmp_path_factory.mktemp("p"), documents, tiny_scorer, "--profile=reference-en")


def test_by_probabilities_the_expected_synthetic_share_is_bounded(calibrated, tmp_path, capsys):
    judged = ds.dataset(calibrated / "documents", partitioning="hive").to_table().to_pylist()
    known = [r["probability"] for r in judged if r["probability"] is not None]
    assert len(known) > 50
    shares = json.dumps(PROBABLE).replace('"', "")
    drawn = mix(tmp_path, [calibrated], f"tokens: 30000\nby: probabilities\nshares: {shares}")
    manifest = read_set(str(drawn))
    p = {"human_verified": lambda _: 0.0, "synthetic_known": lambda _: 1.0}
    kept = rows(drawn)
    judged_rows = [r for r in kept if r.provenance in p or r.probability is not None]
    expected = sum(
        p.get(r.provenance, lambda r: r.probability)(r) * r.token_count for r in judged_rows
    ) / sum(r.token_count for r in judged_rows)
    assert expected == pytest.approx(0.2, abs=0.015)
    assert manifest.expected_synthetic is not None
    assert manifest.expected_synthetic.value == pytest.approx(expected, abs=0.01)
    assert manifest.expected_synthetic.low < 0.2 < manifest.expected_synthetic.high
    said = capsys.readouterr().out
    assert "expected to be synthetic: 20.00% of the tokens" in said


def test_too_much_expected_synthetic_text_is_refused(calibrated, tmp_path, capsys):
    content = f"runs: [{calibrated}]\ntokens: 30000\nby: probabilities\nshares: {{human_unverified: 1}}"
    assert "of the unverified text is expected to be synthetic" in refused(capsys, tmp_path, content)
