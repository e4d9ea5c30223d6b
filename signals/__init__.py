"""What is measured and decided: plain functions on text and token ids. No Beam, no storage."""
