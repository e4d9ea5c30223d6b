"""What the files hold: WARC, ARC, WET, JSON lines and Parquet, under any compression."""
