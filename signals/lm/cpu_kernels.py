"""The same network in faster kernels, for bfloat16 on a CPU that multiplies in it.

Three replacements, each of which calculates what it replaces: weights in the layout that oneDNN
multiplies in (else every product packs them again), GPT-2's GELU inside the product before it, and
causal attention by batched products over blocks of queries, which takes half the time of torch's
kernel for CPUs. Together they make a forward pass 1.2 to 1.3 times as fast.

Imports torch: `signals.lm.scorer` imports this module when it loads a model.
"""

from typing import Any

import torch
from transformers.integrations.sdpa_attention import sdpa_attention_forward
from transformers.masking_utils import AttentionMaskInterface, sdpa_mask
from transformers.modeling_utils import AttentionInterface
from transformers.models.gpt2.modeling_gpt2 import GPT2MLP
from transformers.pytorch_utils import Conv1D

ATTENTION = "wellspring_blocks"
"""The name of `block_attention` among the attentions of transformers."""
QUERY_BLOCK = 128
"""Queries that attend at once, to the keys up to their own end: few products above the diagonal, and
scores that stay in the cache."""
_TANH_GELUS = ("gelu_new", "gelu_pytorch_tanh")
# What torch's own compiler calls for a CPU. Not public: a release may drop them.
_PACKED_OPS = ("_reorder_linear_weight", "_linear_pointwise")


class PackedLinear(torch.nn.Module):
    """x -> activation(x @ weight.T + bias), the weight (outputs, inputs) packed once."""

    def __init__(self, weight: torch.Tensor, bias: torch.Tensor | None, *, tanh_gelu: bool = False) -> None:
        super().__init__()
        self.bias = None if bias is None else bias.detach()
        # the second argument is a guess at the rows of x: it chooses the layout, not what x may be
        self._packed = torch.ops.mkldnn._reorder_linear_weight(weight.detach().contiguous(), 1024)
        self._activation: tuple[str, list[float], str] = (
            ("gelu", [], "tanh") if tanh_gelu else ("none", [], "")
        )

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return torch.ops.mkldnn._linear_pointwise(x, self._packed, self.bias, *self._activation)


def use_cpu_kernels(model: Any) -> None:
    """Replaces the linear layers and the attention of a bfloat16 causal LM, in place, but for its head.

    Linear layers stay as they are under a torch that doesn't have the operators.
    """
    if all(hasattr(torch.ops.mkldnn, name) for name in _PACKED_OPS):
        _pack_linear_layers(model)
    if model.config._attn_implementation == "sdpa":
        AttentionInterface.register(ATTENTION, block_attention)
        AttentionMaskInterface.register(ATTENTION, sdpa_mask)
        model.set_attn_implementation(ATTENTION)


def _pack_linear_layers(model: Any) -> None:
    for module in list(model.base_model.modules()):
        if isinstance(module, GPT2MLP) and model.config.activation_function in _TANH_GELUS:
            module.c_fc = PackedLinear(module.c_fc.weight.T, module.c_fc.bias, tanh_gelu=True)
            module.act = torch.nn.Identity()
        for name, child in list(module.named_children()):
            if isinstance(child, Conv1D):
                setattr(module, name, PackedLinear(child.weight.T, child.bias))
            elif type(child) is torch.nn.Linear:
                setattr(module, name, PackedLinear(child.weight, child.bias))


def block_attention(
    module: torch.nn.Module,
    query: torch.Tensor,
    key: torch.Tensor,
    value: torch.Tensor,
    attention_mask: torch.Tensor | None,
    **options: Any,
) -> tuple[torch.Tensor, None]:
    """Causal attention as transformers asks for it.

    Query (rows, heads, length, width), key and value (rows, heads or fewer, length, width); the result
    is (rows, length, heads, width). What has a mask of its own (a sliding window, a cache) goes to
    torch's kernel.
    """
    rows, heads, length, width = query.shape
    causal = options.get("is_causal")
    if causal is None:
        causal = getattr(module, "is_causal", True)
    if attention_mask is not None or not causal or key.shape[2] != length:
        attended, _ = sdpa_attention_forward(module, query, key, value, attention_mask, **options)
        return attended, None
    shared = heads // key.shape[1]
    if shared > 1:
        key, value = key.repeat_interleave(shared, dim=1), value.repeat_interleave(shared, dim=1)
    queries, keys, values = (x.reshape(rows * heads, length, -1) for x in (query, key, value))
    keys = keys.transpose(1, 2)
    scaling = options.get("scaling") or width**-0.5
    later = torch.full((QUERY_BLOCK, QUERY_BLOCK), -torch.inf, dtype=query.dtype).triu(1)
    blocks = []
    for first in range(0, length, QUERY_BLOCK):
        end = min(first + QUERY_BLOCK, length)
        mask = torch.zeros((end - first, end), dtype=query.dtype)
        mask[:, first:] = later[: end - first, : end - first]
        scores = torch.baddbmm(mask, queries[:, first:end], keys[:, :, :end], alpha=scaling)
        blocks.append(scores.softmax(-1).bmm(values[:, :end]))
    attended = torch.cat(blocks, dim=1).view(rows, heads, length, -1)
    return attended.transpose(1, 2).contiguous(), None
