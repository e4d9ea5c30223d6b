"""Training batches: how they are put together, measured, audited and gated."""
