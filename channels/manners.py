"""What each channel bears, in one table; sources beside the figures."""

from channels.port import Manners

MANNERS: dict[str, Manners] = {
    "web": Manners(text_limit=100_000, is_read_where_stored=True),
    # Twilio's limits for WhatsApp: 1,600 characters a body, 80 messages a second a sender, free text within
    # 24 hours of the person's last message (error 63016 after).
    "whatsapp": Manners(text_limit=1600, per_second=80, window_hours=24, button_text_limit=1024, shows_typing=True),
    # Bot API: 4,096 characters a text; FAQ "My bot is hitting limits": about 30 a second overall, one a second a chat.
    "telegram": Manners(text_limit=4096, per_second=30, chat_pause=1.0, shows_typing=True),
    # Twilio joins segments up to 1,600 characters; a long code sends one a second. Files as MMS do not exist in Mexico.
    "sms": Manners(text_limit=1600, per_second=1, sends_files=False),
}
