"""The vendors' way in: thin routes that verify, parse, store and only then answer."""
