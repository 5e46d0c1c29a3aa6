"""What goes wrong is logged with its traceback, and without what citizens told."""

import io
import json
from collections.abc import Iterator

import pytest
import structlog
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from backend import logs
from backend.db import Database

SAID = "me llamo Ana y me pegan"


@pytest.fixture
def lines() -> Iterator[io.StringIO]:
    before = structlog.get_config()
    target = io.StringIO()
    logs.configure("INFO", target)
    yield target
    structlog.configure(**before)


@pytest.mark.parametrize(
    "refused",
    [
        "CREATE TEMPORARY TABLE told (words text CHECK (words = ''))",  # its error's DETAIL is the row
        "CREATE TEMPORARY TABLE told (words text UNIQUE)",  # … the key
        "CREATE TEMPORARY TABLE told (words date)",  # its error is the value itself
    ],
)
async def test_a_refused_statement_is_logged_without_its_values(
    database: Database, lines: io.StringIO, refused: str
) -> None:
    insert = text("INSERT INTO told VALUES (:words), (:words)")
    try:
        async with database.transaction() as session:
            await session.execute(text(refused))
            await session.execute(insert, {"words": SAID})
    except DBAPIError:
        structlog.get_logger("tests").exception("not_kept")
    logged = json.loads(lines.getvalue())
    assert "INSERT INTO told" in logged["exception"]
    assert "Traceback" in logged["exception"]
    assert SAID not in logged["exception"]
