"""Runs of characters that can't be seen: taken out of a text before anything looks at it, and recorded.

C2PA 2.4 (A.8) puts a manifest into text as U+FEFF and a variation selector for each byte (U+FE00 to U+FE0F
for 0 to 15, U+E0100 to U+E01EF for 16 to 255), the first of them `C2PATXT`, a zero byte, a version, and the
manifest's length in four bytes. Three kilobytes of it are twelve thousand tokens. Others hide text in tags,
zero-width and bidirectional marks in the same way.

Fewer than `LONGEST` in a row stay as they are: emoji with their selectors and joiners, flags of tags, marks
of direction and of Persian and Indic scripts.
"""

import re
from collections.abc import Iterator

import msgspec

from wellspring.schemas.encoding import sha256_hex

LONGEST = 16
"""So many and more in a row are taken out; the longest that writing needs is a flag's seven tags."""
C2PA, INVISIBLE = "c2pa_text_manifest", "invisible"
MOST_LISTED = 8

# Unicode's Default_Ignorable_Code_Point, in UTF-8.
_CHARACTER = (
    rb"(?:\xc2\xad|\xcd\x8f|\xd8\x9c|\xe1\x85[\x9f\xa0]|\xe1\x9e[\xb4\xb5]|\xe1\xa0[\x8b-\x8f]"
    rb"|\xe2\x80[\x8b-\x8f\xaa-\xae]|\xe2\x81[\xa0-\xaf]|\xe3\x85\xa4|\xef\xb8[\x80-\x8f]|\xef\xbb\xbf"
    rb"|\xef\xbe\xa0|\xef\xbf[\xb0-\xb8]|\xf0\x9b\xb2[\xa0-\xa3]|\xf0\x9d\x85[\xb3-\xba]"
    rb"|\xf3\xa0[\x80-\xbf][\x80-\xbf])"
)
_ASCII = bytes(range(128))
_OTHERS = bytes(b for b in range(256) if b not in b"\xc2\xcd\xd8\xe1\xe2\xe3\xef\xf0\xf3")
"""All bytes that begin no such character."""
_MAGIC = b"C2PATXT\0"
_SELECTOR = rb"(?:\xef\xb8[\x80-\x8f]|\xf3\xa0[\x84-\x86][\x80-\xbf]|\xf3\xa0\x87[\x80-\xaf])"
_MARK = b"\xef\xbb\xbf"
_EMOJI_SELECTORS = (b"\xef\xb8\x8e", b"\xef\xb8\x8f")


def _selectors(data: bytes) -> bytes:
    return "".join(chr(0xFE00 + b) if b < 16 else chr(0xE0100 + b - 16) for b in data).encode()


# No shorter run holds a manifest's magic.
_RUN = re.compile(_CHARACTER + _CHARACTER + b"{%d,}" % (len(_MAGIC) - 1))
_MANIFEST = re.compile(rb"(?:\xef\xbb\xbf)?" + _selectors(_MAGIC) + _SELECTOR + b"*")
_HEADER_BYTES = len(_MAGIC) + 5


class InvisibleRun(msgspec.Struct, frozen=True, omit_defaults=True):
    """A run that was taken out. `sha256` is that of its UTF-8, as it stood there; `manifest_sha256` that of
    the C2PA manifest store in it, null where it isn't whole.
    """

    kind: str
    characters: int
    sha256: str
    manifest_sha256: str | None = None


class InvisibleText(msgspec.Struct, frozen=True):
    """All that was taken out of a text: the first runs are listed."""

    runs: int
    characters: int
    listed: list[InvisibleRun]


class _Metadata(msgspec.Struct):
    invisible_text: InvisibleText | None = None


METADATA_KEY = "invisible_text"
_decoder = msgspec.json.Decoder(_Metadata)


def without_invisible_runs(text: bytes) -> tuple[bytes, InvisibleText | None]:
    """A text in UTF-8 without its runs of what can't be seen, and what they were; None for none."""
    # Searching costs more than all else here, and nearly no text has such a run.
    if len(text.translate(None, _OTHERS)) < len(_MAGIC) or not _RUN.search(text.translate(None, _ASCII)):
        return text, None
    kept: list[bytes] = []
    runs: list[InvisibleRun] = []
    end = 0
    for found in _RUN.finditer(text):
        for first, last, run in _cuts(found[0], follows=found.start() > 0):
            kept.append(text[end : found.start() + first])
            end = found.start() + last
            runs.append(run)
    if not runs:
        return text, None
    kept.append(text[end:])
    characters = sum(run.characters for run in runs)
    return b"".join(kept), InvisibleText(len(runs), characters, runs[:MOST_LISTED])


def _cuts(run: bytes, *, follows: bool) -> Iterator[tuple[int, int, InvisibleRun]]:
    """(first byte, byte after the last, what is there) of all that is taken out of a run: each manifest, and
    what is long enough between them. `follows`: whether the run stands behind something.
    """
    at = 0
    for found in _MANIFEST.finditer(run):
        yield from _long_enough(run, at, found.start(), follows=follows)
        selectors = found[0].removeprefix(_MARK).decode()
        data = bytes(ord(c) - (0xFE00 if ord(c) < 0x10000 else 0xE0100 - 16) for c in selectors)
        size = int.from_bytes(data[len(_MAGIC) + 1 : _HEADER_BYTES], "big")
        whole = len(data) >= _HEADER_BYTES + size > _HEADER_BYTES
        rest = selectors[_HEADER_BYTES + size :] if whole else ""
        at = found.end() - len(rest.encode())
        manifest = sha256_hex(data[_HEADER_BYTES : _HEADER_BYTES + size]) if whole else None
        yield found.start(), at, _recorded(C2PA, run[found.start() : at], manifest)
    yield from _long_enough(run, at, len(run), follows=follows)


def _long_enough(
    run: bytes, first: int, last: int, *, follows: bool
) -> Iterator[tuple[int, int, InvisibleRun]]:
    """The same of a part without a manifest; an emoji keeps the selector behind it."""
    if first == 0 and follows and run.startswith(_EMOJI_SELECTORS):
        first = len(_EMOJI_SELECTORS[0])
    if len(run[first:last].decode()) >= LONGEST:
        yield first, last, _recorded(INVISIBLE, run[first:last], None)


def _recorded(kind: str, run: bytes, manifest: str | None) -> InvisibleRun:
    return InvisibleRun(kind, len(run.decode()), sha256_hex(run), manifest)


def runs_left_out(metadata: str) -> list[str]:
    """A line for each run that was taken out of a document's text, by its metadata."""
    if METADATA_KEY not in metadata:
        return []
    try:
        found = _decoder.decode(metadata).invisible_text
    except (msgspec.DecodeError, RecursionError):
        return []  # the input's own words under this name
    if found is None:
        return []
    lines = [
        f"{run.kind}: {run.characters} invisible characters left out, sha256 {run.sha256}"
        for run in found.listed
    ]
    more = found.runs - len(lines)
    return [*lines, f"{INVISIBLE}: {more} more runs left out"] if more > 0 else lines
