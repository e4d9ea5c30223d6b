"""The scorer against a plain float32 reference, in any company, and on bad input."""

import json
import shutil
import subprocess
import sys
from pathlib import Path

import msgspec
import numpy as np
import pytest
import torch
from transformers import AutoModelForCausalLM

from tests.signals.tiny_models import CONTEXT, SHAPES, VOCABULARY, documents, reference, write_model
from wellspring.signals.lm.model_folder import ModelError
from wellspring.signals.lm.scorer import HEAD_ROWS, Scorer, Unscorable, gpu_token_budget
from wellspring.signals.lm.scorer_fingerprint import scorer_fingerprint
from wellspring.signals.lm.tokenization import load_tokenizer

LENGTHS = [1, 2, 3, 5, 20, CONTEXT - 1, CONTEXT, CONTEXT + 1, 150, 400]
BYTES = 7
FLOORS = {
    "curvature": 1.0,
    "surprisal_skewness": 1.0,
    "surprisal_kurtosis": 3.0,
    "surprisal_autocorrelation": 1.0,
    "surprisal_variance": 1.0,
    "surprisal_difference_variance": 1.0,
    "top_10_share": 1.0,
    "top_100_share": 1.0,
}
"""Signals that cross zero, variances of two or three tokens and shares that move by whole tokens have no
relative error of use near 0: it is taken of their size or of this, the larger."""


