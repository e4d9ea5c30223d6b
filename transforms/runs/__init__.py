"""Run folders as they were written: their files, shards and log."""
