"""Telephone calls by Twilio Voice: menus, queue, messages and the log (docs/adr/0020)."""
