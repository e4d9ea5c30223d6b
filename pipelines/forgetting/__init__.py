"""Taking documents out of runs, sets and anchors."""
