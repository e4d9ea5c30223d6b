"""A causal LM that measures documents: batches of token ids in, `LanguageModelSignals` out.

One forward pass gives every signal. On a CPU a document's scores are the same bits whatever it is
scored with: the padded shape of a window depends on its own length alone (`signals.lm.windows`), the
head sees chunks of one fixed size, no operator is split among threads (whole passes run side by side
instead), and everything after them is per row. torch and transformers are imported when a model is
loaded, not with this module.
"""

import os
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

import msgspec
import numpy as np
from numpy.typing import NDArray

from wellspring.schemas.measurements import LanguageModelSignals
from wellspring.schemas.scorer import ScorerFingerprint
from wellspring.signals.lm.language_model_signals import (
    TokenStatistics,
    document_signals,
    observer_statistics,
    token_statistics,
)
from wellspring.signals.lm.model_folder import ModelError, model_names
from wellspring.signals.lm.scorer_fingerprint import scorer_fingerprint
from wellspring.signals.lm.side_by_side import side_by_side
from wellspring.signals.lm.tokenization import load_tokenizer
from wellspring.signals.lm.windows import Window, document_windows, forward_passes, padded_length

if TYPE_CHECKING:
    import torch

# OpenMP reads this when torch is loaded. By default its threads spin where they wait for each other:
# with a second process on the same cores that costs four fifths of the speed, alone it gains nothing.
os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")

CPU_TOKEN_BUDGET = 2048
"""Padded tokens of a forward pass: many rows a product, and activations that stay in a core's cache."""
HEAD_ROWS = 256
"""Rows of hidden states that the head sees at once; fewer only where memory doesn't hold their logits."""
LEAST_HEAD_ROWS = 16
"""The same where memory is short. A product of fewer than four rows, or with two threads of five or seven, is
another one on processors without AVX-512: its last bits differ from those of the same rows among others."""
STATISTICS_ROWS = 64
"""Rows of logits whose float32 form is held at once on a CPU: 2 MB for 8192 tokens of vocabulary."""


class Unscorable(msgspec.Struct, frozen=True, kw_only=True):
    """Why a document has no signals. `reason` is a short fixed word, `detail` says the particulars.

    Reasons: no_tokens, first_token_only (one token and no BOS before it), no_bytes,
    token_outside_vocabulary, not_finite, out_of_memory.
    """

    reason: str
    detail: str


class ScoredTokens(NamedTuple):
    """A document's signals and -ln p of each of its scored tokens, nats; without a BOS the first has none."""

    signals: LanguageModelSignals
    surprisals: NDArray[np.float32]


