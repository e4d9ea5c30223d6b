import json

import pytest

from tests.pipelines.anchor_sets import TEXTS
from wellspring.pipelines.anchors.input import Attestation, NewDocuments, attest
from wellspring.pipelines.command.arguments import UsageError
from wellspring.schemas.document import Document
from wellspring.schemas.label import Verdict

FLAGS = Attestation(attested_by="Ann", attested_on="2026-01-05T00:00:00Z", licence="CC0")


def document(id, text, **metadata):
    return Document(id=id, text=text, source="s", metadata=json.dumps(metadata), file_path="f", offset=0)


def judge_as(verdict, confidence):
    return lambda text, measurements: Verdict(
        verdict=verdict, confidence=confidence, probability=0.9, reasons=["because"]
    )


HUMAN = judge_as("LIKELY_HUMAN", "HIGH")


def offered(documents, judge=HUMAN, present=()):
    new = NewDocuments(list(present), judge)
    for d, attested in zip(documents, attest(documents, FLAGS), strict=True):
        new.offer(d, attested)
    return new


@pytest.mark.parametrize("value", [None, "", "  ", 7, ["Ann"], {"name": "Ann"}])
def test_an_attestation_that_is_no_text_is_none(value):
    with pytest.raises(UsageError, match="document 'x' has no attested_by"):
        attest([document("x", "text", attested_by=value)], Attestation(licence="CC0", attested_on="2020"))


@pytest.mark.parametrize("value", ["yesterday", 20200101, "2020-13-01"])
def test_a_day_that_is_none_is_an_error_and_not_overruled_by_a_flag(value):
    with pytest.raises(UsageError, match="document 'x': attested_on .* is no ISO date"):
        attest([document("x", "text", attested_on=value)], FLAGS)


@pytest.mark.parametrize(
    ("verdict", "confidence", "enters"),
    [
        ("SYNTHETIC", "HIGH", False),
        ("SYNTHETIC", "MEDIUM", True),
        ("LIKELY_HUMAN", "HIGH", True),
        ("ABSTAIN", "LOW", True),
    ],
)
def test_only_high_confidence_vetoes(verdict, confidence, enters):
    new = offered([document("x", TEXTS[0])], judge_as(verdict, confidence))
    assert (list(new.accepted) == ["x"]) == enters
    assert [r.reason for r in new.rejects] == ([] if enters else ["synthetic"])


def test_a_document_is_there_already_by_its_id_or_by_its_words():
    present = attest([document("a", TEXTS[0])], FLAGS)
    new = offered(
        [document("a", TEXTS[0]), document("b", TEXTS[0].upper()), document("c", TEXTS[1])], HUMAN, present
    )
    assert list(new.accepted) == ["c"]
    assert [(r.id, r.reason) for r in new.rejects] == [("a", "already_there"), ("b", "duplicate")]


@pytest.mark.parametrize("present", [True, False])
def test_another_text_under_an_id_is_an_error_that_names_it(present):
    first = document("a", TEXTS[0])
    documents = [document("a", TEXTS[1])] if present else [first, document("a", TEXTS[1])]
    with pytest.raises(UsageError, match="document 'a': another text has this id"):
        offered(documents, HUMAN, attest([first], FLAGS) if present else ())


def test_a_withdrawn_document_is_a_reject():
    new = offered([document("a", TEXTS[0]), document("b", TEXTS[1])])
    new.withdraw("a", "in_training", "a copy of x")
    assert list(new.accepted) == ["b"]
    assert [(r.id, r.reason, r.detail) for r in new.rejects] == [("a", "in_training", "a copy of x")]
