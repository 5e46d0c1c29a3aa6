"""Faults on purpose, and an oracle that compares what was sent in with what came out (docs/chaos.md)."""
