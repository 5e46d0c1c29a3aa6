"""Turns: a petition at one or several agencies."""
