"""Peers and limits side by side: `python -m benchmarks` runs all, results lie in `benchmarks/results`."""
