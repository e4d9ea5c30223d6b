"""A causal LM that measures documents: batches of token ids in, `LanguageModelSignals` out.

One forward pass gives every signal. On a CPU a document's scores are the same bits whatever it is
scored with: the padded shape of a window depends on its own length alone (`signals.windows`), the
head sees chunks of one fixed size, and everything after it is per row. torch and transformers are
imported when a model is loaded, not with this module.
"""

import hashlib
import os
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import msgspec
import numpy as np
from numpy.typing import NDArray

from schemas.measurements import LanguageModelSignals
from schemas.scorer import ScorerFingerprint
from signals.language_model_signals import (
    FORMULA,
    TokenStatistics,
    cross_entropies,
    document_signals,
    token_statistics,
)
from signals.model_folder import ModelError, file_sha256, model_folder, model_names
from signals.tokenization import load_tokenizer
from signals.windows import Window, document_windows, forward_passes

if TYPE_CHECKING:
    import torch

# OpenMP reads this when torch is loaded. By default its threads spin where they wait for each other:
# with a second process on the same cores that costs four fifths of the speed, alone it gains nothing.
os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")

DTYPES = ("float32", "bfloat16", "float16")
DEFAULT_DTYPE = "bfloat16"
"""One default everywhere, since the dtype is part of the fingerprint and a profile must carry over.

bfloat16 is two to three times as fast as float32 where a CPU has units for it (AVX512-BF16, AMX) and
ten times as slow where it has none: there the same bfloat16 weights are calculated with in float32,
which changes a score by less than bfloat16's own error (perplexity by under 1%).
"""
MAX_DEFAULT_WINDOW = 2048
"""A model of longer context is given no longer window unless asked: attention grows with its square."""

CPU_TOKEN_BUDGET = 4096
"""Padded tokens of a forward pass: enough to fill the cores, few enough for activations in the cache."""
HEAD_ROWS = 256
"""Rows of hidden states that the head sees at once, always."""
STATISTICS_ROWS = 64
"""Rows of logits whose float32 form is held at once on a CPU: 2 MB for 8192 tokens of vocabulary."""


class Unscorable(msgspec.Struct, frozen=True, kw_only=True):
    """Why a document has no signals. `reason` is a short fixed word, `detail` says the particulars.

    Reasons: no_tokens, first_token_only (one token and no BOS before it), no_bytes,
    token_outside_vocabulary, not_finite, out_of_memory.
    """

    reason: str
    detail: str


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


