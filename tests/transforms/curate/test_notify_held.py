"""Messages for held batches, through the real client to a small Pub/Sub of the test's own."""

import json
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import apache_beam as beam
import grpc
import pytest
from apache_beam.testing.test_pipeline import TestPipeline
from apache_beam.testing.util import assert_that, equal_to
from google.pubsub_v1.types import PublishRequest, PublishResponse

from tests.review.held_run import held_run
from wellspring.review.queue import HoldQueue
from wellspring.transforms.curate.notify_held import NotifyHeld

TOPIC = "projects/p/topics/held"


class _Topics(grpc.GenericRpcHandler):
    """Answers `Publish` alone, for one topic."""

    def __init__(self) -> None:
        self.messages: list[tuple[dict[str, str], dict]] = []

    def service(self, details: grpc.HandlerCallDetails) -> grpc.RpcMethodHandler | None:
        if details.method != "/google.pubsub.v1.Publisher/Publish":
            return None
        return grpc.unary_unary_rpc_method_handler(
            self._publish,
            request_deserializer=PublishRequest.deserialize,
            response_serializer=PublishResponse.serialize,
        )

    def _publish(self, request: PublishRequest, context: grpc.ServicerContext) -> PublishResponse:
        if request.topic != TOPIC:
            context.abort(grpc.StatusCode.NOT_FOUND, f"no topic {request.topic}")
        self.messages += [(dict(m.attributes), json.loads(m.data)) for m in request.messages]
        return PublishResponse(message_ids=[str(i) for i in range(len(request.messages))])


@pytest.fixture
def topics(monkeypatch: pytest.MonkeyPatch) -> Iterator[_Topics]:
    handler = _Topics()
    server = grpc.server(ThreadPoolExecutor(2), handlers=[handler])
    port = server.add_insecure_port("127.0.0.1:0")
    server.start()
    monkeypatch.setenv("PUBSUB_EMULATOR_HOST", f"127.0.0.1:{port}")
    yield handler
    server.stop(None)


def notify(run: str, topic: str) -> None:
    audits = HoldQueue(run).audits
    with TestPipeline("FnApiRunner") as pipeline:
        audited = pipeline | "Audits" >> beam.Create(audits)
        sent = pipeline | "Runs" >> beam.Create([run]) | NotifyHeld(topic, audited)
        assert_that(sent, equal_to([sum(audit.held for audit in audits)]))


def test_each_held_batch_is_announced_once(topics, tmp_path):
    run = str(held_run(tmp_path / "run", batches=3, passed=2))
    notify(run, TOPIC)
    held = {entry.audit.batch_id: entry.audit for entry in HoldQueue(run).entries()}
    assert sorted(a["batch_id"] for a, _ in topics.messages) == sorted(held)
    for attributes, data in topics.messages:
        audit = held[attributes["batch_id"]]
        assert attributes == {"run": run, "batch_id": audit.batch_id}
        assert (data["signal"], data["value"], data["limit"]) == (audit.signal, audit.value, audit.limit)
        assert (tmp_path / "run" / data["ticket"]).is_file()


def test_a_topic_that_is_not_there_fails_the_job(topics, tmp_path):
    with pytest.raises(Exception, match="no topic projects/p/topics/other"):
        notify(str(held_run(tmp_path / "run", batches=1)), "projects/p/topics/other")
