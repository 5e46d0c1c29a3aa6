"""What can go wrong with a backup, in words for whoever runs the command."""


class BackupError(Exception):
    """`text`, in Spanish, says what is wrong and what to do."""

    def __init__(self, text: str) -> None:
        self.text = text
        super().__init__(text)


class Damaged(BackupError):
    """The file is not what was written: cut short, changed, or of another key."""
