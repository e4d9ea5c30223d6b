"""Where a model's files lie: one folder on this machine, whatever name it was asked for by."""

import hashlib
import os
import re
import shutil
import tempfile
from pathlib import Path

import msgspec

from wellspring.schemas.encoding import sha256_hex

REFERENCE_EN = "reference-en"
REFERENCE_EN_MACHINE = "reference-en-machine"
"""The embedded model trained further on machine text: the observer in `reference-en,reference-en-machine`."""
_EMBEDDED = {
    REFERENCE_EN: Path(__file__).parents[1] / "reference_en",
    REFERENCE_EN_MACHINE: Path(__file__).parents[1] / "reference_en_machine",
}
_WANTED = (".json", ".safetensors", ".txt", ".model")
"""Configuration, weights and tokenizer. Pickled weights and code are never fetched."""
_HUB_NAME = re.compile(r"(?P<name>[\w.-]+(/[\w.-]+)?)(@(?P<revision>[\w./-]+))?")


class ModelError(ValueError):
    """A model or tokenizer that can't be used: the message is one line that says why."""


class ModelFolder(msgspec.Struct, frozen=True):
    """A folder with a model's files, and the hub's commit where it came from a hub."""

    path: Path
    revision: str | None


def model_folder(name: str) -> ModelFolder:
    """The folder of a model: embedded (`reference-en`), local, remote (`gs://...`), or of the hub.

    A remote folder is copied to `$XDG_CACHE_HOME/wellspring/models` once for each state of its
    listing (names, sizes, times), so a changed folder is fetched again. A hub name may be pinned:
    `owner/name@revision`. Raises ModelError.
    """
    if name in _EMBEDDED:
        return ModelFolder(_EMBEDDED[name], None)
    if "://" in name:
        return ModelFolder(_copied(name), None)
    if Path(name).is_dir():
        return ModelFolder(Path(name), None)
    match = _HUB_NAME.fullmatch(name)
    if match is None:
        raise ModelError(f"{name}: no such folder, and not a model's name")
    return _from_hub(match["name"], match["revision"])


def model_names(name: str) -> list[str]:
    """The models that a `--scorer` names: one, or two as `A,B` (a folder's name may have a comma).

    Raises ModelError where it names more, or leaves one out.
    """
    if "," not in name or Path(name).is_dir():
        return [name]
    names = [part.strip() for part in name.split(",")]
    if len(names) != 2 or not all(names):
        raise ModelError(f"{name}: one model, or two as A,B")
    return names


def file_sha256(path: Path) -> str:
    """SHA-256 of a file's bytes, as hex."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _copied(folder: str) -> Path:
    from apache_beam.io.filesystem import CompressionTypes
    from apache_beam.io.filesystems import FileSystems

    (match,) = FileSystems.match([FileSystems.join(folder.rstrip("/"), "*")])
    listed = sorted(
        (entry.path, entry.size_in_bytes, entry.last_updated_in_seconds)
        for entry in match.metadata_list
        if entry.path.endswith(_WANTED)
    )
    if not listed:
        raise ModelError(f"{folder}: no model files there")
    key = sha256_hex(msgspec.json.encode((folder.rstrip("/"), listed)))[:32]
    cache = Path(os.environ.get("XDG_CACHE_HOME", Path.home() / ".cache")) / "wellspring" / "models"
    target = cache / key
    if target.is_dir():
        return target
    cache.mkdir(parents=True, exist_ok=True)
    partial = Path(tempfile.mkdtemp(dir=cache, prefix=".partial-"))
    try:
        for path, _, _ in listed:
            copy = partial / path.rsplit("/", 1)[-1]
            with (
                FileSystems.open(path, compression_type=CompressionTypes.UNCOMPRESSED) as source,
                copy.open("wb") as sink,
            ):
                shutil.copyfileobj(source, sink, 2**22)
        try:
            partial.rename(target)
        except OSError:
            # another process of this machine was faster; what it published is the same files
            if not target.is_dir():
                raise
    finally:
        shutil.rmtree(partial, ignore_errors=True)
    return target


def _from_hub(name: str, revision: str | None) -> ModelFolder:
    from huggingface_hub import snapshot_download
    from huggingface_hub.errors import HfHubHTTPError, HFValidationError, LocalEntryNotFoundError

    patterns = [f"*{suffix}" for suffix in _WANTED]
    try:
        path = Path(
            snapshot_download(name, revision=revision, allow_patterns=patterns, ignore_patterns=["*/*"])
        )
    except (HfHubHTTPError, HFValidationError, LocalEntryNotFoundError, OSError) as error:
        reason = str(error).strip().partition("\n")[0]
        raise ModelError(f"{name}: no such folder, and not on the hub: {reason}") from error
    return ModelFolder(path, path.name)
