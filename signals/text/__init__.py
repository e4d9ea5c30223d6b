"""What is measured of a text by itself: words, sentences, vocabulary, burstiness."""
