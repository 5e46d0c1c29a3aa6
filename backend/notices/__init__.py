"""Notices of a petition's progress: each with the proof that it arrived, or what was tried instead."""
