"""Which scorer made a number: what has to be equal for two scores to be comparable."""

import msgspec

from wellspring.schemas.encoding import sha256_hex


class ScorerFingerprint(msgspec.Struct, frozen=True, kw_only=True):
    """A tokenizer and a causal LM, pinned by content.

    `device` and `instruction_set` are recorded and not compared: float32 already differs in its
    last bits between AVX2 and AVX-512, and a profile must survive that.
    """

    model: str
    """The name or folder it was loaded from, for people; not compared."""
    revision: str | None
    """Of a model on the hub; null for a folder."""
    weights_sha256: str
    """Of the weights."""
    tokenizer_sha256: str
    """Of the tokenizer."""
    dtype: str
    """The precision of its weights, which decides the scores. A processor without instructions for bfloat16
    multiplies such weights in float32: `scored_on` and `cost` in the manifest say so."""
    window: int
    """Tokens the model sees at once, BOS included."""
    stride: int
    """Tokens from one window to the next."""
    formula: int
    """Version of the code that turns logits into signals."""
    device: str = "cpu"
    """Where it ran; not compared."""
    instruction_set: str = ""
    """Of the processor; not compared."""
    observer: str | None = None
    """The `id` of the second model, where two give Binoculars' score beside the rest."""

    @property
    def id(self) -> str:
        """16 hex digits over what is compared."""
        compared: tuple[str | int, ...] = (
            self.weights_sha256,
            self.tokenizer_sha256,
            self.dtype,
            self.window,
            self.stride,
            self.formula,
        )
        if self.observer is not None:
            compared += (self.observer,)
        return sha256_hex(msgspec.json.encode(compared))[:16]
