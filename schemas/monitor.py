"""A model's outputs watched over time: monitor.json and baseline.json of `wellspring monitor`."""

import msgspec

from wellspring.schemas.profile import Direction
from wellspring.schemas.tail import TailReferenceFile

SIGNALS = (
    "tail_coverage", "distinct_1", "distinct_2", "distinct_3", "entropy_bits", "self_bleu",
    "compression_ratio", "repetition", "length",
)  # fmt: skip
WATCHED: tuple[tuple[str, Direction], ...] = (
    ("tail_coverage", "below"),
    ("distinct_1", "below"),
    ("distinct_2", "below"),
    ("distinct_3", "below"),
    ("entropy_bits", "below"),
    ("self_bleu", "above"),
    ("compression_ratio", "below"),
    ("repetition", "above"),
    ("length", "below"),
    ("length", "above"),
)
"""Which way a signal goes when outputs grow poor; for length both ways are news."""


class BaselineSignal(msgspec.Struct, frozen=True, kw_only=True):
    """Of the baseline's windows."""

    mean: float
    spread: float
    """Standard deviation of one window."""
    windows: int


class OutputBaseline(msgspec.Struct, frozen=True, kw_only=True):
    """What outputs are compared with: it can be kept, and is never changed by what it is compared with."""

    tokenizer: str
    tokenizer_sha256: str
    window: int
    """Outputs of a window."""
    outputs: int
    tokens: int
    """Of each window so many tokens are looked at, so that windows compare at equal size."""
    bytes: int
    """The same for the compression ratio."""
    tail: TailReferenceFile
    """Rare token pairs of the half that no window is made of."""
    signals: dict[str, BaselineSignal]


class OutputWindow(msgspec.Struct, frozen=True, kw_only=True):
    """Consecutive outputs; a value is null where the window has too little text for it."""

    first_id: str
    last_id: str
    first_date: str | None
    outputs: int
    empty: int
    tokens: int
    values: dict[str, float | None]


class CusumStep(msgspec.Struct, frozen=True, kw_only=True):
    z: float | None
    cusum: float
    allowance: float
    alarm: bool
    since: int | None


class Series(msgspec.Struct, frozen=True, kw_only=True):
    """A signal in one direction over the windows."""

    signal: str
    direction: Direction
    threshold: float
    detectable: float | None
    """The least lasting change, in standard deviations of a window of the baseline, that raises an alarm
    within these windows on average; null where none does."""
    steps: list[CusumStep]


class Alarm(msgspec.Struct, frozen=True, kw_only=True):
    """Windows by their place, from 0."""

    signal: str
    direction: Direction
    window: int
    since: int
    date: str | None


class MonitorReport(msgspec.Struct, frozen=True, kw_only=True):
    outputs: int
    order: str
    """`date` or `file`."""
    left_over: int
    """Outputs after the last whole window."""
    rejected: dict[str, int]
    baseline: str
    baseline_outputs: int
    baseline_windows: int
    tokenizer: str
    window: int
    tokens: int
    baseline_signals: dict[str, BaselineSignal]
    windows: list[OutputWindow]
    series: list[Series]
    alarms: list[Alarm]
