"""The head's live board: who waits, who attends, how the day goes (docs/adr/0023)."""
