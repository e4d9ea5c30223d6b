"""The benchmark of rare facts and words: built, and scored."""
