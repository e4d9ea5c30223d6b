"""Language models: tokens, folders, scoring, training."""
