"""What processes share through Redis, and how they do without."""
