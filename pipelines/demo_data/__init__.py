"""The crawls that the demo and the check of an engine are made of."""
