"""Special procedures: each with its own short form, documents and steps."""
