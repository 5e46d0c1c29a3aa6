"""A database with nothing in it."""

import uuid
from collections.abc import Callable, Iterator

import psycopg
import pytest


@pytest.fixture
def new_database(postgres: str) -> Iterator[Callable[[], str]]:
    """Makes an empty database and gives its address; all of them go when the test ends."""
    parts = psycopg.conninfo.conninfo_to_dict(postgres)
    made: list[str] = []

    def make() -> str:
        name = f"empty_{uuid.uuid4().hex}"
        with psycopg.connect(postgres, autocommit=True) as connection:
            connection.execute(f"CREATE DATABASE {name}")
        made.append(name)
        return f"postgresql://{parts.get('user')}:@/{name}?host={parts.get('host')}"

    yield make
    with psycopg.connect(postgres, autocommit=True) as connection:
        for name in made:
            connection.execute(f"DROP DATABASE {name} WITH (FORCE)")


@pytest.fixture
def empty(new_database: Callable[[], str]) -> str:
    return new_database()
