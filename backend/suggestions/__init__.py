"""Suggested topic and agency of a petition: a small local classifier proposes, a person decides (docs/adr/0018)."""
