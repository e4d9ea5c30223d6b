"""The names of the job's metrics, all in one namespace, and how they are counted.

`documents_read`, `documents_rejected_<reason>`, `documents_held`, `batches`, `batches_held`, `tokens`,
`files_read`, `files_damaged_<reason>`; the scorer's own begin with `scorer_`. The runner adds them up over
workers, those of retried bundles once. The manifest has the same counts, checked.
"""

from apache_beam.metrics import Metrics

from wellspring.schemas.reject import RECORD, Reject

NAMESPACE = "wellspring"


def count_metric(name: str, number: int = 1) -> None:
    """Adds to a counter."""
    Metrics.counter(NAMESPACE, name).inc(number)


def count_reject(reject: Reject) -> None:
    """Counts a reject by its reason: a document's, or a damaged file's."""
    kind = "documents_rejected" if reject.kind == RECORD else "files_damaged"
    count_metric(f"{kind}_{reject.reason}")