class _Work(NamedTuple):
    """One call's work, shared by the threads. Each writes rows of its own, pops and appends."""

    waiting: list[list[Window]]
    """Passes to come, the next one last."""
    inputs: list[NDArray[np.int64]]
    offsets: NDArray[np.int64]
    """Where each document's predictions begin in the joined ones, and where the last one's end."""
    targets: "torch.Tensor"
    statistics: NDArray[np.float32]
    """(4, predictions), with an observer (6, predictions)."""
    problems: list[Unscorable | None]
    passes: list[tuple[int, int, int]]
    """Of each pass done: windows, tokens with padding, tokens without."""
    retries: list[None]
    """One for each time that memory did not suffice."""


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
        import torch

        self.model = model
        self.observer: Any = observer
        self.fingerprint = fingerprint
        self.bos_id = bos_id
        self.token_budget = token_budget
        self._base: Any = model.base_model
        self._head: Any = model.get_output_embeddings()
        self._vocabulary: int = self._head.weight.shape[0]
        self._device: torch.device = self._head.weight.device
        self.threads = torch.get_num_threads() if self._device.type == "cpu" else 1
        """Forward passes side by side, each on one thread. What it is changes no score."""
        self.padded_tokens = 0
        """Input tokens of all passes so far, padding included."""
        self.real_tokens = 0
        """Those of them that are not padding."""
        self.oom_retries = 0
        """Passes and chunks of the head that did not fit into memory and were halved, or given up if of
        one window or row."""
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

        Two of them as `A,B`, with the same tokenizer, give Binoculars' score and the cross-entropy
        difference beside the rest: A gives all the other signals and is the performer, B the observer.

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

        from wellspring.signals.lm.model_loading import ready_model

        if threads is not None:
            torch.set_num_threads(threads)
        fingerprint = scorer_fingerprint(name, dtype=dtype, window=window, stride=stride)
        place = torch.device(device or ("cuda" if torch.cuda.is_available() else "cpu"))
        if place.type == "cuda" and not torch.cuda.is_available():
            raise ModelError(f"{name}: this machine has no GPU that torch can use")
        if place.type == "cuda" and fingerprint.dtype == "bfloat16" and not torch.cuda.is_bf16_supported():
            raise ModelError(f"{name}: this GPU has no bfloat16; float32 and float16 can be asked for")
        models = [ready_model(each, fingerprint, place) for each in model_names(name)]
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
        return [
            scored if isinstance(scored, Unscorable) else scored.signals
            for scored in self.score_tokens(documents, byte_counts)
        ]

    def score_tokens(
        self, documents: Sequence[NDArray[np.int32]], byte_counts: Sequence[int]
    ) -> list[ScoredTokens | Unscorable]:
        """As `score`, with the surprisal of each token beside the signals."""
        if len(documents) != len(byte_counts):
            raise ValueError(f"{len(documents)} documents and {len(byte_counts)} byte counts")
        results: list[ScoredTokens | Unscorable] = []
        for statistics, byte_count in zip(self._statistics(documents), byte_counts, strict=True):
            if isinstance(statistics, Unscorable):
                results.append(statistics)
            elif byte_count < 1:
                results.append(Unscorable(reason="no_bytes", detail=f"{byte_count} bytes"))
            else:
                signals = document_signals(statistics, byte_count)
                scored = ScoredTokens(signals, statistics.surprisal)
                results.append(scored if _finite(signals) else _NOT_FINITE)
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
        work = self._work(documents)
        side_by_side(lambda: self._run_waiting_passes(work), self.threads)
        self.pass_rows = [rows for rows, _, _ in work.passes]
        self.padded_tokens += sum(padded for _, padded, _ in work.passes)
        self.real_tokens += sum(real for _, _, real in work.passes)
        self.oom_retries += len(work.retries)
        results: list[TokenStatistics | Unscorable] = []
        for index, problem in enumerate(work.problems):
            part = work.statistics[:, work.offsets[index] : work.offsets[index + 1]]
            if problem is None and not np.isfinite(part).all():
                problem = _NOT_FINITE
            results.append(problem if problem else TokenStatistics(*part))
        return results

    def _work(self, documents: Sequence[NDArray[np.int32]]) -> _Work:
        import torch

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
        joined = torch.from_numpy(np.concatenate([*targets, np.empty(0, np.int64)])).to(self._device)
        return _Work(
            waiting=list(forward_passes(windows, self.fingerprint.window, self.token_budget))[::-1],
            inputs=inputs,
            offsets=offsets,
            targets=joined,
            statistics=np.zeros((4 if self.observer is None else 6, len(joined)), dtype=np.float32),
            problems=problems,
            passes=[],
            retries=[],
        )

    def _run_waiting_passes(self, work: _Work) -> None:
        """Passes until none waits: what each of the threads does."""
        import torch

        try:
            with torch.inference_mode():
                for positions, hidden in _chunks(self._hidden(work)):
                    self._score_chunk(work, positions, hidden)
        except BaseException:
            work.waiting.clear()  # the other threads end after the pass that they are at
            raise

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

    def _hidden(self, work: _Work) -> Iterator[tuple[NDArray[np.int64], "torch.Tensor"]]:
        """(positions in the joined documents, last hidden states) of what each pass scores, the
        observer's states after the scoring model's in each row.

        A document whose single window does not fit into memory is written into the problems.
        """
        import torch

        while True:
            try:
                group = work.waiting.pop()
            except IndexError:
                return
            length = padded_length(group[0].length, self.fingerprint.window)
            # right padding under a causal mask: what stands there changes nothing before it
            ids = np.zeros((len(group), length), dtype=np.int64)
            for row, item in enumerate(group):
                ids[row, : item.length] = work.inputs[item.document][item.start : item.end]
            try:
                on_device = torch.from_numpy(ids).to(self._device)
                hidden = self._base(on_device, use_cache=False)[0]
                if self.observer is not None:
                    observed = self.observer.base_model(on_device, use_cache=False)[0]
                    hidden = torch.cat([hidden, observed], dim=-1)
            except torch.OutOfMemoryError as error:
                too_much = _out_of_memory(error)
            else:
                positions = [
                    work.offsets[item.document] + np.arange(item.scored_from, item.end) for item in group
                ]
                rows = [
                    row * length + np.arange(item.scored_from, item.end) - item.start
                    for row, item in enumerate(group)
                ]
                work.passes.append((len(group), ids.size, sum(item.length for item in group)))
                chosen = torch.from_numpy(np.concatenate(rows)).to(self._device)
                yield np.concatenate(positions), hidden.reshape(-1, hidden.shape[-1])[chosen]
                continue
            # here, and not above, where the error still holds what had been calculated
            torch.cuda.empty_cache()
            work.retries.append(None)
            if len(group) > 1:
                half = len(group) // 2
                work.waiting.extend([group[half:], group[:half]])
            else:
                work.problems[group[0].document] = too_much

    def _score_chunk(self, work: _Work, positions: NDArray[np.int64], hidden: "torch.Tensor") -> None:
        """Statistics of at most HEAD_ROWS positions. A document of which a single row's logits don't fit
        into memory is written into the problems.
        """
        import torch

        waiting = [(positions, hidden, HEAD_ROWS)]
        while waiting:
            positions, hidden, rows = waiting.pop()
            try:
                targets = work.targets[torch.from_numpy(positions).to(self._device)]
                work.statistics[:, positions] = self._head_statistics(hidden, targets, rows)
                continue
            except torch.OutOfMemoryError as error:
                too_much = _out_of_memory(error)
            torch.cuda.empty_cache()
            work.retries.append(None)
            half = max(rows // 2, LEAST_HEAD_ROWS)
            if len(positions) > 1:
                step = half if half < rows else 1
                parts = [slice(first, first + step) for first in range(0, len(positions), step)]
                waiting.extend((positions[part], hidden[part], half) for part in parts)
            elif half < rows:
                waiting.append((positions, hidden, half))
            else:
                work.problems[int(np.searchsorted(work.offsets, positions[0], side="right")) - 1] = too_much

    def _head_statistics(
        self, hidden: "torch.Tensor", targets: "torch.Tensor", rows: int
    ) -> NDArray[np.float32]:
        """Statistics (4, n), with an observer (6, n), of n <= rows hidden states. The head is applied to
        so many rows always.
        """
        import torch

        count = len(hidden)
        if count < rows:
            hidden = torch.nn.functional.pad(hidden, (0, 0, 0, rows - count))
            targets = torch.nn.functional.pad(targets, (0, rows - count))
        width = self._head.weight.shape[1]
        logits = self._head(hidden[:, :width])
        at_once = STATISTICS_ROWS if self._device.type == "cpu" else rows
        parts = [
            token_statistics(*pair)
            for pair in zip(logits.split(at_once), targets.split(at_once), strict=True)
        ]
        result = torch.cat(parts, dim=1)
        if self.observer is not None:
            observed = self.observer.get_output_embeddings()(hidden[:, width:])
            chunks = (logits.split(at_once), observed.split(at_once), targets.split(at_once))
            more = [observer_statistics(*chunk) for chunk in zip(*chunks, strict=True)]
            result = torch.cat([result, torch.cat(more, dim=1)])
        statistics: NDArray[np.float32] = result[:, :count].cpu().numpy()
        return statistics


_NOT_FINITE = Unscorable(reason="not_finite", detail="the model gave NaN or infinity")


def _out_of_memory(error: "torch.OutOfMemoryError") -> Unscorable:
    return Unscorable(reason="out_of_memory", detail=str(error).partition("\n")[0])


def _chunks(
    parts: Iterator[tuple[NDArray[np.int64], "torch.Tensor"]],
) -> Iterator[tuple[NDArray[np.int64], "torch.Tensor"]]:
    """The same rows in chunks of HEAD_ROWS, the last one shorter."""
    import torch

    rest: tuple[NDArray[np.int64], torch.Tensor] | None = None
    for positions, hidden in parts:
        if rest is not None:
            missing = HEAD_ROWS - len(rest[0])
            rest = (
                np.concatenate([rest[0], positions[:missing]]),
                torch.cat([rest[1], hidden[:missing]]),
            )
            positions, hidden = positions[missing:], hidden[missing:]
            if len(rest[0]) < HEAD_ROWS:
                continue
            yield rest
        whole = len(positions) // HEAD_ROWS * HEAD_ROWS
        for first in range(0, whole, HEAD_ROWS):
            yield positions[first : first + HEAD_ROWS], hidden[first : first + HEAD_ROWS]
        rest = (positions[whole:], hidden[whole:])
    if rest is not None and len(rest[0]):
        yield rest


def _finite(signals: LanguageModelSignals) -> bool:
    values = msgspec.structs.astuple(signals)
    return all(value is None or np.isfinite(value) for value in values)


def _token_budget(model: Any, place: "torch.device") -> int:
    """Padded tokens of a pass."""
    import torch

    if place.type != "cuda":
        return CPU_TOKEN_BUDGET
    free, _ = torch.cuda.mem_get_info(place)
    return gpu_token_budget(free, model.config.hidden_size, model.dtype.itemsize)


def gpu_token_budget(free: int, hidden_size: int, itemsize: int) -> int:
    """Padded tokens of a pass on a GPU: what half of its free bytes holds of activations, 1024..131072."""
    # the widest moment of a layer: hidden states, four times them in the MLP, attention's inputs
    bytes_per_token = 16 * hidden_size * itemsize
    return min(max(free // 2 // bytes_per_token, 1024), 2**17)
