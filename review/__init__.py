"""The page on which people decide about held batches, and the queue behind it."""
