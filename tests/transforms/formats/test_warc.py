"""WARC and WET: fields, damage at every byte, hostile sizes."""

import gzip
import json
import tracemalloc
import zlib

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.transforms.formats.archives import (
    TEXT,
    conversion,
    documents,
    file_rejects,
    members,
    outcomes,
    record,
    record_rejects,
    response,
)
from wellspring.transforms.formats.limits import Limits

WET = "crawl/CC-MAIN-2024-10/segments/1/wet/CC-MAIN-20240301120000-00000.warc.wet.gz"
WARCINFO = record(
    "warcinfo", b"isPartOf: CC-MAIN-2023-50\r\noperator: x\r\n", Content_Type="application/warc-fields"
)
PARAGRAPH = "The quick brown fox jumps over the lazy dog, and then it sleeps in the warm sun until dinner. "
PAGE = f"<html><head><title>t</title></head><body><main><p>{PARAGRAPH * 3}</p></main></body></html>"


def test_conversion_becomes_a_document_with_its_fields() -> None:
    data = members(conversion(1), conversion(2))
    first, second = documents(outcomes(data, WET))
    assert first.text == TEXT.format(1)
    assert first.id == "00000000-0000-0000-0000-000000000001"
    assert first.url == "http://example.org/1"
    assert first.date == "2024-03-01T12:00:00Z"
    assert (first.dump, first.source) == ("CC-MAIN-2024-10", "common-crawl")
    assert first.language is None
    assert first.file_path == WET
    assert (first.offset, second.offset) == (0, len(members(conversion(1))))


def test_warcinfo_names_the_dump_and_other_archives_are_web_archive() -> None:
    (document,) = documents(outcomes(members(WARCINFO, conversion(1)), "x.warc.wet.gz"))
    assert (document.dump, document.source) == ("CC-MAIN-2023-50", "common-crawl")
    (document,) = documents(outcomes(conversion(1), "x.warc.wet"))
    assert (document.dump, document.source) == (None, "web-archive")


def test_only_conversion_response_and_resource_are_records() -> None:
    others = [record(k, b"x" * 100) for k in ("request", "metadata", "revisit", "continuation", "new-kind")]
    assert outcomes(b"".join([WARCINFO, *others]), "x.warc") == []


def test_a_text_that_holds_a_record_header_is_one_document() -> None:
    forged = TEXT.format(0) + "\r\n\r\n" + conversion(9).decode()
    found = outcomes(conversion(1, forged) + conversion(2), "x.warc.wet")
    assert [d.text for d in documents(found)] == [forged, TEXT.format(2)]
    assert len(found) == 2


@pytest.mark.parametrize("compressed", [True, False])
def test_a_cut_at_every_byte_keeps_what_was_before_and_says_so(compressed: bool) -> None:
    parts = [members(r) if compressed else r for r in (WARCINFO, conversion(1), conversion(2), conversion(3))]
    data = b"".join(parts)
    ends = [sum(map(len, parts[: n + 1])) for n in range(len(parts))]
    # Uncompressed, a record is whole without the empty lines after it; compressed, only with its trailer.
    slack = 0 if compressed else 4
    for cut in range(len(data)):
        found = outcomes(data[:cut], "x.warc.wet.gz")
        whole = sum(end - slack <= cut for end in ends[1:])
        texts = [d.text for d in documents(found)]
        assert texts[:whole] == [TEXT.format(n + 1) for n in range(whole)], cut
        # A member without its trailer may have given its whole text already: never half of one.
        assert all(text == TEXT.format(n + 1) for n, text in enumerate(texts)), cut
        at_boundary = cut == 0 or any(end - slack <= cut <= end for end in ends)
        assert len(file_rejects(found)) == (0 if at_boundary else 1), cut
        if not at_boundary:
            assert found[-1] is file_rejects(found)[0]
            assert "byte" in found[-1].detail


def test_a_bad_record_does_not_stop_the_ones_after_it() -> None:
    broken = bytearray(members(conversion(2)))
    broken[-6] ^= 255
    found = outcomes(members(conversion(1)) + bytes(broken) + members(conversion(3)), "x.warc.wet.gz")
    texts = [d.text for d in documents(found)]
    assert texts[0] == TEXT.format(1)
    assert texts[-1] == TEXT.format(3)
    assert [r.reason for r in file_rejects(found)] == ["corrupt"]


