"""Which documents a record of `forget` blocks."""

import pytest

from wellspring.schemas.document import Document
from wellspring.schemas.forgotten import ForgottenRecord
from wellspring.signals.stats.hashing import content_hash, suffixed_id
from wellspring.signals.verdict.forgotten import BlockList, Selection, forgotten_reject, sha256


def record(by: str, value: str, *ids: str) -> ForgottenRecord:
    return ForgottenRecord(
        number=1, by="ann", at="", reason="", selected_by=by, selected_sha256=sha256(value),
        ids_sha256=[sha256(id) for id in ids], labelled={}, held=0, manifest_sha256_before="",
    )  # fmt: skip


def document(id: str = "a", url: str | None = "https://www.example.co.uk/p?q=1") -> Document:
    return Document(id=id, text="A text of its own.", source="s", url=url, file_path="f", offset=3)


@pytest.mark.parametrize(
    ("blocking", "blocked"),
    [
        (record("id", "a"), True),
        (record("id", "A"), False),
        (record("id", suffixed_id("a", content_hash("A text of its own."))), True),
        (record("id", suffixed_id("a", content_hash("Another."))), False),
        (record("url", "https://www.example.co.uk/p?q=1"), True),
        (record("url", "https://www.example.co.uk/p"), False),
        (record("domain", "example.co.uk"), True),
        (record("domain", "co.uk"), False),
        (record("url", "https://elsewhere", "a"), True),  # by the ids that were removed then
    ],
)
def test_a_record_blocks_what_it_names(blocking, blocked):
    assert BlockList([record("id", "x"), blocking]).blocks(document()) is blocked


def test_a_document_without_url_is_no_one_elses():
    assert not BlockList([record("url", "None"), record("domain", "")]).blocks(document(url=None))
    assert not Selection("url", "").matches("a", None)
    assert not Selection("domain", "").matches("a", None)


def test_its_reject_names_nothing():
    reject = forgotten_reject("s", "f", 3, "urn:uuid:1")
    assert (reject.id, reject.url, reject.reason) == (None, None, "forgotten")
    assert "urn:uuid:1" not in str(reject)
