"""Proof that nobody gets in: what each file shows is told in docs/security.md."""
