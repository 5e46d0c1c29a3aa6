"""Stand-in for Twilio: its REST API for messages and content, and its webhooks, for WhatsApp and SMS."""
