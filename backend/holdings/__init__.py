"""What the office holds on a person: every table that can hold it, the copy for them, and taking it away."""
