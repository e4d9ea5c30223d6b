"""The scorer against the loops that people write, against a bare forward pass, and inside Beam.

Same model, documents and truncation: reference-en, and texts cut to web-like lengths (log-normal,
median 250 tokens, sigma 1) and to the model's window, so that all do the same work. All take turns.

- usual loop: float32, batches of 16 in input order padded to their longest, full logits, perplexity.
- `evaluate` loop: what that library's perplexity metric does, which pads the whole set to its longest.
- bare loop: the forward pass of the model as transformers has it, in the scorer's dtype, on full
  batches without padding, logits thrown away.

On a GPU the same with random weights in the shapes of GPT-2 small and of a Llama of 1B.
"""

import math
import shutil
import statistics
import tempfile
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from benchmarks.child import run_in_child
from benchmarks.corpus import MB, texts, write_wet
from wellspring.signals.lm.model_folder import REFERENCE_EN, model_folder
from wellspring.signals.lm.scorer import Scorer
from wellspring.signals.lm.tokenization import load_tokenizer
from wellspring.transforms.formats.read_file import read_file

USUAL_GOAL, EVALUATE_GOAL, BARE_GOAL, REAL_TOKENS_GOAL, PIPELINE_GOAL = 8, 12, 0.9, 0.95, 0.95
GPU_USUAL_GOAL, GPU_RATE_GOAL = 10, 0.5
BATCH = 16
_BARE_SHAPES = ((4, 512), (8, 512), (16, 256))
_GPU_SHAPES = ("gpt2-small", "llama-1b")

Ids = list[NDArray[np.int32]]


