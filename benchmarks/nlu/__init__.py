"""Candidates for reading intents, compared on messages written apart from the training data."""
