"""cost_assumptions.yaml: prices and rates by which an estimate reckons; people edit it."""

from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, model_validator

Positive = Annotated[float, Field(gt=0)]


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class WetFile(_Strict):
    """A file of the input where none can be read: each figure as [likely, low, high]."""

    stored_bytes: tuple[Positive, Positive, Positive]
    """Of the file as it is stored, compressed."""
    documents: tuple[Positive, Positive, Positive]
    """Documents in it."""
    text_bytes: tuple[Positive, Positive, Positive]
    """Of their text, UTF-8."""
    tokens: tuple[Positive, Positive, Positive]
    """By the scorer's tokenizer."""

    @model_validator(mode="after")
    def _in_order(self) -> "WetFile":
        for name in type(self).model_fields:
            likely, low, high = getattr(self, name)
            if not low <= likely <= high:
                raise ValueError(f"{name} is [likely, low, high], with low <= likely <= high")
        return self


class Rates(_Strict):
    cpu_seconds_per_megabyte: Positive
    """Of text, UTF-8, 10^6 bytes; on one core."""
    cpu_seconds_per_document: Positive
    """On one core, beyond what its text costs."""
    scored_tokens_per_cpu_second: Positive
    """By the embedded model, on one core."""
    parameters_of_that_model: Positive
    """Other models cost in proportion to theirs."""


class StorageCosts(_Strict):
    bytes_per_text_byte: Positive
    """Stored by a run, per byte of text."""
    bytes_per_document: Positive
    """Stored by a run, per document."""
    dollars_per_gigabyte_month: Positive
    """Price of storage."""
    shuffles: Positive
    """How often the text is shuffled."""
    dollars_per_shuffled_gigabyte: Positive
    """Price of shuffling."""


class Gpu(_Strict):
    flops: Positive
    """Peak, a second."""
    dollars_an_hour: Positive
    """Price of the machine with one GPU."""


class Machine(_Strict):
    dollars_an_hour: Positive
    """Price of the machine."""
    vcpus: Positive
    """Its virtual cores."""


class CostAssumptions(_Strict):
    """All that an estimate doesn't count itself. `gpus`, `cpu` and `models` are keyed by name."""

    wet_file: WetFile
    """What a file holds when none can be read."""
    rates: Rates
    """How fast the work goes."""
    storage: StorageCosts
    """What a run stores and shuffles."""
    utilisation: Annotated[float, Field(gt=0, le=1)]
    """Share of a GPU's peak that scoring reaches."""
    gpu_tokens_per_second_at_most: Positive
    """What one GPU scores at most, however small the model."""
    models: dict[str, Positive]
    """Parameters of each model."""
    gpus: dict[str, Gpu]
    """The GPUs that are priced."""
    cpu: dict[str, Machine]
    """The machines without a GPU that are priced."""
