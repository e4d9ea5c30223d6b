"""What is said of a document: evidence, verdicts, shares."""
