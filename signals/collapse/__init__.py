"""Model collapse, simulated and measured."""
