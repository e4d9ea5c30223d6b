"""Finding texts again: near duplicates, quotations, anchors."""
