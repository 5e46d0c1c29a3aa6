"""Petitions about the same thing: likely duplicates, merges, groups, links, and neighbours who join."""
