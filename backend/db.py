"""The database: engine, sessions and the conventions every table follows.

PostgreSQL only (docs/adr/0001). Services flush; the edge that opened the
transaction commits: a route through `Tx`, a job or a command through
`Database.transaction`. What a commit wakes is told by `backend.wakeups`.
"""

import asyncio
import enum
import json
import re
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from datetime import datetime
from typing import Annotated, Any, ClassVar, LiteralString, TypeVar

import psycopg
from fastapi import Depends, Request
from psycopg import AsyncConnection
from psycopg.conninfo import make_conninfo
from sqlalchemy import DateTime, Engine, Enum, Executable, MetaData, Row, String, event, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.engine.interfaces import DBAPIConnection
from sqlalchemy.exc import DBAPIError, InvalidatePoolError
from sqlalchemy.ext.asyncio import AsyncEngine, AsyncSession, async_sessionmaker, create_async_engine
from sqlalchemy.orm import DeclarativeBase, Mapped, Session, mapped_column
from sqlalchemy.pool import ConnectionPoolEntry, PoolProxiedConnection

from backend import wakeups
from backend.redis_link import RedisLink
from backend.vault import ring

T = TypeVar("T")
#: A server that takes a connection and says nothing (frozen, or behind a dead network) is as good as none.
CONNECT_SECONDS = 5
#: A connection in use so lately is taken for alive.
FRESH_SECONDS = 1.0
#: How many connections of a process run statements that are transactions of their own.
ALONE_AT_ONCE = 5
_LAST_USED = "last_used"
#: NUL as JSON has it, and not the six letters of somebody who wrote about it.
_NUL = re.compile(r"(?<!\\)(?:\\\\)*\\u0000")
NAMING = {
    "ix": "ix_%(table_name)s_%(column_0_N_name)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "ck": "ck_%(table_name)s_%(constraint_name)s",
    "fk": "fk_%(table_name)s_%(column_0_N_name)s_%(referred_table_name)s",
    "pk": "pk_%(table_name)s",
}


class Base(DeclarativeBase):
    """Every model's base: aware timestamps, JSONB for JSON."""

    metadata = MetaData(naming_convention=NAMING)
    type_annotation_map: ClassVar = {
        datetime: DateTime(timezone=True),
        dict[str, Any]: JSONB,
        list[str]: JSONB,
        list[dict[str, Any]]: JSONB,
    }


class NamesFile:
    """The columns of a row that names a file of the store: as `StoredFile` tells of it."""

    file_name: Mapped[str] = mapped_column(String(200))
    content_type: Mapped[str] = mapped_column(String(80))
    size: Mapped[int]
    sha256: Mapped[str] = mapped_column(String(64))


def enum_column(kind: type[enum.StrEnum], name: str) -> Enum:
    """A text column limited by a CHECK to the values of `kind` (a value is added by a plain migration)."""
    return Enum(
        kind,
        name=name,
        native_enum=False,
        create_constraint=True,
        length=40,
        values_callable=lambda members: [member.value for member in members],
    )


def sqlalchemy_url(database_url: str) -> str:
    """`postgres://` and `postgresql://` addresses as SQLAlchemy's psycopg 3 dialect wants them."""
    for prefix in ("postgresql+psycopg://", "postgresql://", "postgres://"):
        if database_url.startswith(prefix):
            return "postgresql+psycopg://" + database_url.removeprefix(prefix)
    raise ValueError("DATABASE_URL must be a postgresql:// address")


def conninfo(database_url: str) -> str:
    """The address for a connection of psycopg's own, which gives up in time where nobody answers."""
    return make_conninfo(database_url, connect_timeout=CONNECT_SECONDS)


def _ping_when_idle(engine: Engine) -> None:
    """Look whether a connection still lives before it is used, unless it was in use just now.

    To look before every transaction takes longer than many a statement. Where the server goes away between two
    transactions that follow each other so closely, the second fails as if it had gone away in its midst.
    """
    dialect = engine.dialect

    @event.listens_for(engine, "checkin")
    def note(_: Any, record: ConnectionPoolEntry) -> None:
        record.info[_LAST_USED] = time.monotonic()

    @event.listens_for(engine, "checkout")
    def ping(connection: DBAPIConnection, record: ConnectionPoolEntry, _: PoolProxiedConnection) -> None:
        last = record.info.get(_LAST_USED)
        if last is None or time.monotonic() - last < FRESH_SECONDS:
            return
        try:
            dialect.do_ping(connection)
        except dialect.loaded_dbapi.Error as error:
            raise InvalidatePoolError("the connection was lost while it was idle") from error


def _as_json(value: Any) -> str:
    """What a JSON column is told. Raises DataError for a NUL anywhere in it, as the driver does for a text with one."""
    told = json.dumps(value)
    if "\\u0000" in told and _NUL.search(told):
        raise psycopg.DataError("JSON cannot contain NUL (0x00) bytes")
    return told


def _engine(database_url: str, **options: Any) -> AsyncEngine:
    connect = {"connect_timeout": CONNECT_SECONDS}
    engine = create_async_engine(
        sqlalchemy_url(database_url),
        connect_args=connect,
        json_serializer=_as_json,
        hide_parameters=True,  # errors are logged
        **options,
    )
    _ping_when_idle(engine.sync_engine)
    return engine


