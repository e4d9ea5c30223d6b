"""A causal LM from a folder, ready to score: checked, on its device, in the kernels that suit it there."""

from pathlib import Path
from typing import TYPE_CHECKING, Any

from wellspring.schemas.scorer import ScorerFingerprint
from wellspring.signals.lm.model_folder import ModelError, model_folder

if TYPE_CHECKING:
    import torch


def ready_model(name: str, fingerprint: ScorerFingerprint, place: "torch.device") -> Any:
    """One model on its device, in the dtype and the kernels that suit it there. Raises ModelError."""
    import torch

    model = _load_model(name, model_folder(name).path, getattr(torch, fingerprint.dtype)).to(place)
    if place.type == "cpu" and fingerprint.dtype != "float32" and not has_bfloat16_units():
        model = model.float()
    elif place.type == "cpu" and fingerprint.dtype == "bfloat16":
        from wellspring.signals.lm.cpu_kernels import use_cpu_kernels

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


def has_bfloat16_units() -> bool:
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
