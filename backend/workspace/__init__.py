"""What staff add to petitions to work through them: labels, saved views, due dates' pauses, many at once."""
