"""The acuse: a page that proves that a petition was received, with the way to its status."""
