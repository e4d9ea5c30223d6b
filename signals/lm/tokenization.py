"""Text to token ids, once for a document: the same ids feed the scorer and the entropy audit.

Imports neither torch nor transformers, unless a tokenizer has no `tokenizer.json`.
"""

import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
import tokenizers
from numpy.typing import NDArray

from wellspring.schemas.encoding import sha256_hex
from wellspring.signals.lm.model_folder import ModelError, file_sha256, model_folder, model_names

# Read when the first batch is encoded. A worker process per core is how a pipeline uses its cores; threads
# inside each cost 40% more CPU time, most of it waiting for the shared cache of words.
os.environ.setdefault("TOKENIZERS_PARALLELISM", "false")

PIECE_CHARACTERS = 2**18
"""Longer texts are encoded in pieces, so that time and memory grow no faster than the text."""


class Tokenizer:
    """A tokenizer of the `tokenizers` library, encoding as a scorer needs it.

    No special tokens are added, none is recognised in the text (a page that says `<|endoftext|>`
    gets the tokens of these letters), nothing is cut off or padded.
    """

    def __init__(self, name: str, backend: tokenizers.Tokenizer, bos: str | None, sha256: str) -> None:
        backend.no_padding()
        backend.no_truncation()
        backend.encode_special_tokens = True
        self._backend = backend
        self.name = name
        self.sha256 = sha256
        """Of `tokenizer.json`, or of the tokenizer's own serialisation where there is no such file."""
        self.vocab_size: int = max(backend.get_vocab(with_added_tokens=True).values()) + 1
        """One more than the largest id."""
        self.bos_id: int | None = None if bos is None else backend.token_to_id(bos)
        """What a document is preceded by: BOS, else EOS (it stands between documents in training),
        else None: then a document's first token can't be scored."""

    def encode_batch(self, texts: Sequence[str]) -> list[NDArray[np.int32]]:
        """Token ids of each text, int32, shape (tokens,).

        Invalid Unicode (see `valid_unicode`) is replaced, not refused. A text of more than
        `PIECE_CHARACTERS` is cut into pieces at white space (inside a word longer than a piece) and
        the pieces' ids joined: they can differ from the whole's ids by a token at each cut.
        """
        pieces: list[str] = []
        counts: list[int] = []
        for text in texts:
            parts = _pieces(valid_unicode(text))
            pieces.extend(parts)
            counts.append(len(parts))
        encoded: list[NDArray[np.int32]] = []
        # an Encoding takes about 30 times the memory of its ids: few of them at a time
        for part in _by_size(pieces):
            encodings = self._backend.encode_batch_fast(part, add_special_tokens=False)
            encoded.extend(np.array(encoding.ids, dtype=np.int32) for encoding in encodings)
        joined: list[NDArray[np.int32]] = []
        first = 0
        for count in counts:
            joined.append(encoded[first] if count == 1 else np.concatenate(encoded[first : first + count]))
            first += count
        return joined

    def token_ends(self, text: str) -> NDArray[np.int32]:
        """Where each token of `encode_batch` ends, in characters of `valid_unicode(text)`; shape (tokens,).

        Several tokens of one character (bytes of it) end at the same place.
        """
        ends: list[int] = []
        start = 0
        for piece in _pieces(valid_unicode(text)):
            encoding = self._backend.encode(piece, add_special_tokens=False)
            ends.extend(start + end for _, end in encoding.offsets)
            start += len(piece)
        return np.array(ends, dtype=np.int32)

    def decode_batch(self, ids: Sequence[NDArray[np.integer[Any]]]) -> list[str]:
        """The text of each sequence of ids, special tokens included."""
        texts = self._backend.decode_batch([row.tolist() for row in ids], skip_special_tokens=False)
        return list(texts)


def load_tokenizer(name: str) -> Tokenizer:
    """The tokenizer of `reference-en`, of a folder (local or `gs://`), or of a hub name; of two models
    `A,B`, which share it, that of A.

    Raises ModelError, in one line, where there is none or it can't be read.
    """
    name = model_names(name)[0]
    folder = model_folder(name).path
    path = folder / "tokenizer.json"
    if path.is_file():
        try:
            backend = tokenizers.Tokenizer.from_file(str(path))
        except Exception as error:  # the library raises nothing narrower
            raise ModelError(f"{name}: tokenizer.json can't be read: {error}") from error
        return Tokenizer(name, backend, _start_token(folder), file_sha256(path))
    return _converted(name, folder)


def valid_unicode(text: str) -> str:
    """The text with surrogate pairs joined and lone surrogates replaced by U+FFFD.

    Such strings come from JSON escapes; UTF-8, and so every tokenizer, has no form for them.
    """
    try:
        text.encode()
    except UnicodeEncodeError:
        return text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")
    return text


def _converted(name: str, folder: Path) -> Tokenizer:
    """For older folders with vocabulary and merges, or a sentencepiece model."""
    # without these transformers makes an empty tokenizer up from the model's type
    if not any(any(folder.glob(pattern)) for pattern in ("vocab.*", "*.model", "*.tiktoken")):
        raise ModelError(f"{name}: no tokenizer.json in {folder}, and no other vocabulary")
    from transformers import AutoTokenizer

    try:
        fast = AutoTokenizer.from_pretrained(folder, use_fast=True, trust_remote_code=False)
    except (OSError, ValueError, ImportError) as error:
        reason = str(error).strip().partition("\n")[0]
        raise ModelError(f"{name}: no tokenizer.json, and no other tokenizer found: {reason}") from error
    backend = getattr(fast, "backend_tokenizer", None)
    if backend is None:
        raise ModelError(f"{name}: its tokenizer has no fast form; save one as tokenizer.json")
    backend = tokenizers.Tokenizer.from_str(backend.to_str())
    sha256 = sha256_hex(backend.to_str().encode())
    return Tokenizer(name, backend, fast.bos_token or fast.eos_token, sha256)


def _start_token(folder: Path) -> str | None:
    """BOS, else EOS, as the folder's settings name it."""
    for token in ("bos_token", "eos_token"):
        for file in ("tokenizer_config.json", "special_tokens_map.json"):
            path = folder / file
            if not path.is_file():
                continue
            try:
                setting = msgspec.json.decode(path.read_bytes(), type=dict[str, Any]).get(token)
            except msgspec.MsgspecError as error:
                raise ModelError(f"{path}: {error}") from error
            content = setting.get("content") if isinstance(setting, dict) else setting
            if isinstance(content, str):
                return content
    return None


def _pieces(text: str) -> list[str]:
    pieces = []
    first = 0
    while len(text) - first > PIECE_CHARACTERS:
        end = first + PIECE_CHARACTERS
        # looked for in the last tenth alone: the search must not cost more than the encoding
        space = text.rfind(" ", end - PIECE_CHARACTERS // 10, end)
        end = space if space > first else end
        pieces.append(text[first:end])
        first = end
    pieces.append(text[first:])
    return pieces


def _by_size(pieces: Sequence[str], characters: int = 2**20) -> list[list[str]]:
    groups: list[list[str]] = []
    size = 0
    for piece in pieces:
        if not groups or size + len(piece) > characters:
            groups.append([])
            size = 0
        groups[-1].append(piece)
        size += len(piece)
    return groups
