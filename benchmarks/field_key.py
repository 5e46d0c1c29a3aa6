"""The key that seals a benchmark's database: kept beside it, so that the next run reads what this one wrote."""

from pathlib import Path

from backend.environment import development_secrets
from backend.vault import kek


def use_key_of(folder: Path) -> str:
    """Seal by the key kept in `folder`, made at the first use; it, as settings take it."""
    key = development_secrets(folder)["field_key"]
    kek.install(kek.FieldKeys.parse(key))
    return key
