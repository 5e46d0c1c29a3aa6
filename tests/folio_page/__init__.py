"""The public page of a folio."""
