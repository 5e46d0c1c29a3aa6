"""Letters: oficios and cartas made from templates that staff edit, numbered without gaps, kept as they went out."""
