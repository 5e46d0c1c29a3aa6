"""What can be wrong with keys and sealed values. None of it names a value."""


class VaultError(Exception):
    """Base of this package."""


class FieldKeyMissing(VaultError):
    """FIELD_KEY is not there, or is no key."""


class WrongFieldKey(VaultError):
    """The database's keys are wrapped by a key that neither FIELD_KEY nor FIELD_KEY_PREVIOUS is."""


class NoDataKey(VaultError):
    """The database has no key for that use: its migrations have not run."""


class Unreadable(VaultError):
    """A sealed value that no key opens, or that was moved here from another column."""
