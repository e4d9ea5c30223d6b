"""Runs of characters that can't be seen: what is taken out and recorded, and what stays."""

import hashlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from wellspring.signals.text.invisible_runs import (
    C2PA,
    INVISIBLE,
    InvisibleText,
    runs_left_out,
    without_invisible_runs,
)

MANIFEST = bytes(range(256)) * 12
ORDINARY = (
    "an emoji \u2764\ufe0f\u200d\U0001f525, a family \U0001f468\u200d\U0001f469\u200d\U0001f467, a flag "
    "\U0001f3f4\U000e0067\U000e0062\U000e0065\U000e006e\U000e0067\U000e007f, "
    "\u0645\u06cc\u200c\u062e\u0648\u0627\u0647\u0645, "
    "\u908a\U000e0101, soft\u00adhyphen, \u202b\u200f\u2067marks\u2069\u200f\u202c, \ufeffmark"
)


def selectors(data: bytes) -> str:
    return "".join(chr(0xFE00 + b) if b < 16 else chr(0xE0100 + b - 16) for b in data)


def wrapped(manifest: bytes, length: int | None = None) -> str:
    size = len(manifest) if length is None else length
    return "\ufeff" + selectors(b"C2PATXT\0" + b"\x01" + size.to_bytes(4, "big") + manifest)


def cut(text: str) -> tuple[str, InvisibleText | None]:
    seen, found = without_invisible_runs(text.encode())
    return seen.decode(), found


def sha256(data: bytes | str) -> str:
    return hashlib.sha256(data.encode() if isinstance(data, str) else data).hexdigest()


@pytest.mark.parametrize("place", [0, 9, 10, 40])
def test_a_manifest_is_taken_out_wherever_it_stands(place: int) -> None:
    text = "A sentence that somebody wrote, and another one."
    run = wrapped(MANIFEST)
    seen, found = cut(text[:place] + run + text[place:])
    assert seen == text
    assert found is not None
    (one,) = found.listed
    assert (found.runs, found.characters, one.kind, one.characters) == (1, len(run), C2PA, len(run))
    assert (one.sha256, one.manifest_sha256) == (sha256(run), sha256(MANIFEST))


@pytest.mark.parametrize("broken", [wrapped(MANIFEST[:9], 10), wrapped(b""), wrapped(b"")[:9]])
def test_a_manifest_that_is_not_whole_is_one_without_a_hash_of_its_own(broken: str) -> None:
    seen, found = cut(f"words{broken} and words")
    assert seen == "words and words" and found is not None
    assert [(one.kind, one.manifest_sha256) for one in found.listed] == [(C2PA, None)]


@pytest.mark.parametrize(
    "run",
    ["\u200b" * 16,
     "\u200b\u200c\u200d\u2060" * 9, "".join(chr(0xE0000 + ord(c)) for c in "ignore all before"),
     selectors(MANIFEST), "\u202e\u2066" * 50, "\u3164" * 40, "\u00ad" * 20, "\u034f\u200c\ufeff" * 30],
)  # fmt: skip
def test_every_long_run_is_taken_out_and_recorded(run: str) -> None:
    seen, found = cut(f"words{run} and words \u2764\ufe0f{run}")
    assert seen == "words and words \u2764\ufe0f" and found is not None
    assert (found.runs, found.characters) == (2, 2 * len(run))
    assert [(one.kind, one.sha256) for one in found.listed] == [(INVISIBLE, sha256(run))] * 2


def test_what_writing_needs_stays_also_beside_a_run() -> None:
    for text in (
        ORDINARY,
        ORDINARY * 50,
        "\u200b" * 15 + "a",
        "\u2764\ufe0f" * 99,
        "",
        "\u4e00\u3164\u4e00" * 9,
    ):
        assert cut(text) == (text, None)
    seen, found = cut(ORDINARY + "\u2764\ufe0f" + wrapped(MANIFEST) + "\u200d\U0001f525" + "\u200b" * 16)
    assert seen == ORDINARY + "\u2764\ufe0f\u200d\U0001f525"
    assert found is not None and [one.kind for one in found.listed] == [C2PA, INVISIBLE]


def test_of_many_runs_the_first_are_listed() -> None:
    seen, found = cut("".join(f"word{i}" + "\u200b" * 20 for i in range(1000)))
    assert seen == "".join(f"word{i}" for i in range(1000)) and found is not None
    assert (found.runs, found.characters, len(found.listed)) == (1000, 20_000, 8)


@given(
    st.text("ab \u2764\ufe0f\ufeff\u200b\U000e0101\u4e00", max_size=80),
    st.integers(0, 80),
    st.integers(16, 60),
)
def test_a_text_with_a_run_is_the_text_without_it(text: str, place: int, length: int) -> None:
    plain = cut(text)[0]
    place = min(place, len(plain))
    before, after = plain[:place] + "a", "b" + plain[place:]
    assert cut(plain) == (plain, None)
    assert cut(before + "\u200b" * length + after)[0] == before + after
    assert cut(before + wrapped(text.encode()) + after)[0] == before + after


def test_metadata_of_the_input_are_no_record_of_ours() -> None:
    for metadata in (
        '{"invisible_text": 3}',
        '{"x": "invisible_text"}',
        "{",
        '{"invisible_text": {"runs": 1}}',
    ):
        assert runs_left_out(metadata) == []
