"""Training sets: their folder, card and table."""
