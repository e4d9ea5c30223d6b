"""Faster kernels against the modules that they replace."""

from types import SimpleNamespace

import numpy as np
import pytest
import torch
from transformers import AutoModelForCausalLM

from tests.signals.tiny_models import SHAPES, write_model
from wellspring.schemas.measurements import LanguageModelSignals
from wellspring.signals.lm import cpu_kernels
from wellspring.signals.lm.cpu_kernels import (
    ATTENTION,
    QUERY_BLOCK,
    PackedLinear,
    block_attention,
    use_cpu_kernels,
)
from wellspring.signals.lm.model_loading import has_bfloat16_units
from wellspring.signals.lm.scorer import Scorer

pytestmark = pytest.mark.skipif(not has_bfloat16_units(), reason="this CPU does not multiply in bfloat16")


def _random(*shape: int, seed: int = 0) -> torch.Tensor:
    return torch.randn(*shape, generator=torch.Generator().manual_seed(seed)).bfloat16()


@pytest.mark.parametrize("tanh_gelu", [False, True])
@pytest.mark.parametrize("biased", [False, True])
def test_a_packed_product_is_the_product(tanh_gelu: bool, biased: bool) -> None:
    x, weight, bias = _random(3, 50, 64), _random(96, 64, seed=1), _random(96, seed=2) if biased else None
    wanted = torch.nn.functional.linear(x.float(), weight.float(), None if bias is None else bias.float())
    if tanh_gelu:
        wanted = torch.nn.functional.gelu(wanted, approximate="tanh")
    got = PackedLinear(weight, bias, tanh_gelu=tanh_gelu)(x)
    assert torch.allclose(got.float(), wanted, rtol=2**-7, atol=0.02)


@pytest.mark.parametrize("length", [1, QUERY_BLOCK - 1, QUERY_BLOCK, QUERY_BLOCK + 1, 300])
@pytest.mark.parametrize("key_heads", [4, 2])
def test_attention_in_blocks_is_causal_attention(length: int, key_heads: int) -> None:
    query = _random(2, 4, length, 16)
    key, value = (_random(2, key_heads, length, 16, seed=seed) for seed in (1, 2))
    wanted = torch.nn.functional.scaled_dot_product_attention(
        query.float(), key.float(), value.float(), is_causal=True, scale=0.3, enable_gqa=True
    )
    got, _ = block_attention(torch.nn.Identity(), query, key, value, None, scaling=0.3)
    assert torch.allclose(got.float(), wanted.transpose(1, 2), rtol=2**-6, atol=0.03)


def test_a_mask_of_its_own_is_kept() -> None:
    query, key, value = (_random(1, 2, 20, 8, seed=seed) for seed in range(3))
    mask = torch.zeros(1, 1, 20, 20, dtype=torch.bool)
    mask[..., 0] = True  # every token sees the first alone
    module = SimpleNamespace(num_key_value_groups=1, is_causal=True)
    got, _ = block_attention(module, query, key, value, mask)  # type: ignore[arg-type]
    assert torch.allclose(got, value[:, :, :1].expand_as(value).transpose(1, 2))


@pytest.mark.parametrize("shape", SHAPES)
def test_a_model_says_the_same_with_them(tmp_path, shape: str) -> None:
    folder = write_model(tmp_path, shape)
    plain = AutoModelForCausalLM.from_pretrained(folder, dtype=torch.bfloat16).eval()
    fast = AutoModelForCausalLM.from_pretrained(folder, dtype=torch.bfloat16).eval()
    use_cpu_kernels(fast)
    assert fast.config._attn_implementation == ATTENTION
    assert any(isinstance(module, PackedLinear) for module in fast.modules())
    ids = torch.randint(1, 400, (2, 60), generator=torch.Generator().manual_seed(0))
    with torch.inference_mode():
        exact = plain.float()(ids).logits
        error = (fast(ids).logits.float() - exact).square().mean() / exact.var()
    assert error < 1e-3


def test_the_shipped_model_scores_the_same_bits_in_any_company() -> None:
    scorer = Scorer.load("reference-en")
    generator = np.random.default_rng(0)
    vocabulary = scorer.model.config.vocab_size
    lengths = (1, 9, 60, 64, 130, 257, 511, 700)
    texts = [generator.integers(1, vocabulary, n).astype(np.int32) for n in lengths]
    expected = scorer.score(texts, [9] * len(texts))
    assert all(isinstance(each, LanguageModelSignals) for each in expected)
    for scorer.token_budget, scorer.threads in ((1, 1), (20_000, 2), (600, 3)):
        assert scorer.score([*texts[::-1], *texts], [9] * 16) == expected[::-1] + expected


def test_a_torch_without_the_private_operators_keeps_its_own_products(tmp_path, monkeypatch) -> None:
    monkeypatch.setattr(cpu_kernels, "_PACKED_OPS", ("dropped_by_a_release",))
    model = AutoModelForCausalLM.from_pretrained(write_model(tmp_path, "llama"), dtype=torch.bfloat16)
    use_cpu_kernels(model)
    assert not any(isinstance(module, PackedLinear) for module in model.modules())
    assert model.config._attn_implementation == ATTENTION