@pytest.fixture(scope="module", params=SHAPES)
def folder(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_model(tmp_path_factory.mktemp(request.param), request.param)


def _compare(folder: Path, dtype: str, lengths: list[int], tolerances: dict[str, float], rest: float) -> None:
    scorer = Scorer.load(str(folder), dtype=dtype)
    # the same stored weights: rounding them is the choice of a dtype, not an error of the scorer
    plain = AutoModelForCausalLM.from_pretrained(folder, dtype=getattr(torch, dtype)).float().eval()
    texts = documents(lengths)
    for ids, got in zip(texts, scorer.score(texts, [BYTES] * len(texts)), strict=True):
        assert not isinstance(got, Unscorable)
        print_ = scorer.fingerprint
        for name, wanted in reference(plain, ids, 0, print_.window, print_.stride, BYTES).items():
            value = getattr(got, name)
            assert (value is None) == (wanted is None), (name, len(ids))
            if wanted is not None:
                scale = max(abs(wanted), FLOORS.get(name, 1e-6))
                assert abs(value - wanted) <= tolerances.get(name, rest) * scale, (name, len(ids))


def test_float32_is_the_plain_reference(folder: Path) -> None:
    _compare(folder, "float32", LENGTHS, {}, 1e-4)


def test_bfloat16_is_near_the_plain_reference(folder: Path) -> None:
    _compare(folder, "bfloat16", LENGTHS, {"perplexity": 1e-2}, 2e-2)


@pytest.mark.slow
def test_long_documents_are_the_plain_reference(folder: Path) -> None:
    _compare(folder, "float32", [20_000], {}, 1e-4)


@pytest.mark.parametrize("dtype", ["float32", "bfloat16"])
@pytest.mark.slow
def test_a_score_is_the_same_bits_in_any_company(folder: Path, dtype: str) -> None:
    scorer = Scorer.load(str(folder), dtype=dtype)
    texts = documents([*range(1, 30), *LENGTHS, 900])
    sizes = [4 * len(text) for text in texts]
    expected = scorer.score(texts, sizes)
    order = np.random.default_rng(0).permutation(len(texts))
    shuffled = scorer.score([texts[i] for i in order], [sizes[i] for i in order])
    assert shuffled == [expected[i] for i in order]
    for text, size, wanted in list(zip(texts, sizes, expected, strict=True))[::5]:
        assert scorer.score([text], [size]) == [wanted]
    for budget in (CONTEXT, 300, 50_000):
        scorer.token_budget = budget
        assert scorer.score(texts, sizes) == expected
    threads = torch.get_num_threads()
    try:
        for count in (1, 2):
            torch.set_num_threads(count)
            assert scorer.score(texts, sizes) == expected
    finally:
        torch.set_num_threads(threads)
    for scorer.threads in (1, 2, 5):
        for scorer.token_budget in (CONTEXT, 300):
            assert scorer.score(texts, sizes) == expected


def test_a_failure_in_one_thread_ends_the_others_and_is_raised(tmp_path: Path) -> None:
    scorer = Scorer.load(str(write_model(tmp_path, "gpt2")))
    scorer.threads, scorer.token_budget = 2, 8
    base, seen = scorer._base, []

    def failing(ids: torch.Tensor, **options: object) -> object:
        seen.append(len(ids))
        if len(seen) == 3:
            raise RuntimeError("the device is gone")
        return base(ids, **options)

    scorer._base = failing
    texts = documents([8] * 200)
    with pytest.raises(RuntimeError, match="the device is gone"):
        scorer.score(texts, [9] * 200)
    assert len(seen) < 200
    scorer._base = base
    assert len(scorer.score(texts, [9] * 200)) == len(scorer.pass_rows) == 200


def test_surprisals_sum_to_the_nll(folder: Path) -> None:
    scorer = Scorer.load(str(folder), dtype="float32")
    texts = [*documents([5, 100]), np.empty(0, dtype=np.int32)]
    surprisals = scorer.surprisals(texts)
    assert [len(row) for row in surprisals] == [5, 100, 0]
    for row, signals in zip(surprisals, scorer.score(texts[:2], [1, 1]), strict=False):
        assert not isinstance(signals, Unscorable)
        assert row.astype(np.float64).sum() == pytest.approx(signals.nll)


def test_a_document_that_cannot_be_scored_harms_no_other(folder: Path) -> None:
    scorer = Scorer.load(str(folder))
    good = documents([30, 100])
    bad = [np.empty(0, np.int32), np.array([VOCABULARY], np.int32), np.array([-1, 3], np.int32)]
    alone = scorer.score(good, [9, 9])
    results = scorer.score([bad[0], good[0], bad[1], bad[2], good[1], good[0]], [9, 9, 9, 9, 9, 0])
    assert [results[1], results[4]] == alone
    reasons = [
        r.reason for r in (results[0], results[2], results[3], results[5]) if isinstance(r, Unscorable)
    ]
    assert reasons == ["no_tokens", "token_outside_vocabulary", "token_outside_vocabulary", "no_bytes"]


def test_nan_stays_inside(tmp_path: Path) -> None:
    scorer = Scorer.load(str(write_model(tmp_path, "gpt2")), dtype="float32")
    with torch.no_grad():
        scorer.model.get_input_embeddings().weight[7] = torch.nan
        # the head is tied to it and would spoil every token
        head = torch.nn.Linear(32, VOCABULARY, bias=False)
    spoilt = Scorer(scorer.model, scorer.fingerprint, scorer.bos_id, scorer.token_budget)
    spoilt._head = head
    good = np.array([1, 2, 3], np.int32)
    results = spoilt.score([np.array([1, 7, 3], np.int32), good], [3, 3])
    assert isinstance(results[0], Unscorable)
    assert results[0].reason == "not_finite"
    assert not isinstance(results[1], Unscorable)


def test_out_of_memory_halves_the_batch_then_rejects_the_one(tmp_path: Path) -> None:
    scorer = Scorer.load(str(write_model(tmp_path, "gpt2")))
    texts = [np.minimum(ids, 498).astype(np.int32) for ids in documents([40, 40, 40, 40, 9])]
    texts[2][5] = 499
    expected = scorer.score(texts, [9] * 5)
    base = scorer._base

    def starved(ids: torch.Tensor, **options: object) -> object:
        if len(ids) > 2 or bool((ids == 499).any()):
            raise torch.OutOfMemoryError("out of memory")
        return base(ids, **options)

    scorer._base = starved
    results = scorer.score(texts, [9] * 5)
    assert isinstance(results[2], Unscorable)
    assert results[2].reason == "out_of_memory"
    assert scorer.oom_retries == 3  # four windows, the pair with the one that never fits, that one
    assert sorted(scorer.pass_rows) == [1, 1, 2]
    assert [results[i] for i in (0, 1, 3, 4)] == [expected[i] for i in (0, 1, 3, 4)]


@pytest.mark.parametrize("holds", [128, 16])
def test_a_head_out_of_memory_is_halved(tmp_path: Path, holds: int) -> None:
    scorer = Scorer.load(str(write_model(tmp_path, "gpt2")))
    texts = documents([64, 100, 200, 5])
    expected = scorer.score(texts, [9] * 4)
    head, calls = scorer._head, []

    class Starved(torch.nn.Module):
        weight = head.weight

        def forward(self, hidden: torch.Tensor) -> torch.Tensor:
            calls.append(len(hidden))
            if len(hidden) > holds:
                raise torch.OutOfMemoryError("out of memory")
            return head(hidden)

    scorer._head = Starved()
    assert scorer.score(texts, [9] * 4) == expected
    assert scorer.oom_retries == sum(rows > holds for rows in calls) > 0
    assert set(calls) == {rows for rows in (256, 128, 64, 32, 16) if rows >= holds}


def test_a_row_that_the_head_has_no_memory_for_rejects_its_document_alone(tmp_path: Path) -> None:
    scorer = Scorer.load(str(write_model(tmp_path, "gpt2")))
    texts = documents([64, 30, 40])
    texts[0], texts[1], texts[2] = (np.minimum(ids, 498).astype(np.int32) for ids in texts)
    texts[1][7] = 499
    expected = scorer.score(texts, [9] * 3)
    statistics = scorer._head_statistics

    def starved(hidden: torch.Tensor, targets: torch.Tensor, rows: int) -> object:
        if bool((targets == 499).any()):
            raise torch.OutOfMemoryError("out of memory\nwith details")
        return statistics(hidden, targets, rows)

    scorer._head_statistics = starved  # type: ignore[method-assign, assignment]
    results = scorer.score(texts, [9] * 3)
    assert results[1] == Unscorable(reason="out_of_memory", detail="out of memory")
    assert [results[0], results[2]] == [expected[0], expected[2]]
    assert scorer.oom_retries == 6  # 256 rows down to 16, and one row alone padded to as many


def test_the_head_always_sees_the_same_number_of_rows(folder: Path) -> None:
    scorer = Scorer.load(str(folder))
    head, calls = scorer._head, []

    class Watched(torch.nn.Module):
        weight = head.weight

        def forward(self, hidden: torch.Tensor) -> torch.Tensor:
            calls.append(len(hidden))
            return head(hidden)

    scorer._head = Watched()
    for lengths in ([1], [3, 400], [60] * 30):
        scorer.score(documents(lengths), [9] * len(lengths))
    assert set(calls) == {HEAD_ROWS}


@pytest.mark.parametrize(
    ("free", "hidden_size", "itemsize", "tokens"),
    [
        (70 * 2**30, 768, 2, 2**17),
        (20 * 2**30, 4096, 2, 81_920),
        (20 * 2**30, 4096, 4, 40_960),
        (2**20, 4096, 2, 1024),
    ],
)
def test_the_budget_of_a_gpu_is_what_half_its_free_memory_holds(
    free: int, hidden_size: int, itemsize: int, tokens: int
) -> None:
    assert gpu_token_budget(free, hidden_size, itemsize) == tokens


def test_without_bos_the_first_token_is_not_scored(tmp_path: Path) -> None:
    scorer = Scorer.load(str(write_model(tmp_path, "gpt2", bos=None)), dtype="float32")
    assert scorer.bos_id is None
    one, two = scorer.score([np.array([4], np.int32), np.array([4, 5], np.int32)], [1, 2])
    assert isinstance(one, Unscorable)
    assert one.reason == "first_token_only"
    assert not isinstance(two, Unscorable)
    assert two.scored_tokens == 1


@pytest.mark.slow
def test_little_padding_on_web_like_lengths() -> None:
    scorer = Scorer.load("reference-en")
    lengths = np.random.default_rng(3).lognormal(6, 1, 40).astype(int) + 20
    scorer.surprisals([np.full(length, 9, np.int32) for length in np.minimum(lengths, 700)])
    assert scorer.real_tokens >= 0.95 * scorer.padded_tokens


def test_the_fingerprint_is_known_before_the_model_is_loaded(folder: Path) -> None:
    early = scorer_fingerprint(str(folder), dtype="float32", window=32, stride=16)
    assert Scorer.load(str(folder), dtype="float32", window=32, stride=16).fingerprint.id == early.id
    assert (early.window, early.stride, early.dtype) == (32, 16, "float32")
    assert scorer_fingerprint(str(folder)).id != early.id


def test_a_folder_that_cannot_be_used_is_one_clear_line(tmp_path: Path) -> None:
    good = write_model(tmp_path / "good", "gpt2")

    def without(*files: str) -> str:
        copy = tmp_path / f"without-{'-'.join(files)}"
        shutil.copytree(good, copy)
        for file in files:
            (copy / file).unlink()
        return str(copy)

    pickled = without("model.safetensors")
    (Path(pickled) / "pytorch_model.bin").write_bytes(b"")
    torn = without("config.json")
    (Path(torn) / "config.json").write_text("{")
    cut = without()
    weights = (good / "model.safetensors").read_bytes()
    (Path(cut) / "model.safetensors").write_bytes(weights[: len(weights) // 2])
    for name, options, line in [
        (without("config.json", "tokenizer.json"), {}, "no config.json"),
        (without("tokenizer.json"), {}, "no tokenizer.json"),
        (pickled, {}, "pickled weights are not loaded"),
        (torn, {}, "config.json"),
        (cut, {}, "can't be loaded"),
        (str(good), {"window": CONTEXT + 1}, f"context is {CONTEXT}"),
        (str(good), {"stride": CONTEXT + 1}, "stride"),
        (str(good), {"dtype": "int8"}, "none of float32"),
        (str(tmp_path / "nowhere at all"), {}, "no such folder"),
    ]:
        with pytest.raises(ModelError, match=line) as caught:
            Scorer.load(name, **options)
        assert "\n" not in str(caught.value)


def test_missing_weights_are_not_made_up(tmp_path: Path) -> None:
    from safetensors.torch import load_file, save_file

    folder = write_model(tmp_path, "llama")
    weights = load_file(folder / "model.safetensors")
    weights.pop(next(name for name in weights if "q_proj" in name))
    save_file(weights, folder / "model.safetensors", metadata={"format": "pt"})
    with pytest.raises(ModelError, match="q_proj"):
        Scorer.load(str(folder))


@pytest.fixture(scope="module")
def pair(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    folder = tmp_path_factory.mktemp("pair")
    return write_model(folder / "a", "gpt2"), write_model(folder / "b", "llama", seed=1)


@pytest.mark.parametrize(("dtype", "tolerance"), [("float32", 1e-4), ("bfloat16", 2e-2)])
def test_two_models_give_binoculars_and_their_difference_beside_the_rest(
    pair: tuple[Path, Path], dtype: str, tolerance: float
) -> None:
    names = ",".join(map(str, pair))
    both, alone = (Scorer.load(name, dtype=dtype) for name in (names, str(pair[0])))
    performer, observer = (
        AutoModelForCausalLM.from_pretrained(each, dtype=getattr(torch, dtype)).double().eval()
        for each in pair
    )
    texts = documents([1, 2, 20, CONTEXT, 30])
    results = both.score(texts, [BYTES] * len(texts))
    for ids, got, single in zip(texts, results, alone.score(texts, [BYTES] * len(texts)), strict=True):
        inputs = torch.tensor([[0, *ids.tolist()]])[:, :-1]
        with torch.no_grad():
            performed = performer(inputs).logits[0].log_softmax(-1)
            observer_log = observer(inputs).logits[0].log_softmax(-1)
            observed = observer_log.exp()
        nll = -sum(performed[t, token].item() for t, token in enumerate(ids))
        crossed = -sum((observed[t] * performed[t]).sum().item() for t in range(len(ids)))
        assert not isinstance(got, Unscorable)
        assert got.binoculars == pytest.approx(nll / crossed, rel=tolerance)
        difference = (nll + sum(observer_log[t, token].item() for t, token in enumerate(ids))) / len(ids)
        assert got.cross_entropy_difference == pytest.approx(difference, rel=tolerance, abs=tolerance)
        assert single == msgspec.structs.replace(got, binoculars=None, cross_entropy_difference=None)


def test_binoculars_are_the_same_bits_in_any_company(pair: tuple[Path, Path]) -> None:
    scorer = Scorer.load(",".join(map(str, pair)))
    texts = documents([*range(1, 20), 150, 400])
    expected = scorer.score(texts, [9] * len(texts))
    scorer.token_budget = 200
    assert scorer.score(texts[::-1], [9] * len(texts)) == expected[::-1]


def test_a_pair_has_a_fingerprint_of_its_own(pair: tuple[Path, Path]) -> None:
    a, b = map(str, pair)
    prints = {name: scorer_fingerprint(name) for name in (a, b, f"{a},{b}", f"{b},{a}")}
    assert len({each.id for each in prints.values()}) == 4
    assert prints[a].observer is None
    assert prints[f"{a},{b}"].observer == prints[b].id
    assert Scorer.load(f"{a},{b}").fingerprint.id == prints[f"{a},{b}"].id
    assert load_tokenizer(f"{a},{b}").sha256 == load_tokenizer(a).sha256


def test_models_that_do_not_pair_are_one_clear_line(pair: tuple[Path, Path]) -> None:
    a, b = map(str, pair)
    for name, line in [
        (f"{a},reference-en", "don't have the same tokenizer"),
        (f"{a},{b},{a}", "one model, or two"),
        (f"{a},", "one model, or two"),
    ]:
        with pytest.raises(ModelError, match=line):
            Scorer.load(name)
    with pytest.raises(ModelError, match=f"context is {CONTEXT}"):
        Scorer.load(f"{a},{b}", window=CONTEXT + 1)


def test_texts_of_nothing_and_of_odd_letters_harm_no_other() -> None:
    tokenizer, scorer = load_tokenizer("reference-en"), Scorer.load("reference-en")
    good = "A sentence of some words, as people write them."
    texts = ["", good, "   ", "\n\t\r\n", "a", "\ud800\udfff \udc00", "\x00", "\u200b" * 50, good]
    ids = tokenizer.encode_batch(texts)
    results = scorer.score(ids, [len(text.encode(errors="replace")) for text in texts])
    assert results[1] == results[8] == scorer.score([ids[1]], [len(good)])[0]
    for text, its_ids, result in zip(texts, ids, results, strict=True):
        if len(its_ids) == 0:
            assert not text.strip()
            assert isinstance(result, Unscorable)
            assert result.reason == "no_tokens"
        else:
            assert not isinstance(result, Unscorable)
            assert result.scored_tokens == len(its_ids)
            assert np.isfinite(result.perplexity)
    assert len(ids[0]) == 0
    assert min(map(len, ids[4:8])) > 0


@pytest.mark.slow
def test_a_million_tokens_take_bounded_memory_and_time_in_proportion(tmp_path: Path) -> None:
    script = f"""
import json, time
import numpy as np
from wellspring.signals.lm.scorer import Scorer
def resident(field):
    lines = open("/proc/self/status").read().splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith(field)) * 1024
scorer = Scorer.load({str(write_model(tmp_path, "gpt2"))!r})
generator = np.random.default_rng(0)
seconds = []
for length in (100_000, 1_000_000):
    ids = generator.integers(1, {VOCABULARY}, length).astype(np.int32)
    start, before = time.process_time(), resident("VmRSS:")
    (signals,) = scorer.score([ids], [length])
    seconds.append(time.process_time() - start)
print(json.dumps([signals.scored_tokens, *seconds, resident("VmHWM:") - before]))
"""
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    tokens, tenth, whole, grown = json.loads(done.stdout.splitlines()[-1])
    assert tokens == 1_000_000
    assert whole < 20 * tenth
    # its full logits would be 2 GB in float32
    assert grown < 200e6


def test_a_dtype_that_the_device_lacks_is_one_clear_line(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = str(write_model(tmp_path, "gpt2"))
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    with pytest.raises(ModelError, match="no GPU"):
        Scorer.load(folder, device="cuda")
    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    monkeypatch.setattr(torch.cuda, "is_bf16_supported", lambda: False)
    with pytest.raises(ModelError, match="no bfloat16"):
        Scorer.load(folder)


@pytest.mark.parametrize("dtype", ["bfloat16", "float16"])
def test_a_cpu_without_units_for_a_dtype_calculates_in_float32(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, dtype: str
) -> None:
    folder = write_model(tmp_path, "llama")
    usual = Scorer.load(str(folder), dtype=dtype)
    monkeypatch.setattr("wellspring.signals.lm.model_loading.has_bfloat16_units", lambda: False)
    widened = Scorer.load(str(folder), dtype=dtype)
    assert widened.fingerprint.id == usual.fingerprint.id
    assert widened.fingerprint.instruction_set.endswith(", float32 arithmetic")
    texts = documents([50, 200])
    for a, b in zip(usual.score(texts, [9, 9]), widened.score(texts, [9, 9]), strict=True):
        assert not isinstance(a, Unscorable)
        assert not isinstance(b, Unscorable)
        assert a.perplexity == pytest.approx(b.perplexity, rel=1e-2)
