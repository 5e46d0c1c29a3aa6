"""Requests for public information that come by the national platform, and their legal deadlines."""