@pytest.mark.parametrize("length", ["abc", "-5", "", "1e3", "9" * 30])
@pytest.mark.parametrize("compressed", [True, False])
def test_a_record_without_a_length_is_rejected_alone(length: str, compressed: bool) -> None:
    bad = record("conversion", TEXT.encode(), 2, Content_Length=length)
    parts = [conversion(1), bad, conversion(3)]
    found = outcomes(members(*parts) if compressed else b"".join(parts), "x.warc.wet.gz")
    assert [d.text for d in documents(found)] == [TEXT.format(1), TEXT.format(3)]
    assert [r.reason for r in record_rejects(found)] == ["malformed"]
    assert len(file_rejects(found)) == 1


def test_a_huge_declared_length_holds_nothing() -> None:
    data = record("conversion", b"x" * 1000, 1, length=10**15)
    found = outcomes(conversion(0) + data, "x.warc.wet")
    assert [r.reason for r in record_rejects(found)] == ["damaged"]
    assert [r.reason for r in file_rejects(found)] == ["truncated"]
    assert len(documents(found)) == 1


def test_a_record_over_the_limit_is_a_reject_in_bounded_memory() -> None:
    bomb = members(conversion(1), record("conversion", b"a " * (32 << 20), 2), conversion(3))
    assert len(bomb) < 1 << 20
    limits = Limits(max_record_bytes=1 << 20)
    tracemalloc.start()
    found = outcomes(bomb, "x.warc.wet.gz", limits)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert [d.text for d in documents(found)] == [TEXT.format(1), TEXT.format(3)]
    assert [r.reason for r in record_rejects(found)] == ["too_large"]
    assert file_rejects(found) == []
    assert peak < 16 << 20


@pytest.mark.parametrize(
    ("encoding", "encode"),
    [("gzip", gzip.compress), ("deflate", zlib.compress)],
)
def test_a_content_encoding_bomb_is_cut_off(encoding: str, encode: object) -> None:
    bomb = encode(b"<p>" + b"a" * (64 << 20))  # type: ignore[operator]
    data = response(bomb, "Content-Type: text/html", f"Content-Encoding: {encoding}")
    limits = Limits(max_record_bytes=1 << 20)
    tracemalloc.start()
    found = outcomes(data, "x.warc", limits)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert [r.reason for r in record_rejects(found)] == ["too_large"]
    assert peak < 16 << 20


def test_empty_short_and_other_rejects_have_their_reason() -> None:
    html = "Content-Type: text/html"
    data = b"".join(
        [
            record("conversion", b"", 1),
            record("conversion", b"too short", 2),
            response(PAGE.encode(), html, status="404 Not Found", number=3),
            response(b"\x89PNG", "Content-Type: image/png", number=4),
            response(b"%PDF-1.4 no type declared", number=5),
            record("response", b"no status line at all", 6),
            record("conversion", TEXT.encode(), 7, WARC_Segment_Number="1"),
            response(b"x", html, "Content-Encoding: rot13", number=8),
        ]
    )
    found = outcomes(data, "x.warc")
    assert [r.reason for r in record_rejects(found)] == [
        "empty", "too_short", "http_status", "not_html", "not_html", "malformed", "segmented", "undecodable",
    ]  # fmt: skip
    assert len(found) == 8
    assert found[2].url == "http://example.org/3"


def test_a_page_is_extracted_with_what_it_declares() -> None:
    page = PAGE.replace(
        "<title>",
        '<meta name="Generator" content="WordPress 6">'
        '<script type="application/ld+json">{"@type": "Article", "digitalSourceType": '
        '"https://schema.org/TrainedAlgorithmicMediaDigitalSource"}</script><title>',
    )
    data = response(page.encode(), "Content-Type: text/html; charset=utf-8")
    (document,) = documents(outcomes(data, "x.warc"))
    assert document.text.strip() == (PARAGRAPH * 3).strip()
    metadata = json.loads(document.metadata)
    assert metadata["generator"] == "WordPress 6"
    assert metadata["digital_source_type"] == "https://schema.org/TrainedAlgorithmicMediaDigitalSource"
    assert metadata["http_status"] == 200
    assert metadata["content_type"] == "text/html; charset=utf-8"


