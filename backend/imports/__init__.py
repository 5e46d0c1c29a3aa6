"""Petitions that come as a spreadsheet, all at once."""
