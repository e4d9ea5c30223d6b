"""A storage that misbehaves all the time: every kind of request suffers every fault."""

from tests.integration.gcs import Fault, Injection, TestBucket

FAULTS = (
    Fault(status=429),
    Fault(status=503),
    Fault(reset_before=True),
    Fault(reset_after=True),
    Fault(cut=True),
    Fault(seconds=0.2),
)
KINDS = ("upload", "download", "object", "list", "batch")


def let_it_storm(bucket: TestBucket) -> dict[tuple[str, Fault], Injection]:
    """Of each kind of request every second one suffers the next fault, until each has struck once."""
    bucket.proxy.forget()
    return {
        (kind, fault): bucket.proxy.inject(
            fault,
            lambda request, kind=kind: request.kind == kind,
            # listings and batches are few: theirs strike one after the other
            first=1 + number * (1 if kind in ("list", "batch") else 2),
        )
        for kind in KINDS
        for number, fault in enumerate(FAULTS)
    }


def calm(storm: dict[tuple[str, Fault], Injection]) -> set[str]:
    """The kinds of requests at which some fault has not struck: the job makes few of them, or none."""
    return {kind for (kind, _), injection in storm.items() if not injection.done}
