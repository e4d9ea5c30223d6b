"""Fitting profiles and gates on labelled text, and what they are worth on text left out."""