class Scorer:
    """A loaded model. Make one with `Scorer.load`; one a process is enough, it is not thread-safe."""

    def __init__(
        self,
        model: "torch.nn.Module",
        fingerprint: ScorerFingerprint,
        bos_id: int | None,
        token_budget: int,
        observer: "torch.nn.Module | None" = None,
    ) -> None:
        self.model = model
        self.observer: Any = observer
        self.fingerprint = fingerprint
        self.bos_id = bos_id
        self.token_budget = token_budget
        self._base: Any = model.base_model
        self._head: Any = model.get_output_embeddings()
        self._vocabulary: int = self._head.weight.shape[0]
        self._device: torch.device = self._head.weight.device
        self.padded_tokens = 0
        """Input tokens of all passes so far, padding included."""
        self.real_tokens = 0
        """Those of them that are not padding."""
        self.oom_retries = 0
        """Passes that did not fit into memory and were halved, or given up if of one window."""
        self.pass_rows: list[int] = []
        """Windows of each pass of the last call."""

    @staticmethod
    def load(
        name: str,
        *,
        dtype: str | None = None,
        window: int | None = None,
        stride: int | None = None,
        device: str | None = None,
        threads: int | None = None,
    ) -> "Scorer":
        """A scorer from `reference-en`, a folder (local, `gs://`) or a hub name (`NAME@REVISION`).

        Two of them as `A,B`, with the same tokenizer, give Binoculars' score beside the rest: A gives
        all the other signals and is its performer, B is its observer.

        `window` is in tokens, BOS included (default: the model's context, at most 2048); `stride` is how
        far each window lies after the one before (default: three quarters of the window, so that every
        token but a document's first has at least a quarter of the window as context). Weights are read
        from safetensors alone and no code from the model's folder runs. `device` defaults to CUDA where
        there is one.

        Raises ModelError, in one line: missing files, pickled weights, weights that don't fill the model,
        a window longer than the context, a dtype that the device lacks, an architecture whose logits are
        more than its head applied to its last hidden state, two models of different tokenizers.
        """
        import torch

        if threads is not None:
            torch.set_num_threads(threads)
        fingerprint = scorer_fingerprint(name, dtype=dtype, window=window, stride=stride)
        place = torch.device(device or ("cuda" if torch.cuda.is_available() else "cpu"))
        if place.type == "cuda" and not torch.cuda.is_available():
            raise ModelError(f"{name}: this machine has no GPU that torch can use")
        if place.type == "cuda" and fingerprint.dtype == "bfloat16" and not torch.cuda.is_bf16_supported():
            raise ModelError(f"{name}: this GPU has no bfloat16; float32 and float16 can be asked for")
        models = [_ready_model(each, fingerprint, place) for each in model_names(name)]
        widths = [model.get_output_embeddings().weight.shape[0] for model in models]
        if len(set(widths)) > 1:
            raise ModelError(f"{name}: the models predict {widths[0]} and {widths[1]} tokens")
        instruction_set = torch.backends.cpu.get_cpu_capability() if place.type == "cpu" else ""
        if models[0].dtype != getattr(torch, fingerprint.dtype):
            instruction_set += ", float32 arithmetic"
        fingerprint = msgspec.structs.replace(fingerprint, device=place.type, instruction_set=instruction_set)
        budget = min(_token_budget(model, place) for model in models)
        return Scorer(models[0], fingerprint, load_tokenizer(name).bos_id, budget, *models[1:])

    def score(
        self, documents: Sequence[NDArray[np.int32]], byte_counts: Sequence[int]
    ) -> list[LanguageModelSignals | Unscorable]:
        """Signals of each document, in order: token ids (tokens,) and the UTF-8 bytes of each text.

        A document that can't be scored gives an `Unscorable` and touches no other.
        """
        if len(documents) != len(byte_counts):
            raise ValueError(f"{len(documents)} documents and {len(byte_counts)} byte counts")
        results: list[LanguageModelSignals | Unscorable] = []
        for statistics, byte_count in zip(self._statistics(documents), byte_counts, strict=True):
            if isinstance(statistics, Unscorable):
                results.append(statistics)
            elif byte_count < 1:
                results.append(Unscorable(reason="no_bytes", detail=f"{byte_count} bytes"))
            else:
                signals = document_signals(statistics, byte_count)
                results.append(signals if _finite(signals) else _NOT_FINITE)
        return results

    def surprisals(self, documents: Sequence[NDArray[np.int32]]) -> list[NDArray[np.float32]]:
        """-ln p of each scored token, float32 nats; empty for a document that can't be scored.

        One number a token; without a BOS the first token has none and the array is one shorter.
        """
        nothing = np.empty(0, dtype=np.float32)
        return [
            nothing if isinstance(statistics, Unscorable) else statistics.surprisal
            for statistics in self._statistics(documents)
        ]

    def _statistics(self, documents: Sequence[NDArray[np.int32]]) -> list[TokenStatistics | Unscorable]:
        import torch

        self.pass_rows = []
        problems = [self._problem(ids) for ids in documents]
        skipped = 0 if self.bos_id is not None else 1
        inputs: list[NDArray[np.int64]] = []
        targets: list[NDArray[np.int64]] = []
        windows: list[Window] = []
        for index, ids in enumerate(documents):
            scorable = np.empty(0, np.int64) if problems[index] else np.asarray(ids, dtype=np.int64)
            first = [] if self.bos_id is None else [self.bos_id]
            inputs.append(np.concatenate([np.array(first, dtype=np.int64), scorable])[:-1])
            targets.append(scorable[skipped:])
            windows.extend(
                document_windows(index, len(targets[-1]), self.fingerprint.window, self.fingerprint.stride)
            )
        offsets = np.concatenate([[0], np.cumsum([len(target) for target in targets])])
        all_targets = torch.from_numpy(np.concatenate([*targets, np.empty(0, np.int64)])).to(self._device)
        statistics = np.zeros((4 if self.observer is None else 5, len(all_targets)), dtype=np.float32)
        with torch.inference_mode():
            for positions, hidden in _chunks(self._hidden(windows, inputs, offsets, problems)):
                at = torch.from_numpy(positions).to(self._device)
                statistics[:, positions] = self._head_statistics(hidden, all_targets[at])
        results: list[TokenStatistics | Unscorable] = []
        for index, problem in enumerate(problems):
            part = statistics[:, offsets[index] : offsets[index + 1]]
            if problem is None and not np.isfinite(part).all():
                problem = _NOT_FINITE
            results.append(problem if problem else TokenStatistics(*part))
        return results

    def _problem(self, ids: NDArray[np.int32]) -> Unscorable | None:
        if len(ids) == 0:
            return Unscorable(reason="no_tokens", detail="the text has no tokens")
        if len(ids) == 1 and self.bos_id is None:
            return Unscorable(reason="first_token_only", detail="one token, and no BOS to predict it from")
        low, high = int(ids.min()), int(ids.max())
        if low < 0 or high >= self._vocabulary:
            detail = f"ids {low}..{high}, the model has 0..{self._vocabulary - 1}"
            return Unscorable(reason="token_outside_vocabulary", detail=detail)
        return None

    def _hidden(
        self,
        windows: Sequence[Window],
        inputs: Sequence[NDArray[np.int64]],
        offsets: NDArray[np.int64],
        problems: list[Unscorable | None],
    ) -> Iterator[tuple[NDArray[np.int64], "torch.Tensor"]]:
        """(positions in the joined documents, last hidden states) of what each pass scores, the
        observer's states after the scoring model's in each row.

        A document whose single window does not fit into memory is written into `problems`.
        """
        import torch

        from signals.windows import padded_length

        waiting = list(forward_passes(windows, self.fingerprint.window, self.token_budget))[::-1]
        while waiting:
            group = waiting.pop()
            length = padded_length(group[0].length, self.fingerprint.window)
            # right padding under a causal mask: what stands there changes nothing before it
            ids = np.zeros((len(group), length), dtype=np.int64)
            for row, item in enumerate(group):
                ids[row, : item.length] = inputs[item.document][item.start : item.end]
            try:
                on_device = torch.from_numpy(ids).to(self._device)
                hidden = self._base(on_device, use_cache=False)[0]
                if self.observer is not None:
                    observed = self.observer.base_model(on_device, use_cache=False)[0]
                    hidden = torch.cat([hidden, observed], dim=-1)
            except torch.OutOfMemoryError as error:
                torch.cuda.empty_cache()
                self.oom_retries += 1
                if len(group) > 1:
                    half = len(group) // 2
                    waiting += [group[half:], group[:half]]
                else:
                    detail = str(error).partition("\n")[0]
                    problems[group[0].document] = Unscorable(reason="out_of_memory", detail=detail)
                continue
            self.pass_rows.append(len(group))
            self.padded_tokens += ids.size
            self.real_tokens += sum(item.length for item in group)
            positions = [offsets[item.document] + np.arange(item.scored_from, item.end) for item in group]
            rows = [
                row * length + np.arange(item.scored_from, item.end) - item.start
                for row, item in enumerate(group)
            ]
            chosen = torch.from_numpy(np.concatenate(rows)).to(self._device)
            yield np.concatenate(positions), hidden.reshape(-1, hidden.shape[-1])[chosen]

    def _head_statistics(self, hidden: "torch.Tensor", targets: "torch.Tensor") -> NDArray[np.float32]:
        """Statistics (4, n), with an observer (5, n), of n <= HEAD_ROWS hidden states. The head is applied
        to HEAD_ROWS always."""
        import torch

        count = len(hidden)
        if count < HEAD_ROWS:
            padding = HEAD_ROWS - count
            hidden = torch.nn.functional.pad(hidden, (0, 0, 0, padding))
            targets = torch.nn.functional.pad(targets, (0, padding))
        width = self._head.weight.shape[1]
        logits = self._head(hidden[:, :width])
        rows = STATISTICS_ROWS if self._device.type == "cpu" else HEAD_ROWS
        parts = [
            token_statistics(*pair) for pair in zip(logits.split(rows), targets.split(rows), strict=True)
        ]
        result = torch.cat(parts, dim=1)
        if self.observer is not None:
            observed = self.observer.get_output_embeddings()(hidden[:, width:])
            pairs = zip(logits.split(rows), observed.split(rows), strict=True)
            crossed = torch.cat([cross_entropies(*pair) for pair in pairs])
            result = torch.cat([result, crossed[None]])
        statistics: NDArray[np.float32] = result[:, :count].cpu().numpy()
        return statistics


