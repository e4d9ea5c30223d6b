"""A Pub/Sub message for each ticket, once the run is finished."""

from collections.abc import Iterable

import apache_beam as beam
import msgspec
from apache_beam.pvalue import AsIter, PCollection

from wellspring.schemas.audit import Audit

_SECONDS = 60


class HeldMessage(msgspec.Struct, frozen=True, kw_only=True):
    """The data of a message, as JSON. `ticket` lies in the run's folder."""

    run: str
    batch_id: str
    ticket: str
    source: str | None
    stratum: str
    window_start: str | None
    documents: int
    signal: str
    value: float | None
    limit: float | None
    direction: str
    margin: float | None


class NotifyHeld(beam.PTransform[PCollection[str], PCollection[int]]):
    """Publishes a message for each held batch of the run whose folder comes in, after its manifest.

    A worker that is retried sends its messages again: tell them apart by `batch_id`, which is an
    attribute too. A topic that can't be written to fails the job; the run is finished all the same.

    Args:
        topic: `projects/<project>/topics/<topic>`. audits: of all batches.
    """

    def __init__(self, topic: str, audits: PCollection[Audit]) -> None:
        super().__init__()
        self._topic = topic
        self._held = AsIter(audits | "HeldOnly" >> beam.Filter(lambda audit: audit.held))

    def expand(self, runs: PCollection[str]) -> PCollection[int]:
        return runs | "Publish" >> beam.Map(publish_held, self._topic, self._held)


def publish_held(run: str, topic: str, held: Iterable[Audit]) -> int:
    """Publishes a message a held batch and waits until the service has them all; how many.

    Raises:
        google.api_core.exceptions.GoogleAPICallError: the service refused, after retries.
    """
    from google.cloud import pubsub_v1

    publisher = pubsub_v1.PublisherClient()
    sent = []
    for audit in sorted(held, key=lambda a: a.batch_id):
        message = HeldMessage(
            run=run,
            batch_id=audit.batch_id,
            ticket=f"hold/batch={audit.batch_id}/ticket.json",
            source=audit.source,
            stratum=audit.stratum,
            window_start=audit.window_start,
            documents=audit.documents,
            signal=audit.signal,
            value=audit.value,
            limit=audit.limit,
            direction=audit.direction,
            margin=audit.margin,
        )
        sent.append(publisher.publish(topic, msgspec.json.encode(message), run=run, batch_id=audit.batch_id))
    for future in sent:
        future.result(timeout=_SECONDS)
    publisher.stop()
    return len(sent)
