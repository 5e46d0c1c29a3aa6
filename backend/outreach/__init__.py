"""Who must be called and why, each call's tries, and campaigns (docs/adr/0023)."""
