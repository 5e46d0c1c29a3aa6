"""One person across channels: the conversations that are one contact's, and how they came to be."""
