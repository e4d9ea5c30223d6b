"""How documents become forward passes: windows with stride, length buckets, a token budget.

Nothing here depends on a document's neighbours but the number of rows of a pass: the padded shape of
a window is a function of its own length. That is what makes a score the same bits in any company.
"""

from collections.abc import Iterator, Sequence
from typing import NamedTuple


class Window(NamedTuple):
    """Positions start..end of a document's predictions; those from `scored_from` on count.

    Position t predicts the document's token t from what stands before it (BOS and tokens 0..t-1), so a
    window of n positions is an input of n tokens.
    """

    document: int
    start: int
    end: int
    scored_from: int

    @property
    def length(self) -> int:
        """Input tokens."""
        return self.end - self.start


def document_windows(document: int, positions: int, window: int, stride: int) -> list[Window]:
    """Windows of at most `window` positions, each `stride` after the one before, until all are scored.

    Every position is scored exactly once, in the first window that reaches it: with at least
    window - stride tokens of context, or all there are.
    """
    if not 1 <= stride <= window:
        raise ValueError(f"stride {stride} is not within 1..{window}, the window")
    windows = []
    scored = start = 0
    while scored < positions:
        end = min(start + window, positions)
        windows.append(Window(document, start, end, scored))
        scored = end
        start += stride
    return windows


def padded_length(length: int, window: int) -> int:
    """The length bucket: the next multiple of 8, from 256 on of a sixteenth of the power of two below.

    At most window; on average 3% longer than `length` from 128 tokens on.
    """
    step = max(8, (1 << length.bit_length() - 1) // 16)
    return min(-(-length // step) * step, window)


def forward_passes(windows: Sequence[Window], window: int, token_budget: int) -> Iterator[list[Window]]:
    """Groups of windows of one padded length, longest first, of at most `token_budget` padded tokens.

    A window longer than the budget is a pass of its own. Order within a pass is that of `windows`.
    """
    buckets: dict[int, list[Window]] = {}
    for item in windows:
        buckets.setdefault(padded_length(item.length, window), []).append(item)
    for length in sorted(buckets, reverse=True):
        rows = max(token_budget // length, 1)
        bucket = buckets[length]
        for first in range(0, len(bucket), rows):
            yield bucket[first : first + rows]
