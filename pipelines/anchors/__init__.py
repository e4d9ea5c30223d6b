"""Anchor sets: their folder, input, checks, keys and signatures."""
