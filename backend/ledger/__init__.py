"""The contact ledger: every chat, call and visit as one kind of row (docs/adr/0019)."""
