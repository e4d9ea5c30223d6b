import msgspec
import pytest

from wellspring.schemas.manifest import FileEntry, Manifest, SourceCounts
from wellspring.transforms.curate.finish_run import ConservationError, check_conservation

SHA = "0" * 64


def manifest(**values: object) -> Manifest:
    """A manifest in which ten records are accounted for."""
    counted = {
        "records_read": 10,
        "labelled": {"human_unverified": 5, "synthetic_suspected": 1},
        "held": 2,
        "rejected": {"empty": 1, "duplicate": 1},
        "by_source": {"web": SourceCounts(read=10, labelled=6, held=2, rejected=2)},
        "files_damaged": {"a.warc": "cut"},
        "files": {
            "documents/provenance=human_unverified/part-0.parquet": FileEntry(rows=5, sha256=SHA),
            "documents/provenance=synthetic_suspected/part-0.parquet": FileEntry(rows=1, sha256=SHA),
            "hold/batch=1/documents.parquet": FileEntry(rows=2, sha256=SHA),
            "hold/batch=1/ticket.json": FileEntry(rows=1, sha256=SHA),
            "rejects/part-0.parquet": FileEntry(rows=3, sha256=SHA),
        },
    }
    rest = {
        "files_read": 1,
        "batches": 2,
        "batches_held": 1,
        "tokens": 100,
        "tokens_scored": 100,
        "scorer": None,
        "scored_on": {},
        "profile": "seed",
        "gate": "enforce",
        "code_version": "0",
        "started": "",
        "finished": "",
        "histograms": {},
        "conflicts": 0,
        "renamed_ids": 0,
        "profile_sha256": SHA,
        "batch_documents": 4,
        "batch_by": ["source"],
        "window_days": 1,
        "parameters": {},
    }
    return Manifest(**(counted | rest | values))


def test_a_run_in_which_all_is_accounted_for_passes():
    check_conservation(manifest())


@pytest.mark.parametrize("field", ["read", "labelled", "held", "rejected"])
def test_a_record_too_many_or_too_few_in_a_source_fails(field):
    counts = SourceCounts(read=10, labelled=6, held=2, rejected=2)
    wrong = msgspec.structs.replace(counts, **{field: getattr(counts, field) + 1})
    with pytest.raises(ConservationError, match="source 'web': read"):
        check_conservation(manifest(by_source={"web": wrong}))


@pytest.mark.parametrize(
    "path",
    [
        "documents/provenance=human_unverified/part-0.parquet",
        "hold/batch=1/documents.parquet",
        "rejects/part-0.parquet",
    ],
)
def test_a_row_that_did_not_reach_its_file_fails(path):
    files = manifest().files
    fewer = {**files, path: FileEntry(rows=files[path].rows - 1, sha256=SHA)}
    with pytest.raises(ConservationError, match="rows, but"):
        check_conservation(manifest(files=fewer))
