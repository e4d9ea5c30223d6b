"""The documentation, and what writes the generated half of it (`python -m docs.generator`)."""
