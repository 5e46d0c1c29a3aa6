"""The vendors' way in: calls are verified, committed whole and only then answered; a worker reads them."""
