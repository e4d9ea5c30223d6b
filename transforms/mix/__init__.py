"""The steps that draw a training set."""
