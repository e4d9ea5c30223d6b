"""Any of our mergeable objects as a Beam combiner: sketches, histograms, draws."""

from collections.abc import Callable, Iterable
from typing import Any, Generic, Protocol, TypeVar

import apache_beam as beam


class Mergeable(Protocol):
    """What counts elements and takes in what another one counted, to the same result in any order."""

    def add(self, element: Any, /) -> None: ...

    def merge(self, other: Any, /) -> None: ...


M = TypeVar("M", bound=Mergeable)


class Merge(beam.CombineFn, Generic[M]):
    """Elements to one object that `make` begins: `CombineGlobally(Merge(CountMin))`."""

    def __init__(self, make: Callable[[], M]) -> None:
        self._make = make

    def create_accumulator(self) -> M:
        return self._make()

    def add_input(self, accumulator: M, element: Any) -> M:
        accumulator.add(element)
        return accumulator

    def merge_accumulators(self, accumulators: Iterable[M]) -> M:
        merged = self._make()
        for accumulator in accumulators:
            merged.merge(accumulator)
        return merged

    def extract_output(self, accumulator: M) -> M:
        return accumulator