def two_chunks(body: bytes) -> bytes:
    return b"5;x=y\r\n%s\r\n%X\r\n%s\r\n0\r\n\r\n" % (body[:5], len(body) - 5, body[5:])


@pytest.mark.parametrize(
    ("headers", "encode"),
    [
        (["Content-Encoding: gzip"], gzip.compress),
        (["Content-Encoding: gzip"], lambda b: b),  # undone by the crawler, header kept
        (["Content-Encoding: deflate"], lambda b: zlib.compress(b)[2:-4]),
        (["Content-Encoding: br"], lambda b: b),
        (["Transfer-Encoding: chunked"], lambda b: b"%x\r\n%s\r\n0\r\n\r\n" % (len(b), b)),
        (["Transfer-Encoding: chunked"], lambda b: b),
        (["Transfer-Encoding: chunked", "Content-Encoding: gzip"],
         lambda b: two_chunks(gzip.compress(b))),
    ],
)  # fmt: skip
def test_encodings_of_http_are_undone(headers: list[str], encode: object) -> None:
    data = response(encode(PAGE.encode()), "Content-Type: text/html", *headers)  # type: ignore[operator]
    (document,) = documents(outcomes(data, "x.warc"))
    assert document.text.strip() == (PARAGRAPH * 3).strip()


@pytest.mark.parametrize(
    ("charset", "header"),
    [("utf-8", ""), ("cp1252", "; charset=iso-8859-1"), ("shift_jis", "; charset=Shift_JIS"),
     ("iso2022_jp", "; charset=iso-2022-jp"), ("utf-16", ""), ("windows-1251", "")],
)  # fmt: skip
def test_character_encodings(charset: str, header: str) -> None:
    sentence = {
        "cp1252": "Ça coûte très cher à l’école – voilà.",
        "windows-1251": "Это предложение на русском языке. ",
    }.get(charset, "これは日本語の文章です。")  # fmt: skip
    meta = f'<meta charset="{charset}">' if charset == "windows-1251" else ""
    page = f"<html><head>{meta}</head><body><p>{sentence * 20}</p></body></html>"
    data = response(page.encode(charset), f"Content-Type: text/html{header}")
    (document,) = documents(outcomes(data, "x.warc"))
    assert sentence.strip() in document.text


@pytest.mark.parametrize(
    "page",
    [
        "<div>" * 300_000 + "x",
        "<ul><li>x" * 100_000,
        "<div " + " ".join(f"a{i}='>'" for i in range(200_000)) + ">x",
        "<select>" + "<option>a" * 200_000,
        "<div><!--</div></div>-->" * 100_000,
    ],
    ids=["nested", "lists", "attributes", "options", "hidden-ends"],
)
def test_pages_built_to_hang_the_parser_are_rejected(page: str) -> None:
    (reject,) = outcomes(response(page.encode(), "Content-Type: text/html"), "x.warc")
    assert reject.reason == "too_large"


def test_control_characters_and_broken_utf8_leave_a_usable_text() -> None:
    block = b"nul\x00 bell\x07 tab\t del\x7f \xff\xfe broken. " + TEXT.encode() + b"\r\nline"
    (document,) = documents(outcomes(record("conversion", block), "x.warc.wet"))
    assert (
        document.text == "nul bell tab\t del ï¿½ï¿½ broken. ".encode("latin-1").decode() + TEXT + "\r\nline"
    )
    assert json.loads(document.metadata)["invalid_utf8"] is True


def test_missing_and_odd_headers() -> None:
    bare = record(
        "conversion", TEXT.encode(), WARC_Date="last tuesday", WARC_Record_ID="", WARC_Target_URI=""
    )
    (document,) = documents(outcomes(bare, "x.warc.wet"))
    assert len(document.id) == 32
    assert document.url is None
    assert document.date is None
    assert json.loads(document.metadata)["date_raw"] == "last tuesday"
    (again,) = documents(outcomes(conversion(0) + bare, "y.warc.wet"))[1:]
    assert again.id == document.id


def test_line_feeds_alone_and_one_gzip_member() -> None:
    data = conversion(1) + conversion(2)
    for variant in (
        data.replace(b"\r\n", b"\n"),
        gzip.compress(data),
        gzip.compress(data.replace(b"\r\n", b"\n")),
    ):
        found = outcomes(variant, "x.warc.wet")
        assert [d.text for d in documents(found)] == [TEXT.format(1), TEXT.format(2)]
        assert len(found) == 2


