"""A folder in a Cloud Storage bucket: objects appear whole, and of several writers the first one wins.

Goes through google-cloud-storage and not through Beam, whose file system sends no preconditions and
renames by copy and delete. STORAGE_EMULATOR_HOST is honoured, without credentials.
"""

import base64
import hashlib
import mimetypes
import uuid
from collections.abc import Iterator
from contextlib import contextmanager

import requests

try:
    from google.api_core.exceptions import (
        Forbidden,
        GoogleAPIError,
        NotFound,
        PreconditionFailed,
        RetryError,
        Unauthorized,
    )
    from google.auth.exceptions import GoogleAuthError
    from google.cloud import storage
    from google.cloud.storage.retry import DEFAULT_RETRY
except ImportError as error:
    raise ImportError("gs:// needs google-cloud-storage: pip install 'wellspring[gcp]'") from error

TIMEOUT_SECONDS = 60.0
"""Longest wait for one answer; then it counts as lost and is asked for again."""
GIVE_UP_SECONDS = 120.0
"""So long is 429, 5xx, a reset or a lost answer tried again, after 1, 2, 4, ... seconds at most."""
_ATTEMPT = "wellspring-attempt"


class CloudStorageError(OSError):
    """Cloud Storage can't be used: one line that says where, why and what to do."""


