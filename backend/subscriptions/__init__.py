"""Outgoing webhooks: who is told of what happens to petitions, and every delivery with its proof."""