def test_a_single_member_file_cut_in_its_trailer_is_noticed() -> None:
    data = gzip.compress(conversion(1) + conversion(2))
    found = outcomes(data[:-3], "x.warc.wet.gz")
    assert len(documents(found)) == 2
    assert [r.reason for r in file_rejects(found)] == ["truncated"]


SAMPLE = [WARCINFO, conversion(1), response(PAGE.encode(), "Content-Type: text/html"), conversion(3)]


@settings(max_examples=300, deadline=2000)
@given(
    data=st.sampled_from([members(*SAMPLE), b"".join(SAMPLE), gzip.compress(b"".join(SAMPLE))]),
    changes=st.lists(
        st.tuples(st.floats(0, 0.999), st.binary(min_size=1, max_size=4)), min_size=1, max_size=5
    ),
)
@pytest.mark.slow
def test_changed_bytes_never_raise(data: bytes, changes: list[tuple[float, bytes]]) -> None:
    mutated = bytearray(data)
    for place, replacement in changes:
        position = int(place * len(mutated))
        mutated[position : position + len(replacement)] = replacement
    found = outcomes(bytes(mutated), "x.warc.gz")
    assert len(file_rejects(found)) <= 1
    for document in documents(found):
        document.text.encode()
        json.loads(document.metadata)


def test_what_is_no_record_is_said_where_lines_end_in_lf_alone() -> None:
    """Found by a fuzzer: FastWARC reads such a file in its lenient mode, which passes over anything."""
    plain = conversion(1).replace(b"\r\n", b"\n")
    other = conversion(2).replace(b"\r\n", b"\n")
    assert [getattr(outcome, "reason", "") for outcome in outcomes(plain + other, "a.wet")] == ["", ""]
    for data, read in (
        (b"WARC/1.0ength\n\nhttp://a.example/ junk" + other, 0),
        (b"WARC/1.0ength\n\n" + other, 1),
        (plain + b"some text\n" + other, 2),
        (plain + other + b"some text\n", 2),
        (plain + b"some text without an end" + other, 1),
    ):
        found = outcomes(data, "a.wet")
        assert [reject.reason for reject in file_rejects(found)] == ["corrupt"], data
        assert len(documents(found)) == read, data


def test_a_gzip_member_that_holds_nothing_does_not_end_a_file() -> None:
    """Found by a fuzzer: FastWARC stops there. bgzip ends its files so, and files are joined."""
    many = [conversion(number) for number in range(130)]
    alternating = [part for one in many for part in (b"", one)]
    joined = [many[0] + many[1], b"", *many[2:]]
    for records in ([b"", *many], [*many[:2], b"", b"", *many[2:], b""], alternating, joined):
        found = outcomes(members(*records), "a.wet.gz")
        assert [document.id for document in documents(found)] == [
            document.id for document in documents(outcomes(b"".join(many), "a.wet"))
        ]
        assert len(found) == len(many)
    cut = outcomes(members(many[0], b"", many[1])[:-9], "a.wet.gz")
    assert [reject.reason for reject in file_rejects(cut)] == ["truncated"]


@pytest.mark.parametrize("kind", ["request", "conversion", "of-another-standard"])
def test_heads_that_run_together_are_said(kind: str) -> None:
    """Found by a fuzzer: where a head is cut, the next record's is read as its rest."""
    head = record(kind, b"", 1).split(b"Content-Type")[0]
    found = outcomes(conversion(0) + head + conversion(2) + conversion(3), "a.wet")
    (reject,) = file_rejects(found)
    assert "the heads of 2 records run together" in reject.detail
    assert documents(found)[-1].id.endswith("3")


def test_a_record_without_a_type_is_said() -> None:
    """Found by a fuzzer: it can't be told from those that are no records, and was passed over as they are."""
    bare = record("", TEXT.encode(), 1)
    assert b"WARC-Type" not in bare
    found = outcomes(conversion(0) + bare + conversion(2), "a.wet")
    (reject,) = file_rejects(found)
    assert "no WARC-Type" in reject.detail
    assert len(documents(found)) == 2
