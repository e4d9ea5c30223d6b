"""Real parts for the tests: a Cloud Storage with preconditions and faults."""

import json
import uuid
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.integration.gcs import CREDENTIALS, CloudStorageProxy, TestBucket


@pytest.fixture(scope="session")
def cloud_storage() -> Iterator[CloudStorageProxy]:
    with CloudStorageProxy() as proxy:
        yield proxy


@pytest.fixture
def bucket(
    cloud_storage: CloudStorageProxy, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> Iterator[TestBucket]:
    """An empty bucket; gs:// paths of this process and those that it starts lead to the proxy.

    In this process what fails is tried again after .1 s at most, where the clients wait 1, 2, 4, ... s.
    """
    from apache_beam.internal.gcp import auth
    from apache_beam.io.gcp.gcsio_retry import DEFAULT_RETRY_WITH_THROTTLING_COUNTER
    from google.cloud.storage.retry import DEFAULT_RETRY

    credentials = tmp_path / "credentials.json"
    credentials.write_text(json.dumps(CREDENTIALS))
    monkeypatch.setenv("STORAGE_EMULATOR_HOST", cloud_storage.url)
    monkeypatch.setenv("GOOGLE_APPLICATION_CREDENTIALS", str(credentials))
    monkeypatch.setenv("GOOGLE_CLOUD_PROJECT", "test")
    # Beam remembers for the life of a process what it found.
    monkeypatch.setattr(auth._Credentials, "_credentials_init", False)
    monkeypatch.setattr(auth._Credentials, "_credentials", None)
    for retry in (DEFAULT_RETRY, DEFAULT_RETRY_WITH_THROTTLING_COUNTER):
        monkeypatch.setattr(retry, "_maximum", 0.1)
    cloud_storage.forget()
    yield TestBucket(f"test-{uuid.uuid4().hex}", cloud_storage)
    cloud_storage.forget()
