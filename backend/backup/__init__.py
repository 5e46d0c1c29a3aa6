"""Encrypted copies of everything that must not be lost, and the way back (docs/adr/0028)."""
