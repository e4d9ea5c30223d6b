import apache_beam as beam
import msgspec
import pytest
from apache_beam.testing.test_pipeline import TestPipeline
from apache_beam.testing.util import assert_that, equal_to

from tests.documents import batch, document, measured
from wellspring.schemas.batch import LabelledBatch
from wellspring.schemas.label import Label
from wellspring.signals.lm.model_folder import REFERENCE_EN
from wellspring.signals.verdict.profiles import SEED
from wellspring.transforms.curate.audit_entropy import AuditEntropy
from wellspring.transforms.curate.route import Route

CONFLICTS = (False, True, False)


def labelled() -> LabelledBatch:
    """Three documents of two sources whose tokens repeat: 1.5 bits, far below the seed's floor."""
    documents = [measured(f"d{i}", token_ids=(1, 1, 2, 3), tokens=4) for i in range(3)]
    documents[2] = msgspec.structs.replace(documents[2], document=document("d2", source="books"))
    labels = [
        Label(
            provenance="human_unverified" if conflict else "human_verified",
            verdict="LIKELY_HUMAN",
            confidence="LOW",
            probability=0.0,
            reasons=["a reason"],
            conflict=conflict,
        )
        for conflict in CONFLICTS
    ]
    return LabelledBatch(batch=batch(documents, batch_id="b"), labels=labels)


@pytest.mark.slow
@pytest.mark.parametrize("gate", ["monitor", "enforce"])
def test_a_batch_is_published_or_held_and_measured_and_counted_either_way(gate):
    profile = SEED.model_copy(update={"can_enforce": True})
    held = gate == "enforce"
    place = "held" if held else "labelled"
    tallies = {
        ("conflicts", "", ""): 1,
        ("tokens", "", ""): 12,
        ("batches", "", ""): 1,
        ("batches_held", "", ""): int(held),
        ("batches_flagged", "", ""): 1,
        ("window", "2026-01-05", ""): 1,
        ("probability", "web-archive", "2026-01 0"): 2,
        ("probability", "books", "2026-01 0"): 1,
    }
    if held:
        tallies |= {(place, "web-archive", ""): 2, (place, "books", ""): 1}
    else:
        tallies |= {
            (place, "web-archive", "human_verified"): 1,
            (place, "web-archive", "human_unverified"): 1,
            (place, "books", "human_verified"): 1,
        }
    published = (
        [] if held else [("d0", "human_verified"), ("d1", "human_unverified"), ("d2", "human_verified")]
    )

    def counted(actual):
        totals = {}
        for key, count in actual:
            totals[key] = totals.get(key, 0) + count
        assert totals == tallies

    with TestPipeline("FnApiRunner") as pipeline:
        audited = (
            pipeline
            | beam.Create([labelled()])
            | AuditEntropy(profile, gate=gate, vocab_size=9, scorer=None, tokenizer=REFERENCE_EN)
        )
        routed = audited | Route()
        checks = {
            "documents": (
                routed.documents | beam.MapTuple(lambda label, row: (row.id, label)),
                equal_to(published),
            ),
            "held": (routed.held | beam.Map(lambda b: b.batch.batch_id), equal_to(["b"] if held else [])),
            "measurements": (
                routed.measurements | "Ids" >> beam.Map(lambda m: m.id),
                equal_to(["d0", "d1", "d2"]),
            ),
            "audits": (
                routed.audits | "Fields" >> beam.Map(lambda a: (a.action, a.held, a.value)),
                equal_to([("HOLD_FOR_REVIEW", held, 1.5)]),
            ),
            "tallies": (routed.tallies, counted),
        }
        for label, (collection, check) in checks.items():
            assert_that(collection, check, label=label)
