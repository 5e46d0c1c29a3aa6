"""Twilio Voice: calls, TwiML, status callbacks, recordings."""
