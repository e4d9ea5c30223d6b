"""cost_assumptions.yaml: prices and rates by which an estimate reckons; people edit it."""

from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, model_validator

Positive = Annotated[float, Field(gt=0)]


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class WetFile(_Strict):
    """A file of the input where none can be read: each figure as [likely, low, high]."""

    stored_bytes: tuple[Positive, Positive, Positive]
    documents: tuple[Positive, Positive, Positive]
    text_bytes: tuple[Positive, Positive, Positive]
    tokens: tuple[Positive, Positive, Positive]

    @model_validator(mode="after")
    def _in_order(self) -> "WetFile":
        for name in type(self).model_fields:
            likely, low, high = getattr(self, name)
            if not low <= likely <= high:
                raise ValueError(f"{name} is [likely, low, high], with low <= likely <= high")
        return self


class Rates(_Strict):
    cpu_seconds_a_megabyte: Positive
    """Of text, UTF-8, 10^6 bytes; on one core."""
    cpu_seconds_a_document: Positive
    scored_tokens_a_cpu_second: Positive
    parameters_of_that_model: Positive


class StorageCosts(_Strict):
    bytes_a_text_byte: Positive
    bytes_a_document: Positive
    dollars_a_gigabyte_month: Positive
    shuffles: Positive
    dollars_a_shuffled_gigabyte: Positive


class Gpu(_Strict):
    flops: Positive
    """Peak, a second."""
    dollars_an_hour: Positive


class Machine(_Strict):
    dollars_an_hour: Positive
    vcpus: Positive


class CostAssumptions(_Strict):
    """All that an estimate doesn't count itself. `gpus`, `cpu` and `models` are keyed by name."""

    wet_file: WetFile
    rates: Rates
    storage: StorageCosts
    utilisation: Annotated[float, Field(gt=0, le=1)]
    gpu_tokens_a_second_at_most: Positive
    models: dict[str, Positive]
    gpus: dict[str, Gpu]
    cpu: dict[str, Machine]