_NOT_FINITE = Unscorable(reason="not_finite", detail="the model gave NaN or infinity")


def _chunks(
    parts: Iterator[tuple[NDArray[np.int64], "torch.Tensor"]],
) -> Iterator[tuple[NDArray[np.int64], "torch.Tensor"]]:
    """The same rows in chunks of HEAD_ROWS, the last one shorter."""
    import torch

    positions = np.empty(0, dtype=np.int64)
    hidden: torch.Tensor | None = None
    for more_positions, more in parts:
        positions = np.concatenate([positions, more_positions])
        hidden = more if hidden is None else torch.cat([hidden, more])
        whole = len(positions) // HEAD_ROWS * HEAD_ROWS
        for first in range(0, whole, HEAD_ROWS):
            yield positions[first : first + HEAD_ROWS], hidden[first : first + HEAD_ROWS]
        positions, hidden = positions[whole:], hidden[whole:]
    if hidden is not None and len(positions):
        yield positions, hidden


def _finite(signals: LanguageModelSignals) -> bool:
    values = msgspec.structs.astuple(signals)
    return all(value is None or np.isfinite(value) for value in values)


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
    return hashlib.sha256(msgspec.json.encode(listed)).hexdigest()


def _ready_model(name: str, fingerprint: ScorerFingerprint, place: "torch.device") -> Any:
    """One model on its device, in the dtype and the kernels that suit it there."""
    import torch

    model = _load_model(name, model_folder(name).path, getattr(torch, fingerprint.dtype)).to(place)
    if place.type == "cpu" and fingerprint.dtype != "float32" and not _has_bfloat16_units():
        model = model.float()
    elif place.type == "cpu" and fingerprint.dtype == "bfloat16":
        from signals.cpu_kernels import use_cpu_kernels

        use_cpu_kernels(model)
    _check_head(name, model, fingerprint.window)
    return model


