"""Numbers and draws that know nothing of text: hashes, intervals, sketches, tests."""
