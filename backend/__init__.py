"""Chat Sonora: conversations, petition registry and staff console of the call centre."""

VERSION = "0.1.0"
