"""What a scorer will be, known before it is loaded: settings from config.json, hashes of the files.

No torch here: a job compares fingerprints before it starts.
"""

from pathlib import Path
from typing import Any

import msgspec

from wellspring.schemas.encoding import sha256_hex
from wellspring.schemas.scorer import ScorerFingerprint
from wellspring.signals.lm.language_model_signals import FORMULA
from wellspring.signals.lm.model_folder import ModelError, file_sha256, model_folder, model_names
from wellspring.signals.lm.tokenization import load_tokenizer

DTYPES = ("float32", "bfloat16", "float16")
DEFAULT_DTYPE = "bfloat16"
"""One default everywhere, since the dtype is part of the fingerprint and a profile must carry over.

bfloat16 is two to three times as fast as float32 where a CPU has units for it (AVX512-BF16, AMX) and
ten times as slow where it has none: there the same bfloat16 weights are calculated with in float32,
which changes a score by less than bfloat16's own error (perplexity by under 1%).
"""
MAX_DEFAULT_WINDOW = 2048
"""A model of longer context is given no longer window unless asked: attention grows with its square."""


class _Settings(msgspec.Struct, frozen=True):
    """What a folder's config.json and our defaults come to."""

    dtype: str
    window: int
    stride: int


def scorer_fingerprint(
    name: str, *, dtype: str | None = None, window: int | None = None, stride: int | None = None
) -> ScorerFingerprint:
    """The fingerprint that `Scorer.load` with the same arguments will have, without loading torch.

    Reads config.json and hashes weights and tokenizer. Raises ModelError as `Scorer.load` does for a
    folder that lacks files. `device` and `instruction_set`, which are not compared, are left empty.
    """
    names = model_names(name)
    if window is None:  # of two models the shorter one
        window = min(_settings(each, model_folder(each).path, dtype, None, None).window for each in names)
    prints = [_fingerprint(each, dtype, window, stride) for each in names]
    if len(prints) == 1:
        return prints[0]
    scoring, observer = prints
    if scoring.tokenizer_sha256 != observer.tokenizer_sha256:
        raise ModelError(f"{name}: the two models don't have the same tokenizer")
    revisions = [each.revision or "" for each in prints]
    return msgspec.structs.replace(
        scoring,
        model=name,
        revision=",".join(revisions) if any(revisions) else None,
        observer=observer.id,
    )


def _fingerprint(name: str, dtype: str | None, window: int, stride: int | None) -> ScorerFingerprint:
    """Of one model."""
    folder = model_folder(name)
    settings = _settings(name, folder.path, dtype, window, stride)
    return ScorerFingerprint(
        model=name,
        revision=folder.revision,
        weights_sha256=_weights_sha256(name, folder.path),
        tokenizer_sha256=load_tokenizer(name).sha256,
        dtype=settings.dtype,
        window=settings.window,
        stride=settings.stride,
        formula=FORMULA,
        device="",
    )


def _settings(
    name: str, folder: Path, dtype: str | None, window: int | None, stride: int | None
) -> _Settings:
    path = folder / "config.json"
    if not path.is_file():
        raise ModelError(f"{name}: no config.json in {folder}")
    try:
        config = msgspec.json.decode(path.read_bytes(), type=dict[str, Any])
    except msgspec.MsgspecError as error:
        raise ModelError(f"{path}: {error}") from error
    context = config.get("max_position_embeddings") or config.get("n_positions")
    if not isinstance(context, int):
        raise ModelError(f"{name}: config.json doesn't say how long the model's context is")
    if window is None:
        window = min(context, MAX_DEFAULT_WINDOW)
    if not 1 <= window <= context:
        raise ModelError(f"{name}: a window of {window} tokens, the model's context is {context}")
    if stride is None:
        stride = max(window * 3 // 4, 1)
    if not 1 <= stride <= window:
        raise ModelError(f"{name}: a stride of {stride} is not within 1..{window}, the window")
    if dtype is not None and dtype not in DTYPES:
        raise ModelError(f"{name}: dtype {dtype} is none of {', '.join(DTYPES)}")
    return _Settings(dtype or DEFAULT_DTYPE, window, stride)


def _weights_sha256(name: str, folder: Path) -> str:
    """Of the one safetensors file, or over the names and hashes of the shards."""
    files = sorted(folder.glob("*.safetensors"))
    if not files:
        pickled = any(next(folder.glob(pattern), None) for pattern in ("*.bin", "*.pt", "*.pth", "*.ckpt"))
        hint = ": pickled weights are not loaded, convert them to safetensors" if pickled else f" in {folder}"
        raise ModelError(f"{name}: no .safetensors file{hint}")
    if len(files) == 1:
        return file_sha256(files[0])
    listed = [(path.name, file_sha256(path)) for path in files]
    return sha256_hex(msgspec.json.encode(listed))
