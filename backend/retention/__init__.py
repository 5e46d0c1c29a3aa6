"""How long data is kept, when it is blocked, and when it is taken away."""