def run(runs: int = 3, documents: int = 128, text_bytes: int = MB) -> dict[str, Any]:
    """Compares on so many documents, and in Beam on WET files of `text_bytes` and of a third of it."""
    import torch

    ids, byte_counts = _documents(documents)
    tokens = sum(map(len, ids))
    scorer = Scorer.load(REFERENCE_EN, device="cpu")
    jobs = {
        "scorer": lambda: scorer.score(ids, byte_counts),
        "usual": _loop(REFERENCE_EN, ids, _batches(ids), "cpu"),
        "evaluate": _loop(REFERENCE_EN, ids, _batches(ids, max(map(len, ids))), "cpu"),
    }
    shapes = {f"bare {rows}x{length}": (rows, length) for rows, length in _BARE_SHAPES}
    bare = {
        name: _bare(REFERENCE_EN, shape, tokens, scorer.fingerprint.dtype) for name, shape in shapes.items()
    }
    _same_perplexities(jobs)
    turns = [{name: _timed(job) for name, job in {**jobs, **bare}.items()} for _ in range(runs)]

    wall = {name: [turn[name][0] for turn in turns] for name in turns[0]}
    cpu = {name: [turn[name][1] for turn in turns] for name in turns[0]}
    ratios = {
        clock: {
            "usual": _ratio(seconds["usual"], seconds["scorer"]),
            "evaluate": _ratio(seconds["evaluate"], seconds["scorer"]),
            "bare": _ratio(
                [min(row) for row in zip(*(seconds[name] for name in bare), strict=True)], seconds["scorer"]
            ),
        }
        for clock, seconds in (("wall", wall), ("cpu", cpu))
    }
    real = scorer.real_tokens / scorer.padded_tokens
    inside = statistics.median(_pipeline_share(text_bytes) for _ in range(max(runs // 2, 1)))
    checks = [
        (f"{ratios['wall']['usual']:.1f} times the usual loop (CPU time {ratios['cpu']['usual']:.1f})",
         f"{USUAL_GOAL} times", ratios["wall"]["usual"] >= USUAL_GOAL),
        (f"{ratios['wall']['evaluate']:.1f} times evaluate's loop (CPU time {ratios['cpu']['evaluate']:.1f})",
         f"{EVALUATE_GOAL} times", ratios["wall"]["evaluate"] >= EVALUATE_GOAL),
        (f"{ratios['wall']['bare']:.0%} of the best bare loop (CPU time {ratios['cpu']['bare']:.0%})",
         f"{BARE_GOAL:.0%}", ratios["wall"]["bare"] >= BARE_GOAL),
        (f"{real:.1%} real tokens", f"{REAL_TOKENS_GOAL:.0%}", real >= REAL_TOKENS_GOAL),
        (f"in the pipeline {inside:.1%} of the scorer's own speed", f"{PIPELINE_GOAL:.0%}",
         inside >= PIPELINE_GOAL),
    ]  # fmt: skip
    gpu: dict[str, Any] | str = "unmeasured: no GPU"
    if torch.cuda.is_available():
        gpu = {shape: on_device("cuda", write_random_model, shape, documents, runs) for shape in _GPU_SHAPES}
        for shape, result in gpu.items():
            usual, share = result["times_the_usual_loop"], result["share_of_matrix_rate"]
            checks.append((f"{shape} on a GPU: {usual:.1f} times the usual loop",
                           f"{GPU_USUAL_GOAL} times", usual >= GPU_USUAL_GOAL))  # fmt: skip
            checks.append((f"{shape} on a GPU: {share:.0%} of the matrix-product rate",
                           f"{GPU_RATE_GOAL:.0%}", share >= GPU_RATE_GOAL))  # fmt: skip
    lines = [f"{'met' if met else 'NOT MET'}: {measured}, goal {goal}" for measured, goal, met in checks]
    return {
        "what": "tokens per second of the scorer, all signals, on CPU",
        "goal": "every line below",
        "measured": f"{tokens / statistics.median(wall['scorer']):,.0f} tokens/s, "
        f"{sum(met for *_, met in checks)} of {len(checks)} goals",
        "met": all(met for *_, met in checks),
        "lines": [*lines, *([f"GPU {gpu}"] if isinstance(gpu, str) else [])],
        "tokens": tokens,
        "documents": documents,
        "threads": torch.get_num_threads(),
        "ratios": ratios,
        "wall_tokens_per_second": {name: round(tokens / statistics.median(s)) for name, s in wall.items()},
        "cpu_tokens_per_second": {name: round(tokens / statistics.median(s)) for name, s in cpu.items()},
        "real_tokens_share": real,
        "pipeline_share": inside,
        "gpu": gpu,
        "runs": runs,
    }


def score_files(files: list[str], _: str) -> dict[str, float]:
    """The texts of archive files through the scorer in batches of 256: seconds of CPU inside it."""
    tokenizer, scorer = load_tokenizer(REFERENCE_EN), Scorer.load(REFERENCE_EN, threads=1)
    documents = [text for path in files for text in _texts(path)]
    seconds = 0.0
    tokens = 0
    for first in range(0, len(documents), 256):
        part = documents[first : first + 256]
        ids = tokenizer.encode_batch(part)
        tokens += sum(map(len, ids))
        start = time.process_time()
        scorer.score(ids, [len(text.encode()) for text in part])
        seconds += time.process_time() - start
    return {"seconds": seconds, "tokens": tokens}


def on_device(
    device: str, write: Callable[[Path, str], None], shape: str, documents: int, runs: int
) -> dict[str, float]:
    """The scorer and the usual loop on a model that `write` puts into a folder.

    Returns:
        Tokens a second of both, their ratio, and the scorer's model FLOPs as a share of the rate of
        bfloat16 matrix products of 8192 x 8192 (512 x 512 on a CPU) measured between them.
    """
    with tempfile.TemporaryDirectory(prefix="wellspring-bench-") as name:
        write(Path(name), shape)
        scorer = Scorer.load(name, device=device)
        vocabulary, window = scorer.model.config.vocab_size, scorer.fingerprint.window
        generator = np.random.default_rng(0)
        ids = [generator.integers(1, vocabulary, n).astype(np.int32) for n in _lengths(documents, window - 1)]
        usual = _loop(name, ids, _batches(ids), device)
        sizes = [4 * len(row) for row in ids]
        scorer.score(ids, sizes)
        usual()
        turns = []
        for _ in range(runs):
            rate = _matrix_rate(device, 8192 if device == "cuda" else 512)
            turns.append((_timed(lambda: scorer.score(ids, sizes))[0], _timed(usual)[0], rate))
        tokens = sum(map(len, ids))
        weights = sum(p.numel() for p in scorer.model.parameters())
        embeddings = scorer.model.get_input_embeddings().weight.numel()
        tied = scorer.model.get_output_embeddings().weight is scorer.model.get_input_embeddings().weight
        # a token's products: every weight once but a looked-up embedding; and attention
        config = scorer.model.config
        attention = sum(2 * config.num_hidden_layers * config.hidden_size * len(row) ** 2 for row in ids)
        flops = 2 * (weights - (0 if tied else embeddings)) * tokens + attention
        return {
            "tokens": tokens,
            "tokens_per_second": tokens / statistics.median(turn[0] for turn in turns),
            "usual_tokens_per_second": tokens / statistics.median(turn[1] for turn in turns),
            "times_the_usual_loop": statistics.median(turn[1] / turn[0] for turn in turns),
            "matrix_products_per_second": statistics.median(turn[2] for turn in turns),
            "share_of_matrix_rate": statistics.median(flops / turn[0] / turn[2] for turn in turns),
            "real_tokens_share": scorer.real_tokens / scorer.padded_tokens,
        }


def write_random_model(folder: Path, shape: str) -> None:
    """GPT-2 small or a Llama of 1B (width 2048, 16 layers, 128,256 tokens), weights random, in bfloat16."""
    import torch
    from transformers import GPT2Config, GPT2LMHeadModel, LlamaConfig, LlamaForCausalLM

    torch.manual_seed(0)
    if shape == "gpt2-small":
        model: Any = GPT2LMHeadModel(GPT2Config())
    else:
        config = LlamaConfig(
            vocab_size=128_256, hidden_size=2048, intermediate_size=8192, num_hidden_layers=16,
            num_attention_heads=32, num_key_value_heads=8, max_position_embeddings=1024,
            tie_word_embeddings=True, bos_token_id=0, eos_token_id=0,
        )  # fmt: skip
        model = LlamaForCausalLM(config)
    model.to(torch.bfloat16).save_pretrained(folder)
    add_tokenizer(folder)


def add_tokenizer(folder: Path) -> None:
    """A tokenizer for a model of random weights: the ids are drawn, but a folder must have one."""
    for file in ("tokenizer.json", "tokenizer_config.json"):
        shutil.copy(model_folder(REFERENCE_EN).path / file, folder / file)


def _documents(count: int) -> tuple[Ids, list[int]]:
    """Texts cut to web-like lengths: their token ids, and the bytes of what was left of each."""
    tokenizer = load_tokenizer(REFERENCE_EN)
    source = texts()
    ids: Ids = []
    for length in _lengths(count, 511):
        while len(row := tokenizer.encode_batch([next(source)])[0]) < length:
            pass
        ids.append(row[:length])
    return ids, [len(text.encode()) for text in tokenizer.decode_batch(ids)]


def _lengths(count: int, longest: int) -> list[int]:
    drawn = np.random.default_rng(0).lognormal(math.log(250), 1, count)
    return [int(n) for n in np.clip(drawn, 8, longest)]


def _texts(path: str) -> list[str]:
    with Path(path).open("rb") as stream:
        return [outcome.text for outcome in read_file(stream, path) if hasattr(outcome, "text")]


def _batches(ids: Ids, length: int | None = None) -> list[tuple[Any, Any]]:
    """(input ids, attention mask) of 16 documents in input order, BOS first, padded on the right."""
    import torch

    batches = []
    for first in range(0, len(ids), BATCH):
        part = ids[first : first + BATCH]
        width = 1 + (length or max(map(len, part)))
        inputs = torch.zeros((len(part), width), dtype=torch.long)
        mask = torch.zeros_like(inputs)
        for row, document in enumerate(part):
            inputs[row, 1 : len(document) + 1] = torch.from_numpy(document.astype(np.int64))
            mask[row, : len(document) + 1] = 1
        batches.append((inputs, mask))
    return batches


def _loop(name: str, ids: Ids, batches: Sequence[tuple[Any, Any]], device: str) -> Callable[[], list[float]]:
    """The loop as it is written everywhere, the metric of `evaluate` included: perplexities."""
    import torch
    from transformers import AutoModelForCausalLM

    model = (
        AutoModelForCausalLM.from_pretrained(model_folder(name).path, dtype=torch.float32).eval().to(device)
    )
    loss = torch.nn.CrossEntropyLoss(reduction="none")

    def perplexities() -> list[float]:
        results: list[float] = []
        with torch.no_grad():
            for inputs, mask in batches:
                inputs, mask = inputs.to(device), mask.to(device)
                logits = model(inputs, attention_mask=mask).logits
                shifted, labels = logits[..., :-1, :].contiguous(), inputs[..., 1:].contiguous()
                counted = mask[..., 1:].contiguous()
                losses = (loss(shifted.transpose(1, 2), labels) * counted).sum(1) / counted.sum(1)
                results += losses.exp().tolist()
        return results

    return perplexities


def _bare(name: str, shape: tuple[int, int], tokens: int, dtype: str) -> Callable[[], None]:
    """The forward pass on full batches of a shape, until so many tokens have passed."""
    import torch
    from transformers import AutoModelForCausalLM

    model = AutoModelForCausalLM.from_pretrained(model_folder(name).path, dtype=getattr(torch, dtype)).eval()
    rows, length = shape
    ids = torch.randint(1, model.config.vocab_size, shape, generator=torch.Generator().manual_seed(0))
    whole, rest = divmod(tokens, rows * length)

    def forward() -> None:
        with torch.inference_mode():
            for _ in range(whole):
                model(ids, use_cache=False)
            if rest >= length:
                model(ids[: rest // length], use_cache=False)

    return forward


def _same_perplexities(jobs: dict[str, Callable[[], Any]]) -> None:
    """Warms all up, and makes sure that they calculate the same: bfloat16 is allowed 2%."""
    results = {name: job() for name, job in jobs.items()}
    ours = np.array([signals.perplexity for signals in results.pop("scorer")])
    for name, theirs in results.items():
        error = float(np.abs(ours / np.array(theirs) - 1).max())
        if error > 0.02:
            raise RuntimeError(
                f"the scorer's perplexities are up to {error:.1%} off those of the {name} loop"
            )


def _pipeline_share(text_bytes: int) -> float:
    """Tokens a CPU second of `curate` as a share of the scorer's own, by what more input costs."""
    with tempfile.TemporaryDirectory(prefix="wellspring-bench-") as name:
        costs = []
        for size in (text_bytes // 3, text_bytes):
            corpus = write_wet(Path(name) / str(size), size)
            files = [str(path) for path in corpus.files]
            alone = run_in_child("benchmarks.scorer:score_files", files, "").value["seconds"]
            whole = run_in_child("benchmarks.curate_run:curate_with_scoring", files, f"{name}/{size}-run").cpu
            costs.append((alone, whole))
    (small_alone, small_whole), (alone, whole) = costs
    return float((alone - small_alone) / (whole - small_whole))


def _matrix_rate(device: str, size: int) -> float:
    """FLOPs a second of bfloat16 matrix products."""
    import torch

    a, b = (torch.randn(size, size, device=device, dtype=torch.bfloat16) for _ in range(2))
    _timed(lambda: a @ b)
    seconds, _ = _timed(lambda: [a @ b for _ in range(20)])
    return 20 * 2 * size**3 / seconds


def _timed(job: Callable[[], Any]) -> tuple[float, float]:
    """Seconds of wall clock and of processor."""
    import torch

    wait = torch.cuda.synchronize if torch.cuda.is_available() else lambda: None
    wait()
    wall, cpu = time.perf_counter(), time.process_time()
    job()
    wait()
    return time.perf_counter() - wall, time.process_time() - cpu


def _ratio(others: Sequence[float], ours: Sequence[float]) -> float:
    return statistics.median(other / our for other, our in zip(others, ours, strict=True))
