"""Histograms of the measurements: mergeable, with fixed edges, so that runs compare."""

import bisect
from collections.abc import Iterable

from wellspring.schemas.manifest import Histogram
from wellspring.schemas.measurements import Measurements


def _steps(low: float, high: float, bins: int) -> list[float]:
    return [low + (high - low) * i / bins for i in range(bins + 1)]


def _powers(low: float, high: float, bins: int) -> list[float]:
    return [low * (high / low) ** (i / bins) for i in range(bins + 1)]


EDGES: dict[str, list[float]] = {
    "perplexity": _powers(1, 10_000, 40),
    "bits_per_byte": _steps(0, 4, 40),
    "curvature": _steps(-8, 8, 40),
    "log_rank": _steps(0, 6, 40),
    "surprisal_variance": _steps(0, 20, 40),
    "burstiness": _steps(0, 2, 40),
    "type_token_ratio": _steps(0, 1, 40),
    "mattr": _steps(0.4, 1, 40),
}

Histograms = dict[str, dict[str, Histogram]]
"""Signal -> provenance label -> histogram."""


def histograms_of(documents: Iterable[tuple[str, Measurements]]) -> Histograms:
    """Histograms of (provenance label, measurements) pairs."""
    by_label: dict[str, list[Measurements]] = {}
    for provenance, measurements in documents:
        by_label.setdefault(provenance, []).append(measurements)
    return {
        signal: {
            provenance: _histogram([getattr(m, signal) for m in group], edges)
            for provenance, group in sorted(by_label.items())
        }
        for signal, edges in EDGES.items()
    }


def _histogram(values: list[float | None], edges: list[float]) -> Histogram:
    counts = [0] * (len(edges) - 1)
    defined = [value for value in values if value is not None]
    for value in defined:
        bin_ = bisect.bisect_right(edges, value) - 1
        counts[min(max(bin_, 0), len(counts) - 1)] += 1
    return Histogram(edges=edges, counts=counts, undefined=len(values) - len(defined))


def merge_histograms(parts: Iterable[Histograms]) -> Histograms:
    """The sum of histograms, the same in any order."""
    merged: Histograms = {}
    for part in parts:
        for signal, by_label in part.items():
            into = merged.setdefault(signal, {})
            for provenance, histogram in by_label.items():
                so_far = into.get(provenance)
                into[provenance] = histogram if so_far is None else _add(so_far, histogram)
    return merged


def _add(a: Histogram, b: Histogram) -> Histogram:
    return Histogram(
        edges=a.edges,
        counts=[x + y for x, y in zip(a.counts, b.counts, strict=True)],
        undefined=a.undefined + b.undefined,
    )
