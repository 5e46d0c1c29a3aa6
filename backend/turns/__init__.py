"""Turns (canalización): what was passed to which agency, and what became of it there."""
