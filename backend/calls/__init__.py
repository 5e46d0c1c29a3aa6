"""The log of calls, visits and chats held elsewhere: written by staff, or imported from a telephone exchange."""
