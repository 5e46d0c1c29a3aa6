"""E-mail to agencies and others: an outbox, and the sender that empties it over SMTP."""
