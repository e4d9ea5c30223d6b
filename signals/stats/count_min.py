"""A count-min sketch: in how many documents a key occurs, in a fixed amount of memory, never too few.

Cormode and Muthukrishnan 2005. Each of `depth` rows counts all keys in `width` cells; a key's count is the
least of its cells. With T keys counted in all, an estimate is too high by more than e/width * T with
probability at most e^-depth. In practice the error is far smaller: few keys make up most of T, and a cell
is only wrong where two keys share it.

Merging adds cells, and integers add up to the same bits in any order. Conservative update, which would
lower the error on one machine, has no exact merge and is left out for that.
"""

import math
import struct
from collections.abc import Callable, Iterable

import numpy as np
import zstandard
from numpy.typing import NDArray

from wellspring.signals.stats.splitmix import mixed

Keys = NDArray[np.uint64]

DEPTH = 4
WIDTH = 1 << 20
"""32 MiB at depth 4: a cell per word for some million different words."""
_MAGIC = b"count-min 1\n"
_HEADER = struct.Struct("<IIqq")
# Seeds of the rows: the first digits of pi, and whatever follows (SHA-512's are no better).
_SEEDS = np.array(
    [
        0x243F6A8885A308D3, 0x13198A2E03707344, 0xA4093822299F31D0, 0x082EFA98EC4E6C89,
        0x452821E638D01377, 0xBE5466CF34E90C6C, 0xC0AC29B7C97C50DD, 0x3F84D5B5B5470917,
    ],
    dtype=np.uint64,
)  # fmt: skip


class CountMin:
    """In how many documents each key occurs.

    `documents` and `total` are exact: the documents added, and their distinct keys summed up.
    """

    def __init__(self, width: int = WIDTH, depth: int = DEPTH) -> None:
        """Args:
        width: cells of a row, a power of two in 2..2^30. depth: rows, 1..8. A cell takes 8 bytes.
        """
        if not 2 <= width <= 1 << 30 or width & (width - 1):
            raise ValueError(f"width {width}: a power of two in 2..2^30 is asked for")
        if not 1 <= depth <= len(_SEEDS):
            raise ValueError(f"depth {depth}: 1..{len(_SEEDS)} is asked for")
        self.width = width
        self.depth = depth
        self.documents = 0
        self.total = 0
        self._cells = np.zeros(depth * width, dtype=np.int64)

    def add(self, keys: Keys) -> None:
        """Counts each distinct key of one document once."""
        self.add_documents([keys])

    def add_documents(self, documents: Iterable[Keys]) -> None:
        """The same for several documents, in one go over the table."""
        distinct = [_distinct(keys) for keys in documents]
        if not distinct:
            return
        keys = np.concatenate(distinct)
        np.add.at(self._cells, self._positions(keys).ravel(), np.int64(1))
        self.documents += len(distinct)
        self.total += len(keys)

    def counts(self, keys: Keys) -> NDArray[np.int64]:
        """The estimate for each key: never below the number of documents that have it."""
        least: NDArray[np.int64] = self._cells[self._positions(keys)].min(axis=0)
        return least

    def error_bound(self) -> tuple[float, float]:
        """(by how much an estimate is too high at most, the probability that it's more): e/width * total
        and e^-depth.
        """
        return math.e / self.width * self.total, math.exp(-self.depth)

    def merge(self, other: "CountMin") -> None:
        """Adds what the other counted.

        Raises:
            ValueError: its width or depth differs.
        """
        if (self.width, self.depth) != (other.width, other.depth):
            raise ValueError(
                f"a sketch of {self.depth} x {self.width} cells can't take one of "
                f"{other.depth} x {other.width}"
            )
        self._cells += other._cells
        self.documents += other.documents
        self.total += other.total

    def to_bytes(self) -> bytes:
        """The same bytes for the same counts: header, then the cells as little-endian int64 under zstd."""
        header = _HEADER.pack(self.width, self.depth, self.documents, self.total)
        cells = zstandard.ZstdCompressor(level=1).compress(self._cells.astype("<i8", copy=False).data)
        return _MAGIC + header + cells

    @classmethod
    def from_bytes(cls, content: bytes) -> "CountMin":
        """Raises:
        ValueError: the bytes are no sketch, or are cut.
        """
        start = len(_MAGIC) + _HEADER.size
        if not content.startswith(_MAGIC) or len(content) < start:
            raise ValueError("not a count-min sketch")
        width, depth, documents, total = _HEADER.unpack_from(content, len(_MAGIC))
        try:
            packed = memoryview(content)[start:]
            size = zstandard.frame_content_size(packed)
            if size != 8 * width * depth:  # before anything of that size is allocated
                raise ValueError(f"not a count-min sketch: {size} bytes of cells, {width} x {depth} are due")
            cells = zstandard.ZstdDecompressor().decompress(packed)
        except zstandard.ZstdError as error:
            raise ValueError(f"not a count-min sketch: {error}") from error
        sketch = cls(width, depth)
        sketch._cells[:] = np.frombuffer(cells, dtype="<i8")
        sketch.documents, sketch.total = documents, total
        return sketch

    def __eq__(self, other: object) -> bool:
        return (
            isinstance(other, CountMin)
            and (self.width, self.depth, self.documents, self.total)
            == (other.width, other.depth, other.documents, other.total)
            and bool(np.array_equal(self._cells, other._cells))
        )

    __hash__ = None  # type: ignore[assignment]

    def __reduce__(self) -> tuple[Callable[[bytes], "CountMin"], tuple[bytes]]:
        return CountMin.from_bytes, (self.to_bytes(),)

    def _positions(self, keys: Keys) -> NDArray[np.int64]:
        """Where each key's cells lie in the table, shape (depth, keys)."""
        seeds = _SEEDS[: self.depth, None]
        # Every bit of the key reaches the highest ones.
        hashes = mixed(keys[None, :] ^ seeds)
        column = (hashes >> np.uint64(65 - self.width.bit_length())).astype(np.int64)
        return column + np.arange(self.depth)[:, None] * self.width


def _distinct(keys: Keys) -> Keys:
    ordered = np.sort(keys)
    new = np.ones(len(ordered), dtype=bool)
    np.not_equal(ordered[1:], ordered[:-1], out=new[1:])
    return ordered[new]
