"""The ticket of a held batch: why it was held, in a reviewer's words."""

from collections import Counter
from collections.abc import Sequence

from wellspring.schemas.audit import Audit, Ticket
from wellspring.schemas.label import Label


def make_ticket(audit: Audit, labels: Sequence[Label]) -> Ticket:
    """The ticket of a batch that its audit holds.

    Raises:
        ValueError: the audit did not hold the batch.
    """
    if audit.value is None or audit.limit is None or not audit.held:
        raise ValueError(f"batch {audit.batch_id} was not held, so it has no ticket")
    margin = abs(audit.value - audit.limit)
    wanted = "at least" if audit.direction == "below" else "at most"
    return Ticket(
        batch_id=audit.batch_id,
        audit=audit,
        margin=margin,
        labels=dict(sorted(Counter(label.provenance for label in labels).items())),
        conflicts=sum(label.conflict for label in labels),
        why="; ".join(
            [
                f"{audit.signal} is {audit.value:.3f}, {audit.direction} the limit of {audit.limit:.3f} "
                f"({audit.basis}) by {margin:.3f}",
                *audit.tests[1:],
            ]
        ),
        would_pass=f"{audit.signal} {wanted} {audit.limit:.3f}"
        + (", and every other test within its limit" if audit.tests[1:] else ""),
    )
