"""Stand-in for Telegram's Bot API: its methods, files, and the delivery of updates."""
