"""Petitions that staff write in at the desk: from paper, a visit, a tour, a letter, a call."""