def _load_model(name: str, folder: Path, dtype: "torch.dtype") -> "torch.nn.Module":
    from safetensors import SafetensorError
    from transformers import AutoModelForCausalLM
    from transformers.utils import logging

    logging.disable_progress_bar()
    try:
        model, loading = AutoModelForCausalLM.from_pretrained(
            folder,
            dtype=dtype,
            use_safetensors=True,
            trust_remote_code=False,
            local_files_only=True,
            output_loading_info=True,
        )
    except (OSError, ValueError, KeyError, RuntimeError, SafetensorError) as error:
        raise ModelError(f"{name}: can't be loaded: {str(error).strip().partition(chr(10))[0]}") from error
    # transformers fills what a file lacks with random numbers and goes on
    wrong = [*loading["missing_keys"], *loading.get("mismatched_keys", [])]
    if wrong:
        raise ModelError(
            f"{name}: {len(wrong)} weights are missing or misshapen, {sorted(map(str, wrong))[0]} first"
        )
    module: torch.nn.Module = model.eval()
    return module


def _has_bfloat16_units() -> bool:
    """Whether this CPU multiplies in bfloat16 itself, as far as torch was told to use it."""
    import platform

    import torch

    if platform.machine() in ("x86_64", "AMD64"):
        wide = torch.backends.cpu.get_cpu_capability().startswith("AVX512")
        return wide and bool(torch.cpu._is_avx512_bf16_supported())
    return bool(torch.ops.mkldnn._is_mkldnn_bf16_supported())


def _check_head(name: str, model: Any, window: int) -> None:
    """That the head's output is the logits: some architectures scale or cap them afterwards."""
    import torch

    head = model.get_output_embeddings()
    if head is None:
        raise ModelError(f"{name}: not a causal LM with output embeddings")
    ids = torch.arange(min(8, window, head.weight.shape[0]), device=head.weight.device)[None]
    with torch.inference_mode():
        whole = model(ids, use_cache=False).logits.float()
        ours = head(model.base_model(ids, use_cache=False)[0]).float()
    if not torch.allclose(whole, ours, rtol=1e-2, atol=1e-2, equal_nan=True):
        raise ModelError(f"{name}: its logits are not its head on the last hidden state: not supported")


def _token_budget(model: Any, place: "torch.device") -> int:
    """Padded tokens of a pass: on a GPU what half its free memory holds of activations."""
    import torch

    if place.type != "cuda":
        return CPU_TOKEN_BUDGET
    free, _ = torch.cuda.mem_get_info(place)
    # the widest moment of a layer: hidden states, four times them in the MLP, attention's inputs
    bytes_a_token = 16 * model.config.hidden_size * model.dtype.itemsize
    return int(min(max(free // 2 // bytes_a_token, 1024), 2**17))