class Database:
    """An engine and its sessions, opened once by `create_app` or the worker. `link` wakes followers after commits."""

    def __init__(self, database_url: str, *, pool_size: int = 13, link: RedisLink | None = None) -> None:
        # None beyond the pool: one opened for a moment's need and closed after it costs a turn more than to wait.
        self.engine = _engine(database_url, pool_size=pool_size, max_overflow=0)
        session_class = Session if link is not None else wakeups.NotifyingSession
        self._sessions = async_sessionmaker(self.engine, expire_on_commit=False, sync_session_class=session_class)
        #: For statements that are transactions of their own: nothing is undone when one gives its connection back.
        self._alone = _engine(
            database_url,
            pool_size=ALONE_AT_ONCE + 1,  # one more for announcements
            max_overflow=0,
            isolation_level="AUTOCOMMIT",
            pool_reset_on_return=None,
        )
        #: First come, first served: the pool gives a connection to whoever asks as it comes free.
        self._turns = asyncio.Semaphore(ALONE_AT_ONCE)
        self._keyring = ring.attach(database_url)
        self._link = link

    @asynccontextmanager
    async def transaction(self) -> AsyncIterator[AsyncSession]:
        """One transaction: committed when the block ends well, rolled back otherwise."""
        async with self._sessions() as session:
            wakeups.note(session)
            async with session.begin():
                await self._hold_keys(session)
                yield session
            if self._link is not None:
                await wakeups.publish(self.engine, self._link, wakeups.noted(session))

    async def run_alone(self, statement: LiteralString, values: Mapping[str, Any]) -> int:
        """Run a statement that is a transaction of its own, committed when it is answered; how many rows it changed.

        It is psycopg's (`%(name)s`), and given to it as it is: SQLAlchemy would take a quarter of a vendor's call. It
        wakes nobody. However many wait, a few connections of their own run such statements, and the others'
        transactions go on. Raises as a session does.
        """
        await self._use_keys()
        try:
            async with self._turns:
                return await self._drive(statement, values)
        except psycopg.Error as error:
            raise DBAPIError.instance(statement, None, error, psycopg.Error) from error

    async def _drive(self, statement: LiteralString, values: Mapping[str, Any]) -> int:
        held = await self._alone.raw_connection()
        connection = held.driver_connection
        assert isinstance(connection, AsyncConnection)
        try:
            cursor = await connection.execute(statement, values)
        except BaseException:
            held.detach()  # nobody else gets it in whatever state it is
            await connection.close()
            raise
        held.close()
        return cursor.rowcount

    async def read_alone(self, statement: Executable, values: Mapping[str, Any]) -> Sequence[Row[Any]]:
        """What one statement that only reads finds. It sees one moment by itself, so no transaction is begun for it."""
        await self._use_keys()
        async with self._turns, self._alone.connect() as connection:
            return (await connection.execute(statement, values)).all()

    async def announce(self, *topics: str) -> None:
        """Wake the followers of `topics` of what no transaction holds. They do without where it fails."""
        if self._link is not None:
            await wakeups.publish(self._alone, self._link, topics)
        else:
            await wakeups.by_database(self._alone, topics)

    @asynccontextmanager
    async def snapshot(self) -> AsyncIterator[AsyncSession]:
        """A transaction that only reads, and reads everything as it was at one moment."""
        async with self._sessions() as session, session.begin():
            await session.connection(
                execution_options={"isolation_level": "REPEATABLE READ", "postgresql_readonly": True}
            )
            await self._hold_keys(session)
            yield session

    async def _use_keys(self) -> None:
        """As `_hold_keys`, for a statement outside any session."""
        if self._keyring.is_stale:
            await self.read_keys()
        ring.use(self._keyring)

    async def _hold_keys(self, session: AsyncSession) -> None:
        """What this transaction seals and opens is by this database's keys, no older than some seconds."""
        if self._keyring.is_stale:
            await self._read_keys(session)
        ring.use(self._keyring)

    async def read_keys(self) -> None:
        """Take up a key that was just made."""
        async with self.transaction() as session:
            await self._read_keys(session)

    async def _read_keys(self, session: AsyncSession) -> None:
        rows = await session.execute(text(ring.READ_KEYS))
        self._keyring.take((row[0], row[1], row[2], row[3], row[4]) for row in rows)

    async def close(self) -> None:
        await self.engine.dispose()
        await self._alone.dispose()


async def _request_transaction(request: Request) -> AsyncIterator[AsyncSession]:
    database: Database = request.app.state.database
    async with database.transaction() as session:
        yield session


# "function" scope ends the dependency, and so commits, before the response is sent:
# no channel ever reads a 2xx for what is not stored.
Tx = Annotated[AsyncSession, Depends(_request_transaction, scope="function")]


async def in_transaction(database_url: str, work: Callable[[AsyncSession], Awaitable[T]]) -> T:
    """Do one thing in a transaction of its own, for commands: opens and closes everything around it."""
    database = Database(database_url)
    try:
        async with database.transaction() as session:
            return await work(session)
    finally:
        await database.close()
