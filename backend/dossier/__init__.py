"""The expediente: every scanned document of a petition, by kind."""
