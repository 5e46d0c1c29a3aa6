"""Reading a sealed column of a running product's database, whose FIELD_KEY is the tests' own."""

import os

import psycopg

from backend.vault import kek, ring
from backend.vault.sealing import unseal


def hold_keys_of(connection: psycopg.Connection) -> None:
    """Open what the database of this connection sealed, in this task."""
    kek.install_from(os.environ)
    keyring = ring.Keyring(connection.info.dsn)
    keyring.take(connection.execute(ring.READ_KEYS).fetchall())
    ring.use(keyring)


def opened(column: str, value: bytes) -> str:
    """The text of a sealed value that carries no index."""
    return unseal(column, value).decode()