class CloudStorage:
    """A `transforms.storage.storage.Storage` in a bucket. May be used by several threads.

    Args:
        folder: `gs://bucket/folder`, or `gs://bucket` for the whole bucket.

    Raises (as every method does): CloudStorageError: no credentials, no such bucket, no permission,
    or no answer for GIVE_UP_SECONDS.
    """

    def __init__(self, folder: str) -> None:
        bucket, _, prefix = folder.removeprefix("gs://").partition("/")
        prefix = prefix.strip("/")
        if not folder.startswith("gs://") or not bucket:
            raise CloudStorageError(f"{folder!r} names no bucket: write gs://bucket/folder")
        self._bucket_name = bucket
        self._prefix = f"{prefix}/" if prefix else ""
        with self._explained(""):
            # The project is asked for by what makes buckets; objects need none.
            self._bucket = storage.Client(project=None).bucket(bucket)
        self._retry = DEFAULT_RETRY.with_timeout(GIVE_UP_SECONDS)

    def read(self, path: str) -> bytes:
        """The content of an object.

        Raises:
            FileNotFoundError: it isn't there.
        """
        with self._explained(path):
            try:
                blob = self._bucket.blob(self._prefix + path)
                return bytes(
                    blob.download_as_bytes(raw_download=True, retry=self._retry, timeout=TIMEOUT_SECONDS)
                )
            except NotFound as error:
                if "bucket does not exist" in str(error):
                    raise
                raise FileNotFoundError(f"{self._name(path)} isn't there") from error

    def create(self, path: str, content: bytes) -> None:
        """Writes a new object; of several who create the same path, one succeeds.

        Raises:
            FileExistsError: it is there already.
        """
        if self._create(path, content) is not None:
            raise FileExistsError(f"{self._name(path)} is there already")

    def create_same(self, path: str, content: bytes) -> None:
        """Writes a new object, or finds that the same bytes are there already.

        Raises:
            FileExistsError: other bytes are there.
        """
        there = self._create(path, content)
        if there is None:
            return
        md5 = base64.b64encode(hashlib.md5(content, usedforsecurity=False).digest()).decode()
        # An object that was composed of others has no MD5; we write none, others may.
        if there.md5_hash != md5 if there.md5_hash else self.read(path) != content:
            raise FileExistsError(f"{self._name(path)} is there already, with other bytes")

    def replace(self, path: str, content: bytes) -> None:
        """Writes an object, whatever lies there."""
        with self._explained(path):
            self._upload(self._bucket.blob(self._prefix + path), content, None)

    def exchange(self, path: str, before: bytes, after: bytes | None) -> bool:
        """Puts `after` (None: nothing) in the place of the generation that holds `before`; whether it did."""
        with self._explained(path):
            there = self._bucket.get_blob(self._prefix + path, retry=self._retry, timeout=TIMEOUT_SECONDS)
            try:
                if there is None or self.read(path) != before:
                    return False
                if after is not None:
                    self._upload(self._bucket.blob(self._prefix + path), after, there.generation)
                else:
                    there.delete(
                        if_generation_match=there.generation, retry=self._retry, timeout=TIMEOUT_SECONDS
                    )
                return True
            except FileNotFoundError:
                return False
            except (NotFound, PreconditionFailed):
                pass
        # Another was faster; or it was this call, whose answer was lost.
        try:
            return self.read(path) == after
        except FileNotFoundError:
            return after is None

    def files(self, folder: str) -> list[str]:
        """The paths of all objects under a folder, at any depth, sorted; none where it isn't there."""
        prefix = self._prefix + (f"{folder.strip('/')}/" if folder.strip("/") else "")
        with self._explained(folder):
            blobs = self._bucket.list_blobs(
                prefix=prefix,
                fields="items(name),nextPageToken",
                retry=self._retry,
                timeout=TIMEOUT_SECONDS,
            )
            names = [blob.name.removeprefix(self._prefix) for blob in blobs]
        # A name that ends in "/" is an empty object by which the console shows a folder.
        return sorted(name for name in names if not name.endswith("/"))

    def generations(self) -> dict[str, int]:
        """The generation of every object, by path."""
        with self._explained(""):
            blobs = self._bucket.list_blobs(
                prefix=self._prefix or None,
                fields="items(name,generation),nextPageToken",
                retry=self._retry,
                timeout=TIMEOUT_SECONDS,
            )
            return {blob.name.removeprefix(self._prefix): int(blob.generation) for blob in blobs}

    def put_in_place(self, source: str, target: str, generation: int | None) -> None:
        """Copies an object over that generation of another one; it stays where it is until `remove`. A source
        that is gone was put in place before, if the target is another generation.

        Raises:
            CloudStorageError: another generation of other bytes lies there, or the source is lost.
        """
        with self._explained(target):
            try:
                self._bucket.copy_blob(
                    self._bucket.blob(self._prefix + source),
                    self._bucket,
                    self._prefix + target,
                    if_generation_match=generation or 0,
                    retry=self._retry,
                    timeout=TIMEOUT_SECONDS,
                )
                return
            except NotFound as error:
                if "bucket does not exist" in str(error):
                    raise
            except PreconditionFailed:
                pass  # a call that died, or whose answer was lost, has put it there; or it is another's
            there = self._bucket.get_blob(self._prefix + target, retry=self._retry, timeout=TIMEOUT_SECONDS)
        if (there.generation if there else None) == generation:
            raise CloudStorageError(
                f"{self._name(source)} is gone before it was put in place: restore it (soft delete, versions)"
            )
        try:
            if there is not None and self.read(source) == self.read(target):
                return
        except FileNotFoundError:
            if there is not None:
                return  # all was in place, and the sources were being removed
        raise CloudStorageError(
            f"{self._name(target)} was changed by another meanwhile and is not written over: see by whom; "
            f"what was to lie there is {self._name(source)}"
        )

    def delete(self, path: str, generation: int | None = None) -> None:
        """Deletes an object, if a generation is given that one alone; one that isn't there is no error.

        Raises:
            CloudStorageError: there is another generation of it.
        """
        with self._explained(path):
            try:
                self._bucket.blob(self._prefix + path).delete(
                    if_generation_match=generation, retry=self._retry, timeout=TIMEOUT_SECONDS
                )
            except NotFound as error:
                if "bucket does not exist" in str(error):
                    raise

    def remove(self, folder: str) -> None:
        """Deletes all objects under a folder."""
        for path in self.files(folder):
            self.delete(path)

    def _create(self, path: str, content: bytes) -> storage.Blob | None:
        """None where this call wrote the object, else the object that was there first.

        An answer may be lost after the object was stored; the client then sends it again and is told
        that it exists. Each call marks what it writes, so that it knows its own object again, and not
        by its content: another may have written the same.
        """
        attempt = uuid.uuid4().hex
        blob = self._bucket.blob(self._prefix + path)
        blob.metadata = {_ATTEMPT: attempt}
        with self._explained(path):
            try:
                self._upload(blob, content, 0)
            except PreconditionFailed as error:
                there = self._bucket.get_blob(blob.name, retry=self._retry, timeout=TIMEOUT_SECONDS)
                if there is None:
                    raise CloudStorageError(
                        f"{self._name(path)} was there a moment ago and is gone: try again"
                    ) from error
                return None if (there.metadata or {}).get(_ATTEMPT) == attempt else there
        return None

    def _upload(self, blob: storage.Blob, content: bytes, generation: int | None) -> None:
        blob.upload_from_string(
            content,
            content_type=mimetypes.guess_type(blob.name)[0] or "application/octet-stream",
            if_generation_match=generation,
            retry=self._retry,
            timeout=TIMEOUT_SECONDS,
        )

    def _name(self, path: str) -> str:
        return f"gs://{self._bucket_name}/{self._prefix}{path}"

    @contextmanager
    def _explained(self, path: str) -> Iterator[None]:
        """What the client raises, in one line."""
        try:
            yield
        except (Forbidden, Unauthorized) as error:
            raise CloudStorageError(
                f"{self._name(path)}: permission denied ({_words(error)}); the account needs the role "
                f"roles/storage.objectUser on gs://{self._bucket_name}"
            ) from error
        except GoogleAuthError as error:
            raise CloudStorageError(
                f"{self._name(path)}: no usable Google credentials ({_words(error)}); run `gcloud auth "
                "application-default login` or set GOOGLE_APPLICATION_CREDENTIALS"
            ) from error
        except NotFound as error:
            raise CloudStorageError(
                f"{self._name(path)}: there is no bucket {self._bucket_name!r}: make it first, or correct "
                f"the name ({_words(error)})"
            ) from error
        except (GoogleAPIError, requests.RequestException) as error:
            raise CloudStorageError(f"{self._name(path)}: {_words(error)}") from error


def _words(error: BaseException) -> str:
    """What the server said, or else the error's first line."""
    if isinstance(error, RetryError):
        return f"given up after {GIVE_UP_SECONDS:.0f} s: {_words(error.cause)}"
    response = getattr(error, "response", None)
    if response is not None:
        try:
            return str(response.json()["error"]["message"])[:300]
        except (ValueError, KeyError, TypeError):
            pass  # not in Cloud Storage's own form: a proxy's page, or nothing
    return next(iter(str(error).splitlines()), type(error).__name__)[:300]
