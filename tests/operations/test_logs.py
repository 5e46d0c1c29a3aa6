"""What goes wrong is logged with its traceback, and without what citizens told."""

import asyncio
import errno
import io
import json
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TextIO

import pytest
import structlog
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from backend import logs
from backend.db import Database
from backend.monitoring import metrics

SAID = "me llamo Ana y me pegan"


@contextmanager
def _logging_to(target: TextIO) -> Iterator[None]:
    before = structlog.get_config()
    logs.configure("INFO", target)
    yield
    structlog.configure(**before)


@pytest.fixture
def lines() -> Iterator[io.StringIO]:
    target = io.StringIO()
    with _logging_to(target):
        yield target


def _closed() -> TextIO:
    target = io.StringIO()
    target.close()
    return target


class _FullDisk(io.StringIO):
    def write(self, _: str) -> int:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))


def _lost() -> float:
    return metrics.REGISTRY.get_sample_value("chat_sonora_log_lines_lost_total") or 0.0


@pytest.mark.parametrize("unwritable", [_closed, _FullDisk])
def test_a_log_that_cannot_be_written_stops_nobody(unwritable: Callable[[], TextIO]) -> None:
    lost = _lost()
    with _logging_to(unwritable()):
        structlog.get_logger("tests").error("process_died", process="worker")
    assert _lost() == lost + 1


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


async def test_nor_are_the_values_of_what_went_wrong_together(database: Database, lines: io.StringIO) -> None:
    try:
        async with asyncio.TaskGroup() as group, database.transaction() as session:
            await group.create_task(session.execute(text("SELECT CAST(:words AS date)"), {"words": SAID}))
    except* DBAPIError:
        structlog.get_logger("tests").exception("broken")
    logged = json.loads(lines.getvalue())
    assert "SELECT CAST" in logged["exception"]
    assert SAID not in logged["exception"]
