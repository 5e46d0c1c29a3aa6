"""Other systems' way into the registry: their tokens, and the HTTP API on petitions."""
