"""What becomes of a text between its file and `documents/`: this, and nothing else."""

import gzip
import json
import re
import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.signals.text.test_invisible_runs import MANIFEST, wrapped
from tests.transforms.formats.archives import TEXT, conversion, documents, outcomes, response
from wellspring.transforms.formats.fields import clean_text, normalised

RANGE = r"\x00-\x08\x0b\x0c\x0e-\x1f\x7f"
CONTROLS = [chr(code) for code in (*range(32), 127) if chr(code) not in "\t\n\r"]


@given(st.text(st.characters() | st.sampled_from([*CONTROLS, " ", "\n"]), max_size=200))
def test_controls_part_words_and_all_else_stays(text: str) -> None:
    done = clean_text(text)
    done.encode()
    assert not set(done) & set(CONTROLS)
    valid = text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")
    # The same words: none run together, none is cut.
    assert done.split() == "".join(" " if c in CONTROLS else c for c in valid).split()
    # The same characters: what is added is one white space for a run that parted two words.
    kept = "".join(c for c in valid if c not in CONTROLS)
    parted = re.findall(f"(?<=\\S)(?<![{RANGE}])[{RANGE}]+(?=[^\\s{RANGE}])", valid)
    assert len(done) == len(kept) + len(parted)
    rest = iter(done)
    assert all(character in rest for character in kept)
    assert clean_text(done) == done


@pytest.mark.parametrize(
    ("before", "after"),
    [("a\fb", "a\nb"), ("a\x0b\x00b", "a\nb"), ("a\x00b", "a b"), ("a\x1f\x7fb", "a b"),
     ("a.\f\nb", "a.\nb"),
     ("a \fb", "a b"), ("\fa\f", "a"), ("a\u00a0\fb", "a\u00a0b"),
     ("a\r\n\x0c\r\nb", "a\r\n\r\nb"), ("\f", "")],
)  # fmt: skip
def test_what_stands_for_a_control_character(before: str, after: str) -> None:
    assert clean_text(before) == after


@given(st.text(st.characters(exclude_categories=("Cc", "Cs", "Cf", "Mn", "Lo")), max_size=300))
def test_a_text_without_them_is_the_same_text(text: str) -> None:
    assert normalised(text) == (text, None)


@pytest.mark.parametrize("control", CONTROLS)
def test_no_reader_glues_words(control: str) -> None:
    text = f"kitchen{control}Chapter, and more words of this text that make it long enough to be kept."
    words = ["kitchen", "Chapter,"]
    line = json.dumps({"text": text}).encode()
    page = response(f"<html><body><p>{text}</p></body></html>".encode(), "Content-Type: text/html")
    plain = response(text.encode(), "Content-Type: text/plain")
    for data, name in ((line, "a.jsonl"), (conversion(1, text), "a.warc.wet"), (plain, "a.warc")):
        (document,) = documents(outcomes(data, name))
        assert document.text.split()[:2] == words, name
    (document,) = documents(outcomes(gzip.compress(page), "a.warc.gz"))
    # HTML's own rule: a parser ignores zero bytes in a page.
    assert document.text.split()[:2] == (["kitchenChapter,", "and"] if control == "\0" else words)


def test_other_white_space_and_signs_are_left_alone() -> None:
    kept = "\ufeffa\u0085b\u2028c\u2029d\u00a0e\u200bf\u00adg\u0092h\r\ni\t\u0301 " + TEXT
    (document,) = documents(outcomes(json.dumps({"text": kept}).encode(), "a.jsonl"))
    assert document.text == kept
    assert unicodedata.normalize("NFC", kept) != kept or kept.isascii() is False


def test_a_manifest_leaves_the_text_and_is_said_in_the_metadata() -> None:
    text = TEXT.format(1)
    with_run = text[:20] + wrapped(MANIFEST) + text[20:]
    page = f"<html><body><p>{with_run}</p></body></html>".encode()
    html = response(page, "Content-Type: text/html; charset=utf-8")
    for data, name in (
        (json.dumps({"text": with_run}).encode(), "a.jsonl"),
        (conversion(1, with_run), "a.wet"),
        (html, "a.warc"),
    ):
        (document,) = documents(outcomes(data, name))
        assert document.text == text, name
        found = json.loads(document.metadata)["invisible_text"]
        assert (found["runs"], found["listed"][0]["kind"]) == (1, "c2pa_text_manifest"), name
        assert len(found["listed"][0]["manifest_sha256"]) == 64
    (reject,) = outcomes(json.dumps({"text": wrapped(MANIFEST)}).encode(), "a.jsonl")
    assert reject.reason == "empty"
