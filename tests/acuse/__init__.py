"""The acuse."""
